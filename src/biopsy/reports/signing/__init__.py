"""Who vouches for what is published: the release directory as a TUF repository, verdicts as attestations."""
