"""Choices that follow from a seed: the same seed makes the same machine, another seed another one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stream:
    """A source of choices. Every choice has a label, so that one more file does not change all others."""

    seed: bytes

    def bytes(self, label: str, count: int) -> bytes:
        """Return `count` bytes that only this seed and label give (SHAKE-256)."""
        return hashlib.shake_256(len(self.seed).to_bytes(4, "big") + self.seed + label.encode()).digest(count)

    def number(self, label: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int.from_bytes(self.bytes(label, 16), "big") % (high - low + 1)

    def choice(self, label: str, options: Sequence[T]) -> T:
        """Return one of `options`."""
        return options[self.number(label, 0, len(options) - 1)]

    def text(self, label: str, alphabet: str, count: int) -> str:
        """Return `count` characters of `alphabet`."""
        wide = self.bytes(label, 2 * count)
        pairs = zip(wide[::2], wide[1::2], strict=True)
        return "".join(alphabet[(high << 8 | low) % len(alphabet)] for high, low in pairs)
