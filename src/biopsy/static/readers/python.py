"""Python source, through its syntax tree; what does not parse is read by its words."""

from collections.abc import Iterator

from biopsy.static.sight import Sight, Source

NAME = "python"


def wants(source: Source) -> bool:
    """Python files."""
    return source.language == "python"


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does."""
    from biopsy.static.python import reading  # noqa: PLC0415 - most packages of npm have no Python

    return reading.read(source)
