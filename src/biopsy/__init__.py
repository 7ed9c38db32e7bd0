"""biopsy takes open-source packages apart, says what they do, and shows the evidence."""

__version__: str


def __getattr__(name: str) -> str:
    """Look the version up only when asked: it costs 30 ms, and every process of a cell imports this."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version("biopsy")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
