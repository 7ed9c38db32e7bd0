"""JavaScript and TypeScript source, through tree-sitter, which reads whatever it is given."""

from collections.abc import Iterator

from biopsy.static.sight import SCRIPTS, Sight, Source

NAME = "javascript"


def wants(source: Source) -> bool:
    """JavaScript and TypeScript files."""
    return source.language in SCRIPTS


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does."""
    from biopsy.static.javascript.worth import interest  # noqa: PLC0415 - most packages of PyPI have none

    if interest(source.package).worth(source):
        from biopsy.static.javascript import reading  # noqa: PLC0415 - see there

        yield from reading.read(source)
