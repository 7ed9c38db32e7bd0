"""What readers work on and give: a source, and sights: behaviours, and layers that hid inside a file."""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import TypeVar

from msgspec import Struct, field

from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.regex import regex
from biopsy.static.budget import Budget
from biopsy.static.tongues.table import language_of

MAX_DETAIL = 600  # characters of an excerpt kept for people

_ASCII = bytes(range(128))
_BLOCK = 16_384  # characters, or bytes, that are counted at once

_LANGUAGES = {
    ".py": "python",
    ".pyw": "python",
    ".pyi": "",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".bat": "shell",
    ".cmd": "shell",
    ".command": "shell",
    ".ksh": "shell",
    ".fish": "shell",
    ".vbs": "shell",
    ".vbe": "shell",
    ".wsf": "shell",
    ".hta": "shell",
    ".applescript": "shell",
    ".scpt": "shell",
}
SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
"""JavaScript's languages."""

_SHEBANG = regex(rb"#!\s*\S*?(?:env\s+(?:-S\s+)?)?(python|node|bun|deno|sh|bash|zsh|dash|ruby|php)[\d.]*\b")
_RUNNERS = {"python": "python", "node": "javascript", "bun": "javascript", "deno": "javascript",
            "ruby": "ruby", "php": "php"}  # fmt: skip


Kept = TypeVar("Kept")


class Package(Struct):
    """The files of a tree, for readers that follow one file into another.

    `load` gives the bytes of a file, or None where they may not be read (too large, gone). `memo` is where a
    reader keeps what it learns of the package as a whole; it lives as long as the reading of one tree.
    """

    paths: frozenset[str] = frozenset()
    moments: Mapping[str, When] = field(default_factory=dict)
    load: Callable[[str], bytes | None] = lambda _: None
    memo: dict[str, object] = field(default_factory=dict)
    size: int = 0  # bytes of all its code
    budget: Budget = field(default_factory=Budget)

    def kept(self, key: str, kind: type[Kept], make: "Callable[[], Kept]") -> Kept:
        """What a reader keeps of a package from file to file; made when it is first asked for."""
        if key not in self.memo:
            self.memo[key] = make()
        held = self.memo[key]
        assert isinstance(held, kind)
        return held

    def source(self, path: str) -> "Source | None":
        """A file of the package as it would be read; None where there is none."""
        data = self.load(path) if path in self.paths else None
        if data is None:
            return None
        return Source(path, data, self.moments.get(path, When.UNKNOWN), package=self)


_LONE = regex(rb"\r(?!\n)")


def lines_fed(data: bytes) -> bytes:
    """The same bytes with a line feed for each carriage return that none follows."""
    return _LONE.sub(b"\n", data) if b"\r" in data else data


