"""Assemblies of .NET, whatever their names."""

from collections.abc import Iterator

from biopsy.static.sight import Sight, Source

NAME = "assembly"
_MARK = b"BSJB"  # of the metadata's root (ECMA-335, II.24.2.1)


def wants(source: Source) -> bool:
    """Windows programs with .NET's metadata inside."""
    return source.data[:2] == b"MZ" and _MARK in source.data


def read(source: Source) -> Iterator[Sight]:
    """Yield what the assembly does."""
    from biopsy.static.clr import reading  # noqa: PLC0415 - most packages have none

    yield from reading.read(source)
