"""Whether what would be sent to a registry carries a canary."""

from collections.abc import Iterable

from biopsy.sandbox.raw import Canary


def carried(data: bytes, canaries: Iterable[Canary]) -> str:
    """`name as encoding` of the first canary in `data`, or nothing."""
    from biopsy.sandbox import leak  # noqa: PLC0415 - slow to load, and only an install wants it

    found = leak.carries(data, canaries)
    return f"{found[0]} as {found[1]}" if found else ""
