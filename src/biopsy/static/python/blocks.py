"""A Python file's top-level statements, cut by its lines, and what their words say.

Nothing is parsed: that takes ten times as long, and most files of a large package are not worth it. Where
the cut is in doubt, a statement takes in what follows, and gives every name.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.regex import regex
from biopsy.static.code.interest import ALL, Look, Taken, Use
from biopsy.static.python import modules
from biopsy.static.python.effects import TABLE
from biopsy.static.python.names import canonical
from biopsy.static.python.telling import HOT, ROOTS, Spelling, Words, spelt

MAX_KNOWN = 4 * 1024**2  # characters of texts whose words are kept until they are run
MAX_CHAINS = 4000  # attributes of whole modules that one file asks for

_START = regex(r"\n[^\s#)\]},:]")
_DEFINED = regex(r"(?:@|(?:async[ \t]+)?def[ \t]+(\w+)|class[ \t]+(\w+))")
_BOUND = regex(
    r"((?:[\w.]+(?:\[[^\]\n]*\])?|[(\[*])[\w., \t*()]*?)(?::[^=\n]*)?(?<![=!<>])"
    r"(?:[-+*/|&^%@]|//|\*\*|>>|<<)?=(?!=)"
)
_COMPOUND = regex(r"(?:if|elif|else|try|except|finally|for|while|with|match|async)\b")
_INSIDE = regex(
    r"(?m)^[ \t]+(?=\S)(?:(?:async[ \t]+)?def[ \t]+(\w+)|class[ \t]+(\w+)"
    r"|([\w.,][\w., \t]*?)(?::[^=\n]*)?=(?!=))"
    r"|\bas[ \t]+(\w+)|\bfor[ \t]+([^:\n]{1,300}?)[ \t]in\b"
)
_CALL = regex(r"[A-Za-z_][\w.]*[ \t]*[(\[]|del\b|assert\b|raise\b|global\b|pass\b")
_IMPORT = regex(r"(?:from|import)\b")
_WORD = regex(r"[A-Za-z_]\w*")
_QUOTES = ('"""', "'''")
_HARMLESS = (
    "urllib.parse",
    "urllib.error",
    "os.path",
    "http.cookie",
    "types.",
    "base64.b64encode",
    "codecs.lookup",
)


class Block(Struct, frozen=True):
    """One statement, or several that could not be told apart; `sure` says whether `binds` is all."""

    start: int
    end: int
    binds: frozenset[str]
    imports: bool = False
    compound: bool = False
    sure: bool = True
    defines: bool = False


