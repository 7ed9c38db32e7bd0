"""Python's text and syntax tree, got from whatever encoding and version of the language a file is in."""

import ast
import codecs
import warnings

from msgspec import Struct

from biopsy.model.regex import regex
from biopsy.static.sight import Source

_CODING = regex(rb"\A(?:[ \t\f]*#[^\r\n]*(?:\r\n?|\n))?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BYTES = {"rot13", "rot_13", "rot-13"}
_TEXTS = frozenset({"utf_7", "raw_unicode_escape", "unicode_escape", "punycode"})

_PRINT = regex(r"(?m)^([ \t]*(?:[^#\n]*?[;:][ \t]*)?)print[ \t]+(?![(=.])(.*)$")
_REDIRECT = regex(r"(?m)^([ \t]*)print[ \t]*>>[ \t]*([^,\n]+),?[ \t]*(.*)$")
_EXCEPT = regex(r"(?m)^([ \t]*except\s+[\w.()\s,]+?),\s*(\w+)\s*:")
_EXEC = regex(r"(?m)^([ \t]*(?:.*;[ \t]*)?)exec[ \t]+(?![(=.])(.+?)(?:[ \t]+in[ \t]+.+)?$")
_RAISE = regex(r"(?m)^([ \t]*raise\s+[\w.]+)\s*,\s*([^\n]+)$")
_OLD = regex(r"(?<![\w\"'.])(0)([0-7]+)\b(?![.])|(?<=\d)[lL]\b|\bur(?=[\"'])|`([^`\n]*)`|<>")

MAX_DROPPED = 200  # lines that are left out before a file counts as unreadable


class Parsed(Struct, frozen=True):
    """A syntax tree, why it was not had at once, and whether parts of the file are missing in it."""

    tree: ast.Module | None
    why: str = ""
    lost: bool = False


def text(source: Source) -> str:
    """The text of a source as Python itself would decode it; every line end is a line feed."""
    held = source.package.memo.get("python text") if not source.depth else None
    if isinstance(held, tuple) and held[0] == source.path and held[1] is source.data:
        return str(held[2])
    decoded = _decoded(source.data).replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    if not source.depth:
        source.package.memo["python text"] = (source.path, source.data, decoded)
    return decoded


def _decoded(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    if data[:200].count(b"\0") * 3 > len(data[:200]) > 3:
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", "replace")
    match = _CODING.match(data[:400])
    named = match[1].decode("ascii", "replace").lower() if match else "utf-8"
    if named in _BYTES:
        return codecs.decode(data.decode("latin-1"), "rot13")
    try:
        known = codecs.lookup(named)
        if known._is_text_encoding or known.name.replace("-", "_") in _TEXTS:  # noqa: SLF001 - no other way
            return data.decode(named, "replace")
    except (LookupError, ValueError, UnicodeError):
        pass
    return data.decode("utf-8", "replace")


def parse(code: str) -> Parsed:
    """Parse; Python 2's statements are mended, and what still does not parse is left out line by line."""
    why = ""
    for mend in (str, _mend):
        try:
            return Parsed(_tree(mend(code)), why)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = why or type(error).__name__
    tree = _salvaged(_mend(code))
    return Parsed(tree, why, lost=True)


def _tree(code: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def _mend(code: str) -> str:
    code = _REDIRECT.sub(r"\1print(\2, \3)", code)
    code = _PRINT.sub(r"\1print(\2)", code)
    code = _EXEC.sub(r"\1exec(\2)", code)
    code = _EXCEPT.sub(r"\1 as \2:", code)
    code = _RAISE.sub(r"\1(\2)", code)
    code = code.replace("\0", "").expandtabs()
    return _OLD.sub(
        lambda m: f"0o{m[2]}" if m[2] else f"repr({m[3]})" if m[3] else "!=" if m[0] == "<>" else "", code
    )


def _salvaged(code: str) -> ast.Module | None:
    """The tree of what is left when the lines that stand in the way are blanked, one after the other."""
    lines = code.split("\n")
    for _ in range(MAX_DROPPED):
        try:
            return _tree("\n".join(lines))
        except SyntaxError as error:
            at = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
            while at > 0 and not lines[at].strip():
                at -= 1
            if not lines[at].strip():
                return None
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            opens = lines[at].rstrip().endswith(":") and not lines[at].strip().startswith("if 1")
            lines[at] = f"{indent}if 1:" if opens else f"{indent}pass" if lines[at].strip() != "pass" else ""
        except (ValueError, RecursionError, MemoryError):
            return None
    return None
