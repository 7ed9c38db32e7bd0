"""The registry guard as a server: a filtering proxy before the registries that this machine's clients use."""