class Known:
    """What was found out of texts: whoever looks at a file often runs it, after those that it leads to."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._kept: dict[str, Words] = {}
        self._size = 0

    def keep(self, text: str, words: Words) -> None:
        """Keep the words of a text, where there is room for it."""
        if self._size + len(text) <= MAX_KNOWN and text not in self._kept:
            self._kept[text] = words
            self._size += len(text)

    def take(self, text: str) -> Words | None:
        """Give the words of a text, and let them go; None where they are not known."""
        if (held := self._kept.pop(text, None)) is not None:
            self._size -= len(text)
        return held


def words(text: str, known: Known) -> Words:
    """The words that count in a text."""
    return known.take(text) or _words(text, list(modules.imports(text)))


def _words(text: str, imported: list[modules.Imported], held: set[str] | None = None) -> Words:
    known = {w for i in imported for w in i.asked.split(".")}
    return Words(text, known, {i.name for i in imported if _renamed(i)}, held)


def _renamed(given: modules.Imported) -> bool:
    """Whether a name stands for something telling that it does not say."""
    if given.name in HOT or not _is_root(given):
        return False
    return canonical(given.ref) in TABLE or ("." not in given.ref and given.name != given.ref)


def _is_root(given: modules.Imported) -> bool:
    return given.asked.partition(".")[0] in ROOTS and not given.asked.startswith(_HARMLESS)


def look(text: str, path: str, paths: frozenset[str], known: Known) -> Look:
    """What the words of a file say; `known` keeps them."""
    imported = list(modules.imports(text))
    first = _START.search(f"\n{text}")
    begin = first.start() if first else len(text)
    spelling = Spelling(text[begin:])
    counted = _words(text, imported, spelling.all)
    if spelt(text[:begin]) & HOT <= spelling.all:
        known.keep(text, counted)
    told = list(counted.hot())
    taken = [t for i in imported if (t := _one(i, path, paths)) is not None]
    gives = {i.name for i in imported if _is_root(i)}
    if not taken and not told and not gives:
        return Look(uses=())
    blocks = list(cut(text))
    held = [spelling.between(b.start - begin, b.end - begin) for b in blocks]
    starts = [b.start for b in blocks]
    telling = False
    for at in sorted({max(bisect_right(starts, place) - 1, 0) for place in told}):
        block = blocks[at]
        telling = telling or not block.imports
        gives |= block.binds if block.sure else {ALL}
    found = _Taking(text, path, paths, taken, {i.name: i.ref for i in imported})
    return Look(telling, frozenset(gives), *found.uses(blocks, held))


class _Taking:
    """What of other files each statement mentions."""

    def __init__(
        self, text: str, path: str, paths: frozenset[str], taken: list[Taken], refs: dict[str, str]
    ) -> None:
        self._text, self._path, self._paths, self._refs = text, path, paths, refs
        self._taken = [t for t in taken if t.attr]
        whole = sorted({re.escape(t.name) for t in taken if not t.attr})
        self._chain = re.compile(rf"\b({'|'.join(whole)})\b((?:[ \t]*\.[ \t]*\w+)*)") if whole else None
        self._chains: dict[str, Taken | None] = {}

    def uses(self, blocks: list[Block], words: list[set[str]]) -> tuple[tuple[Taken, ...], tuple[Use, ...]]:
        """What the file takes, and its statements that mention any of it or of each other."""
        names = {t.name for t in self._taken}
        known = names.union(*(b.binds for b in blocks))
        stars = any(t.attr == ALL for t in self._taken)
        uses = []
        for block, said in zip(blocks, words, strict=True):
            if block.imports:
                continue
            held = said if stars else said & known
            if self._chain is not None or (block.compound and held):
                text = self._text[block.start : block.end]
                if block.compound:
                    text = modules.without_imports(text)
                    held = held & spelt(text)
                if self._chain is not None:
                    held |= self._asked(text)
            held = held - (block.binds - names)
            if held:
                binds = block.binds if block.sure else block.binds | {ALL}
                uses.append(Use(binds, frozenset(held), not block.defines))
        return (*self._taken, *(t for t in self._chains.values() if t is not None)), tuple(uses)

    def _asked(self, text: str) -> set[str]:
        assert self._chain is not None
        found = set()
        for name, rest in set(self._chain.findall(text)):
            key = "".join((name + (rest or ".")).split())
            if key not in self._chains and len(self._chains) < MAX_CHAINS:
                self._chains[key] = self._resolved(key, name)
            if self._chains.get(key) is not None:
                found.add(key)
        return found

    def _resolved(self, key: str, name: str) -> Taken | None:
        ref = f"{self._refs[name]}{key.removeprefix(name)}".rstrip(".")
        held = modules.resolve(ref, self._path, self._paths)
        return Taken(key, held[0], held[1][0] if held[1] else "") if held else None


def _one(given: modules.Imported, path: str, paths: frozenset[str]) -> Taken | None:
    held = modules.resolve(given.asked, path, paths)
    if held is None:
        return None
    attr = ALL if given.name == "*" else held[1][0] if held[1] else ""
    return Taken(given.name, held[0], attr)


def cut(text: str) -> Iterator[Block]:
    """The top-level statements of a text."""
    starts = [m.start() for m in _START.finditer(f"\n{text}")]  # a fixed beginning is found fast
    if not starts:
        return
    ends = [*starts[1:], len(text)]
    quotes = [quote for quote in _QUOTES if quote in text]
    at = 0
    while at < len(starts):
        first = at
        open_, decorated = False, False
        while at < len(starts):
            start, end = starts[at], ends[at]
            if quotes and sum([text.count(quote, start, end) for quote in quotes]) % 2:
                open_ = not open_
            decorated = text[start] == "@"
            at += 1
            if not open_ and not decorated:
                break
        begin = first
        while begin < at - 1 and text.startswith("@", starts[begin]):
            begin += 1
        yield _block(text, starts[first], starts[begin], ends[at - 1], whole=begin == at - 1)


def _block(text: str, start: int, head: int, end: int, *, whole: bool) -> Block:
    if match := _DEFINED.match(text, head):
        return Block(
            start, end, frozenset({match[1] or match[2] or ""}), sure=bool(match[1] or match[2]), defines=True
        )
    if _IMPORT.match(text, head):
        return Block(start, end, frozenset(), imports=";" not in text[head:end])
    if _COMPOUND.match(text, head):
        names = {w for groups in _INSIDE.findall(text[head:end]) for g in groups for w in _WORD.findall(g)}
        return Block(start, end, frozenset(names), compound=True)
    if match := _BOUND.match(text, head):
        return Block(start, end, frozenset(_WORD.findall(match[1])))
    return Block(start, end, frozenset(), sure=whole and _CALL.match(text, head) is not None)
