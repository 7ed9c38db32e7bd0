"""What to look for: a canary in the forms that a search through plain bytes finds, prepared once.

A secret is cut into pieces of eight characters; a piece that is found is grown in both directions, and counts
as a leak when at least sixteen characters of the secret stand there in a row (or all of a shorter one).
"""

import codecs
import re
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from biopsy.sandbox.raw import Canary

PIECE: Final = 8
ENOUGH: Final = 16
"""Consecutive characters of a secret that are proof."""

MAX_KEY: Final = 8
"""Longest key of a XOR that is undone, in bytes."""

MAX_KEYED: Final = 64 * 1024
"""Longest piece of data, in bytes, of which a XOR with more than one byte is undone."""

_ENOUGH_PLAIN: Final = 28  # of a secret made of words or numbers, which others may hold by chance
_PUBLIC = re.compile(
    rb"pypi-AgEIcHlwaS5vcmc|github_pat_11|(?:gh[a-z]|npm|sk_live|sk_test|hvs|pul|dckr_pat)[_.]|sk-[a-z]+(?:-[a-z0-9]+-)?"
    rb"|xox[a-z]-|AKIA|AIza|-----BEGIN [A-Z ]+-----"
)
_NOISE = bytes(set(range(256)) - set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
_ROT13 = bytes.maketrans(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    codecs.encode("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "rot13").encode(),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A canary that was found: in which form, and how many characters of how many stand in a row."""

    name: str
    form: str
    found: int
    whole: int

    @property
    def complete(self) -> bool:
        """Whether all of the secret is there."""
        return self.found >= self.whole


@dataclass(frozen=True, slots=True)
class Needle:
    """One secret in one form."""

    name: str
    data: bytes
    enough: int
    pieces: tuple[tuple[int, bytes], ...]

    def measure(self, hay: bytes) -> int:
        """Find the longest run of the secret in `hay`; 0 when there is not enough."""
        if self.data in hay:
            return len(self.data)
        best = 0
        for at, piece in self.pieces:
            found = hay.find(piece)
            if found >= 0:
                best = max(best, self._grow(hay, at, found))
                if best >= self.enough:
                    break
        return best if best >= self.enough else 0

    def _grow(self, hay: bytes, at: int, found: int) -> int:
        left = right = 0
        while at - left > 0 and found - left > 0 and self.data[at - left - 1] == hay[found - left - 1]:
            left += 1
        at, found = at + PIECE, found + PIECE
        while (
            at + right < len(self.data)
            and found + right < len(hay)
            and self.data[at + right] == hay[found + right]
        ):
            right += 1
        return left + PIECE + right


def _needle(name: str, data: bytes, enough: int) -> Needle:
    enough = min(enough, len(data))
    pieces = tuple((at, data[at : at + PIECE]) for at in range(0, len(data) - PIECE + 1, PIECE))
    return Needle(name, data, enough, pieces)


def shifted(data: bytes, step: int = 1) -> bytes:
    """Give the difference of each byte to that `step` on, which a XOR with so long a key leaves alone."""
    if len(data) <= step:
        return b""
    number = int.from_bytes(data[:-step], "big") ^ int.from_bytes(data[step:], "big")
    return number.to_bytes(len(data) - step, "big")


def bare(data: bytes) -> bytes:
    """Leave letters and figures only: what joins pieces that stand apart."""
    return data.translate(None, _NOISE)


class _Screen:
    """Tells quickly whether bytes may hold a piece of any needle at all.

    All windows of eight bytes of all needles are a set of numbers; of the hay only every eighth window is
    looked at, since a run of fifteen characters holds one of these whole.
    """

    def __init__(self, needles: Iterable[bytes]) -> None:
        self._windows: set[int] = set()
        self._short: list[bytes] = []
        for data in needles:
            if len(data) < 2 * PIECE:
                self._short.append(data)
            self._windows.update(
                int.from_bytes(data[at : at + PIECE], sys.byteorder) for at in range(len(data) - PIECE + 1)
            )

    def passes(self, hay: bytes) -> bool:
        """Whether a closer look is worth it."""
        words = array("Q", hay[: len(hay) // PIECE * PIECE])
        return not self._windows.isdisjoint(words) or any(data in hay for data in self._short)


class Needles:
    """All canaries of a run, in all plain forms."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        """Prepare the search; secrets of fewer than eight characters are too common to look for."""
        self._clear: list[Needle] = []
        self._reversed: list[Needle] = []
        self._xor: dict[int, list[Needle]] = {step: [] for step in range(1, MAX_KEY + 1)}
        self._bare: list[Needle] = []
        self._lower: list[Needle] = []
        for one in canaries:
            secret = one.secret.encode()
            core = _PUBLIC.sub(b"", secret, count=1) if _PUBLIC.match(secret) else secret
            if len(core) < PIECE:
                continue
            plain = re.fullmatch(rb"[a-z ,.0-9]+", core) is not None
            enough = _ENOUGH_PLAIN if plain and len(core) > 40 else ENOUGH
            self._clear.append(_needle(one.name, core, enough))
            self._reversed.append(_needle(one.name, core[::-1], enough))
            for step, needles in self._xor.items():
                if step == 1 or len(core) - step >= ENOUGH:
                    needles.append(_needle(one.name, shifted(core, step), enough + 4))
            if len(bare(core)) >= ENOUGH:
                self._bare.append(_needle(one.name, bare(core), max(enough, 20)))
                self._lower.append(_needle(one.name, bare(core).lower(), max(enough, 20)))
        clear = [needle.data for needle in (*self._clear, *self._reversed)]
        self._in_clear = _Screen([*clear, *(data.translate(_ROT13) for data in clear)])
        self._in_lower = _Screen(needle.data for needle in self._lower)
        self._in_xor = {
            step: _Screen(needle.data for needle in needles) for step, needles in self._xor.items()
        }

    def find(self, hay: bytes) -> Iterable[Hit]:
        """Yield each canary once, in the plainest form in which `hay` holds most of it."""
        best: dict[str, Hit] = {}
        for form, data, needles in self._forms(hay):
            for needle in needles:
                known = best.get(needle.name)
                if known and known.complete:
                    continue
                found = needle.measure(data)
                if found and (known is None or found > known.found):
                    best[needle.name] = Hit(needle.name, form, found, len(needle.data))
        return best.values()

    def _forms(self, hay: bytes) -> Iterator[tuple[str, bytes, list[Needle]]]:
        if self._in_clear.passes(hay):
            yield "clear", hay, self._clear
            yield "reversed", hay, self._reversed
            yield "rot13", hay.translate(_ROT13), self._clear
        stripped = bare(hay)
        lower = stripped.lower()
        if self._in_lower.passes(lower):
            yield "split", stripped, self._bare
            yield "lower-case", lower, self._lower
        for step, screen in self._in_xor.items():
            delta = shifted(hay, step) if step == 1 or len(hay) <= MAX_KEYED else b""
            if screen.passes(delta):
                yield "xor" if step == 1 else f"xor with {step} bytes", delta, self._xor[step]