class Source:
    """One file to be read, or a layer that was peeled out of one.

    A layer's behaviours all stand at the line of the outer file where it was found.
    """

    def __init__(
        self,
        path: str,
        data: bytes,
        when: When,
        *,
        language: str = "",
        depth: int = 0,
        line: int = 0,
        paths: frozenset[str] = frozenset(),
        nested: int = 0,
        beside: Callable[[str], bytes] = lambda _: b"",
        package: Package | None = None,
        hidden: bool = False,
    ) -> None:
        """Take a file's bytes, or a layer's; `hidden` is one that is run and could not be read in the file.

        `paths` are all files of the same tree, `beside` reads one of them, `nested` is in how many files
        this one stands; `package` gives both, and what readers know of the whole.
        """
        self.package = package if package is not None else Package(paths, load=lambda p: beside(p) or None)
        if package is not None:
            paths, beside = package.paths, lambda p: package.load(p) or b""
        self.path, self.data, self.when = path, data, when
        self.depth, self.line, self.paths, self.nested, self.beside = depth, line, paths, nested, beside
        self.hidden = hidden
        self._language = language

    @cached_property
    def text(self) -> str:
        """The bytes as text; what is not UTF-8 becomes a replacement character.

        In code, a carriage return by itself ends a line, as it does for Python and JavaScript.
        """
        return (lines_fed(self.data) if self.language else self.data).decode("utf-8", "replace")

    @cached_property
    def language(self) -> str:
        """`python`, `javascript`, `typescript`, `tsx`, `shell`, what `tongues` has tables of; or empty."""
        if self._language:
            return self._language
        suffix = self.suffix
        if self.path.lower().endswith(".d.ts"):
            return ""
        if (known := _LANGUAGES.get(suffix)) is not None:
            return known
        if named := language_of(self.path, suffix):
            return named
        match = _SHEBANG.match(self.data[:100]) if not suffix or len(suffix) > 6 else None
        return _RUNNERS.get(match[1].decode(), "shell") if match else ""

    @cached_property
    def suffix(self) -> str:
        """The end of its name in small letters, `.png`; empty where it has none, as `.npmrc` has not."""
        name = self.path.rpartition("/")[2]
        at = name.rfind(".")
        return name[at:].lower() if 0 < at < len(name) - 1 else ""

    @cached_property
    def binary(self) -> bool:
        """Whether this is no text."""
        return b"\0" in self.data[:8192]

    @cached_property
    def beyond_ascii(self) -> str:
        """The characters of `text` that are not ASCII, one behind the other; found at the speed of a copy."""
        return self.data.translate(None, _ASCII).decode("utf-8", "replace")

    @cached_property
    def _decoded(self) -> list[tuple[int, bytes]]:
        """How many characters come out of what is before each block of bytes, and the bytes still held."""
        decoder = getincrementaldecoder("utf-8")("replace")
        found, count = [], 0
        for at in range(0, len(self.data) + 1, _BLOCK):
            found.append((count, decoder.getstate()[0]))
            count += len(decoder.decode(self.data[at : at + _BLOCK]))
        return found

    def character_at(self, offset: int) -> int:
        """The character of `text` that begins with a byte of `data`."""
        if self.text.isascii():
            return offset
        block = min(offset, len(self.data)) // _BLOCK
        count, held = self._decoded[block]
        return count + len((held + self.data[block * _BLOCK : offset]).decode("utf-8", "replace"))

    @cached_property
    def _lines(self) -> list[int]:
        """How many lines end before each block of the text."""
        text = self.text
        ends = (text.count("\n", at, at + _BLOCK) for at in range(0, len(text), _BLOCK))
        return list(accumulate(ends, initial=0))

    def line_at(self, offset: int) -> int:
        """The line of a character of `text`."""
        block = min(max(offset, 0) // _BLOCK, len(self._lines) - 1)
        return 1 + self._lines[block] + self.text.count("\n", block * _BLOCK, offset)

    def see(
        self, kind: Kind, value: str, line: int = 0, when: When | None = None, detail: str = ""
    ) -> Behaviour:
        """A behaviour in this file."""
        where = InFile(self.path, self.line or max(line, 0), self.when if when is None else when)
        return Behaviour(kind, value, where, detail=detail[:MAX_DETAIL])


class Layer(Struct, frozen=True):
    """Code or text that was hidden in a file, to be read by the readers in turn."""

    text: str
    language: str  # a guess; empty where there is none
    line: int
    when: When
    hidden: bool = False  # it is run, and hardly a word of it can be read in the file


class Part(Struct, frozen=True):
    """Bytes that stand in a file as a file of their own: a member of an archive, what an image carries.

    It is read like any file of the tree. Its place is the outer path, `!/`, and its own: `a.zip!/b/c.py`.
    """

    path: str
    data: bytes
    when: When
    beside: frozenset[str] = frozenset()  # the places of all members of the same archive


Sight = Behaviour | Layer | Part
Sights = Iterator[Sight]


def guess(text: str, near: str = "") -> str:
    """The language of a decoded text; `near` is the one it was found in."""
    head = text[:20_000]
    if re.search(r"\brequire\s*\(|=>|\bfunction\b\s*\w*\(|\b(?:const|let|var)\s+\w+\s*=", head):
        return "javascript"
    if re.search(r"(?m)^\s*(?:import \w|from [\w.]+ import|def \w+\(|exec\(|print\()|__import__", head):
        return "python"
    if re.search(r"(?m)^\s*(?:curl|wget|sh|bash|powershell|cmd|nc|chmod|echo|python3?|node)\s|/bin/", head):
        return "shell"
    return near
