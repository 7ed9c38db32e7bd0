"""Code made hard to see or to read: off-screen, invisible characters, and the marks of obfuscators."""

import re
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.static.sight import Sight, Source

NAME = "concealment"
OFF_SCREEN = 200  # blanks in a line before code that nobody scrolls to
MAX_TEXT = 16 * 1024**2

_OFF_SCREEN = re.compile(r"[^\s#/*][^\n]{0,2000}?[ \t]{%d,}(?=[^\s#/*\\])" % OFF_SCREEN)  # noqa: UP031
_BLANKS = " " * OFF_SCREEN
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile(
    "[\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\U000e0100-\U000e01ef\U000e0000-\U000e007f\u3164\uffa0]{8,}"
)
_ODD = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]")

_HEX_NAME = re.compile(r"\b_0x[0-9a-f]{4,8}\b")
_ROTATED = re.compile(
    r"while\s*\(\s*!!\s*\[\s*\]\s*\)|\[['\"]push['\"]\]\s*\(\s*\w+\[['\"]shift['\"]\]|while\s*\(\s*--\w+\s*\)\s*\{\s*\w+\.push\(\w+\.shift\(\)\)"
)
_JSFUCK = re.compile(r"[\[\]()!+]{400,}")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2}){12,}|(?:\\u[0-9a-fA-F]{4}){12,}")
_LOOKALIKE = re.compile(r"\b(?=[O0oQ]*O)(?=[O0oQ]*0)[O0oQ]{6,}\b|\b(?=[Il1i]*I)(?=[Il1i]*l)[Il1i]{6,}\b")
_ALIKE = ("O0O", "0O0", "OO0", "IlI", "lIl", "Ill", "llI")  # a quick look before it
_RUNS = re.compile(r"\b(?:exec|eval|__import__|compile|getattr)\s*\(")
_PACKED = re.compile(r"eval\s*\(\s*function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k\s*,\s*e")
_ARMOUR = re.compile(
    r"(?m)^[ \t]*(?:from[ \t]+[\w.]*(?:pyarmor_runtime|pytransform)\w*[ \t]+import\b"
    r"|import[ \t]+pytransform\b|(?:__pyarmor\w*|pyarmor_runtime)[ \t]*\()"
)
"""As code, not inside a text: the packer itself holds these lines."""
_FLAT = re.compile(r"['\"](?:\d{1,3}\|){5,}\d{1,3}['\"]\s*(?:\.|\[['\"])split")


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
    if not text.isascii() and _ODD.search(text):
        for name, pattern in (("bidi", _BIDI), ("invisible", _UNSEEN)):
            # One character alone, repeated, carries nothing: payloads need at least two.
            found = next((m for m in pattern.finditer(text) if name == "bidi" or len(set(m[0])) > 1), None)
            if found:
                yield source.see(Kind.EVASION_HIDDEN, name, source.line_at(found.start()))
    yield from _marks(source, text)


def _marks(source: Source, text: str) -> Iterator[Sight]:
    script = source.language in {"javascript", "typescript", "tsx"}
    checks: list[tuple[str, re.Pattern[str], int]] = []
    if "\\x" in text or "\\u" in text:
        checks += [("escapes", _ESCAPES, 5)]
    if script:
        checks += [("jsfuck", _JSFUCK, 1), ("packer", _PACKED, 1), ("control-flow", _FLAT, 3)]
        if "_0x" in text:
            checks += [("hex-identifiers", _HEX_NAME, 20)]
            rotated = _ROTATED.search(text)
            if rotated and len(_HEX_NAME.findall(text)) >= 10:
                yield source.see(Kind.CODE_OBFUSCATED, "string-array", source.line_at(rotated.start()))
    elif source.language == "python":
        if "pyarmor" in text or "pytransform" in text:
            checks += [("pyarmor", _ARMOUR, 1)]
        if any(piece in text for piece in _ALIKE):
            checks += [("identifiers", _LOOKALIKE, 10)]
        yield from _long_lines(source, text)
    for name, pattern, enough in checks:
        first = None
        for count, match in enumerate(pattern.finditer(text), 1):
            first = first or match
            if count >= enough:
                yield source.see(Kind.CODE_OBFUSCATED, name, source.line_at(first.start()))
                break


def _long_lines(source: Source, text: str) -> Iterator[Sight]:
    """A line of Python that no person writes: very long, and not only one literal."""
    if len(text) < 2000:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) >= 2000 and (line.count(";") > 20 or _RUNS.search(line)):
            yield source.see(Kind.CODE_OBFUSCATED, "long-line", number)
            return
