"""What a program is, as far as its tables tell; and reading such tables without trusting them."""

import math
import struct
from collections import Counter
from dataclasses import dataclass, field

MAX_NAMES = 20_000  # symbols that are looked at
MAX_TABLES = 4096  # sections, segments, load commands, libraries
MAX_NAME = 300  # bytes of one name
SAMPLE = 65_536  # bytes of a section whose entropy is taken


@dataclass(slots=True)
class Program:
    """One program or library. Names are as they are linked, without the leading `_` of Mach-O."""

    form: str  # `ELF`, `PE`, `Mach-O`, `wasm`
    machine: str = ""
    imports: dict[str, None] = field(default_factory=dict)  # functions that others must bring
    exports: dict[str, None] = field(default_factory=dict)
    libraries: dict[str, None] = field(default_factory=dict)
    sections: list[tuple[str, int, int, bool]] = field(default_factory=list)  # name, offset, size, runs
    end: int = 0  # first byte behind everything that the tables speak of
    damaged: bool = False  # tables lead out of the file


def unpack(layout: str, data: bytes, at: int) -> tuple[int, ...]:
    """Numbers at an offset; raises ValueError where the file ends before."""
    size = struct.calcsize(layout)
    if at < 0 or at + size > len(data):
        raise ValueError("outside")
    return struct.unpack_from(layout, data, at)


def name_at(data: bytes, at: int) -> str:
    """The NUL-terminated name at an offset; empty where there is none."""
    if at <= 0 or at >= len(data):
        return ""
    end = data.find(b"\0", at, at + MAX_NAME)
    return data[at:end].decode("latin-1") if end > at else ""


def entropy(data: bytes) -> float:
    """Shannon's entropy in bits per byte: above 7.2 it is compressed or encrypted."""
    if not data:
        return 0.0
    total = len(data)
    return -sum(n / total * math.log2(n / total) for n in Counter(data).values())


def dense(program: Program, data: bytes) -> bool:
    """Whether the code of a program is compressed or encrypted."""
    return any(
        runs and size >= 4096 and entropy(data[offset : offset + min(size, SAMPLE)]) > 7.2
        for _, offset, size, runs in program.sections[:64]
    )
