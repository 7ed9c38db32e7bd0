"""Byte code without the source it was made of, or that says other things than the source beside it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.static.sight import Layer, Sight, Source

if TYPE_CHECKING:
    from biopsy.static import bytecode

NAME = "bytecode"
MAX_TEXT = 500_000  # characters of constants that are read on
MIN_TEXT = 4
MAX_RAW = 4 * 1024**2  # bytes of broken byte code whose words are read

_SOURCE = regex(r"(.*?)(?:__pycache__/)?([^/]+?)(?:\.[a-z]+-?\d+)?(?:\.opt-\d)?\.pyc")
_NODE = b"\xde\xc0"  # V8's cached data begin with a count and this (code-serializer.h)
_PRINTED = regex(rb"[\x20-\x7e]{6,2000}")
_VERSIONS = frozenset({0x0B, 0x0C, 0x0D, 0x0E, 0xF2, 0xF3})  # high bytes of magic numbers since Python 2.5
_WORDS = regex(r"\w+")
_MADE = regex(r"__\w+__|_[A-Za-z]\w*?__\w+|\.\w+|annotations|<\w+>")
_TELLING = frozenset({
    "exec", "eval", "compile", "__import__", "system", "popen", "Popen", "check_output", "run", "call",
    "urlopen",
    "urlretrieve", "socket", "connect", "b64decode", "decompress", "environ", "getenv", "CDLL", "windll",
    "VirtualAlloc", "spawn", "fork", "execv", "requests", "post", "urllib", "ctypes", "subprocess", "marshal",
    "unhexlify", "Fernet", "getaddrinfo", "gethostname", "getuser", "expanduser", "rmtree", "winreg", "pty",
})  # fmt: skip


def wants(source: Source) -> bool:
    """`.pyc`, `.pyo`, `.jsc`, and what begins like the first or the last whatever its name."""
    if source.depth:
        return False
    return (
        source.path.endswith((".pyc", ".pyo", ".jsc", ".marshal"))
        or _is_python(source.data)
        or source.data[2:4] == _NODE
    )


def _is_python(data: bytes) -> bool:
    """Whether bytes begin like a `.pyc`: a magic number, and a code object behind one of the headers."""
    return (
        data[2:4] == b"\r\n"
        and data[1] in _VERSIONS
        and any(data[at : at + 1] in (b"c", b"\xe3") for at in (16, 12, 8))
    )


def read(source: Source) -> Iterator[Sight]:
    """Yield that it is there, and what its names and constants are."""
    from biopsy.static import bytecode  # noqa: PLC0415 - few packages have any

    if not (_is_python(source.data) or source.path.endswith((".pyc", ".pyo", ".marshal"))):
        yield source.see(Kind.CODE_NATIVE, f"bytenode {source.path}")
        return
    bare = source.path.endswith(".marshal")  # a part of another file; its reader gave it this name
    code = bytecode.read(source.data) if bare else bytecode.read_file(source.data)
    match = _SOURCE.fullmatch(source.path)
    beside = f"{match[1]}{match[2]}.py" if match else ""
    if beside in source.paths:
        text = source.beside(beside)
        strange = _strangers(code, text.decode("utf-8", "replace")) if code and text else []
        if not strange:
            return
        yield source.see(Kind.CODE_NATIVE, f"pyc-differs {source.path}", detail=", ".join(strange[:40]))
    else:
        yield source.see(Kind.CODE_NATIVE, f"pyc {source.path}")
    if code is None:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} marshal")
        words = b"\n".join(_PRINTED.findall(source.data[:MAX_RAW])).decode("ascii")
        yield Layer(words, "", 0, When.UNKNOWN)
        return
    for name in sorted(code.all_names() & _TELLING):
        yield source.see(Kind.CODE_NATIVE, f"names {name}")
    texts = (t if isinstance(t, str) else t.decode("latin-1") for t in code.texts() if len(t) >= MIN_TEXT)
    yield Layer("\n".join(texts)[:MAX_TEXT], "", 0, When.UNKNOWN)


def _strangers(code: "bytecode.Code", text: str) -> list[str]:
    """Names in the byte code that its source does not have."""
    words = set(_WORDS.findall(text))
    names = {part for name in code.all_names() for part in name.split(".")}
    return sorted(n for n in names if n and n not in words and not _MADE.fullmatch(n) and n.isidentifier())
