"""Ruby, PHP, Rust and whatever other languages have a table."""

from collections.abc import Iterator

from biopsy.static.sight import Sight, Source
from biopsy.static.tongues.table import languages

NAME = "tongues"


def wants(source: Source) -> bool:
    """Files of those languages."""
    return source.language in languages() and not source.binary


def read(source: Source) -> Iterator[Sight]:
    """Yield what the code does."""
    from biopsy.static.tongues import reading  # noqa: PLC0415 - most packages have none of them

    budget = source.package.budget
    if not reading.worth(source):
        budget.looked(len(source.data))
    elif source.depth or budget.takes(source.path, NAME, first=True):
        yield from reading.read(source)
