"""Who vouches for what is published: the release directory as a TUF repository, verdicts as attestations."""

from biopsy.errors import BiopsyError


class UntrustedError(BiopsyError):
    """A release, or a statement, is not what its keys signed; the message says why."""
