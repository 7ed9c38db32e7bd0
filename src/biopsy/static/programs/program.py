"""What a program is, as far as its tables tell."""

import math
from collections import Counter

from msgspec import Struct, field

MAX_NAMES = 20_000  # symbols that are looked at
SAMPLE = 65_536  # bytes of a section whose entropy is taken


class Program(Struct):
    """One program or library. Names are as they are linked, without the leading `_` of Mach-O."""

    form: str  # `ELF`, `PE`, `Mach-O`, `wasm`
    machine: str = ""
    imports: dict[str, None] = field(default_factory=dict)  # functions that others must bring
    exports: dict[str, None] = field(default_factory=dict)
    sections: list[tuple[int, int, bool]] = field(default_factory=list)  # offset, size, whether it runs
    end: int = 0  # first byte behind everything that the tables speak of
    damaged: bool = False  # there are no tables that can be read


def entropy(data: bytes) -> float:
    """Shannon's entropy in bits per byte: above 7.2 it is compressed or encrypted."""
    total = len(data)
    return -sum(n / total * math.log2(n / total) for n in Counter(data).values())


def dense(program: Program, data: bytes) -> bool:
    """Whether the code of a program is compressed or encrypted."""
    return any(
        runs and size >= 4096 and entropy(data[offset : offset + min(size, SAMPLE)]) > 7.2
        for offset, size, runs in program.sections[:64]
    )
