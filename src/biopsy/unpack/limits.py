"""What an archive may ask of us. A limit that is met is an `archive.bomb`; something is then cut."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Named limits of one unpacking; sizes in bytes."""

    total: int = 512 * 1024**2  # written to disk
    file: int = 256 * 1024**2  # one file
    entries: int = 100_000  # members looked at
    depth: int = 48  # folders in a name
    name: int = 1024  # bytes of a whole name
    part: int = 255  # bytes of one component
    ratio: int = 250  # unpacked bytes per packed byte, once past `ratio_from`
    ratio_from: int = 32 * 1024**2
    oddities: int = 2_000  # behaviours kept; hostile archives could make millions


CHUNK = 1024 * 256


def human(size: int) -> str:
    """Write a limit as people read it: `512 MiB`."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} bytes"
