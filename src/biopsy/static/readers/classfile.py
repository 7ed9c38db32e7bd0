"""Class files of the JVM, whatever their names."""

from collections.abc import Iterator

from biopsy.static.jvm.classfile import is_class
from biopsy.static.sight import Sight, Source

NAME = "classfile"


def wants(source: Source) -> bool:
    """Files that begin as a class does."""
    return is_class(source.data)


def read(source: Source) -> Iterator[Sight]:
    """Yield what the class does."""
    from biopsy.static.jvm import reading  # noqa: PLC0415 - most packages have none

    yield from reading.read(source)
