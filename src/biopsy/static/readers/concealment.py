"""Code made hard to see or to read: off-screen, invisible characters, and the marks of obfuscators."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.model.runs import DIGITS, runs, sort
from biopsy.static.sight import SCRIPTS, Sight, Source

NAME = "concealment"
OFF_SCREEN = 200  # blanks in a line before code that nobody scrolls to
MAX_TEXT = 16 * 1024**2

_OFF_SCREEN = regex(r"[^\s#/*][^\n]{0,2000}?[ \t]{%d,}(?=[^\s#/*\\])" % OFF_SCREEN)  # noqa: UP031
_BLANKS = " " * OFF_SCREEN
_BIDI = regex("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = regex(
    "[\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\U000e0100-\U000e01ef\U000e0000-\U000e007f\u3164\uffa0]{8,}"
)
_ODD = regex("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]")

_HEX_NAME = regex(r"_0x(?<!\w_0x)[0-9a-f]{4,8}\b")  # a fixed beginning is found fast
_ROTATED = regex(
    r"while\s*\(\s*!!\s*\[\s*\]\s*\)|\[['\"]push['\"]\]\s*\(\s*\w+\[['\"]shift['\"]\]|while\s*\(\s*--\w+\s*\)\s*\{\s*\w+\.push\(\w+\.shift\(\)\)"
)
_SIGNS = sort("[]()!+")
_JSFUCK = 400  # of those signs in a row
_ESCAPES = tuple(
    regex(rf"\\{letter}[0-9a-fA-F]{{{digits}}}(?:\\{letter}[0-9a-fA-F]{{{digits}}}){{11,}}")
    for letter, digits in (("x", 2), ("u", 4))
)
_LOOKALIKE = regex(r"\b(?=[O0oQ]*O)(?=[O0oQ]*0)[O0oQ]{6,}\b|\b(?=[Il1i]*I)(?=[Il1i]*l)[Il1i]{6,}\b")
_ALIKE = ("O0O", "0O0", "OO0", "IlI", "lIl", "Ill", "llI")  # a quick look before it
_RUNS = regex(r"\b(?:exec|eval|__import__|compile|getattr)\s*\(")
_PACKED = regex(r"eval\s*\(\s*function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k\s*,\s*e")
_ARMOUR = regex(
    r"(?m)^[ \t]*(?:from[ \t]+[\w.]*(?:pyarmor_runtime|pytransform)\w*[ \t]+import\b"
    r"|import[ \t]+pytransform\b|(?:__pyarmor\w*|pyarmor_runtime)[ \t]*\()"
)
"""As code, not inside a text: the packer itself holds these lines."""
_STEPS = sort(DIGITS + "|")
_FLAT = regex(r"['\"](?:\d{1,3}\|){5,}\d{1,3}['\"]\s*(?:\.|\[['\"])split")


def wants(source: Source) -> bool:
    """Code of any language."""
    return bool(source.language) and len(source.data) <= MAX_TEXT and not source.binary


def read(source: Source) -> Iterator[Sight]:
    """Yield the marks that are there, each kind once or at each place."""
    text = source.text
    if _BLANKS in text:
        for count, match in enumerate(_OFF_SCREEN.finditer(text)):
            if count >= 20:
                break
            rest = text[match.end() : match.end() + 200]
            if re.match(r"[\"'`,;)\]}|+]*\s*$", rest.split("\n", 1)[0]) is None:
                yield source.see(Kind.EVASION_HIDDEN, "off-screen", source.line_at(match.end()), detail=rest)
    if _ODD.search(source.beyond_ascii):
        for name, pattern in (("bidi", _BIDI), ("invisible", _UNSEEN)):
            # One character alone, repeated, carries nothing: payloads need at least two.
            rows = pattern.finditer(text) if pattern.search(source.beyond_ascii) else ()
            found = next((m for m in rows if name == "bidi" or len(set(m[0])) > 1), None)
            if found:
                yield source.see(Kind.EVASION_HIDDEN, name, source.line_at(found.start()))
    yield from _marks(source, text)


def _marks(source: Source, text: str) -> Iterator[Sight]:
    found: list[tuple[str, Iterable[int], int]] = []
    if "\\x" in text or "\\u" in text:
        found += [("escapes", sorted(at for form in _ESCAPES for at in islice(_places(form, text), 5)), 5)]
    if source.language in SCRIPTS:
        found += [
            ("jsfuck", (start for start, _ in runs(text, _SIGNS, _JSFUCK)), 1),
            ("packer", _places(_PACKED, text) if "eval" in text else (), 1),
            ("control-flow", _flat(text), 3),
        ]
        if "_0x" in text:
            found += [("hex-identifiers", _places(_HEX_NAME, text), 20)]
            rotated = _ROTATED.search(text)
            if rotated and len(_HEX_NAME.findall(text)) >= 10:
                yield source.see(Kind.CODE_OBFUSCATED, "string-array", source.line_at(rotated.start()))
    elif source.language == "python":
        if "pyarmor" in text or "pytransform" in text:
            found += [("pyarmor", _places(_ARMOUR, text), 1)]
        if any(piece in text for piece in _ALIKE):
            found += [("identifiers", _places(_LOOKALIKE, text), 10)]
        yield from _long_lines(source, text)
    for name, places, enough in found:
        seen = list(islice(places, enough))
        if len(seen) == enough:
            yield source.see(Kind.CODE_OBFUSCATED, name, source.line_at(seen[0]))


def _places(form: re.Pattern[str], text: str) -> Iterator[int]:
    return (match.start() for match in form.finditer(text))


def _flat(text: str) -> Iterator[int]:
    """Where a text of numbers is split: the order in which steps were to be taken."""
    for start, _ in runs(text, _STEPS, 11):
        if start and _FLAT.match(text, start - 1):
            yield start - 1


def _long_lines(source: Source, text: str) -> Iterator[Sight]:
    """A line of Python that no person writes: very long, and not only one literal."""
    if len(text) < 2000:
        return
    lines = text.split("\n")
    if max(map(len, lines)) < 2000:
        return
    for number, line in enumerate(lines, 1):
        if len(line) >= 2000 and (line.count(";") > 20 or _RUNS.search(line)):
            yield source.see(Kind.CODE_OBFUSCATED, "long-line", number)
            return
