"""What byte patterns find in any file: packers and bundlers, words in programs, known hosts and stores."""

from collections.abc import Iterator
from itertools import islice

from biopsy.model.behaviour import Kind, When
from biopsy.model.hosts import host_class
from biopsy.model.regex import regex
from biopsy.static import patterns, programs, unwrap
from biopsy.static.comments import Comments
from biopsy.static.documents import is_document
from biopsy.static.sight import Layer, Part, Sight, Source

NAME = "patterns"
MAX_SCAN = 64 * 1024**2  # bytes of one file
MAX_NAMED = 60  # hosts and stores told of one file
MIN_SCAN = 16  # bytes
MAX_KEYS = 3  # that are tried on one file

_PRINTED = regex(rb"[\t\r\n\x20-\x7e]{24,}")
_AROUND = 120  # bytes beside a match that may belong to a host's name
_LEFT = regex(r"[A-Za-z0-9.-]*\Z")
_RIGHT = regex(r"[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*")
_BEFORE = frozenset("/@\"'`\0, =:")
_AFTER = frozenset("/:\"'`?#\0\\ ,")


def wants(source: Source) -> bool:
    """Everything but documentation."""
    return MIN_SCAN <= len(source.data) <= MAX_SCAN and (source.binary or not is_document(source))


def read(source: Source) -> Iterator[Sight]:
    """Yield what the patterns find."""
    program = bool(programs.form(source.data))
    comments = None
    left = MAX_NAMED
    try:
        hits = [h for h in patterns.scan(source.data) if _counts(source, h, program=program)]
    except patterns.OutOfTime:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} patterns out-of-time")
        return
    for hit in hits:
        if hit.kind in {Kind.NET_SERVICE, Kind.FILE_STORE}:
            comments = comments or (None if source.binary else Comments(source))
            for sight in islice(_named(source, hit, comments), left):
                left -= 1
                yield sight
        elif hit.keys:
            yield from _under_key(source, hit)
        elif hit.needs != "data":
            yield source.see(hit.kind, hit.value, _line(source, hit.spans))


def _counts(source: Source, hit: patterns.Hit, *, program: bool) -> bool:
    match hit.needs:
        case "program":
            return program
        case "binary":
            return source.binary
        case "data":
            return not source.language and not source.depth
    return True


def _under_key(source: Source, hit: patterns.Hit) -> Iterator[Sight]:
    """Undo a key of one byte around what was found, and read what comes out."""
    for key in hit.keys[:MAX_KEYS]:
        plain = source.data.translate(bytes(byte ^ key for byte in range(256)))
        start = next((s for s, n in hit.spans if plain[s : s + n] in patterns.XORED), hit.spans[0][0])
        if form := programs.form(plain[max(plain.rfind(b"MZ", 0, start), 0) :]):
            begin = max(plain.rfind(b"MZ", 0, start), 0)
            yield source.see(Kind.DATA_PAYLOAD, f"{form} in xor", detail=f"key {key:#04x}")
            yield Part(f"xor-{key:02x}", plain[begin:], source.when)
            continue
        text = max(_PRINTED.findall(plain[max(0, start - 65536) : start + 1_000_000]), key=len, default=b"")
        if what := unwrap.name(text):
            found = text.decode("ascii")
            yield source.see(Kind.DATA_PAYLOAD, f"{what} in xor", detail=found)
            yield Layer(found, "" if what == "code" else what, 0, When.UNKNOWN)


def _line(source: Source, spans: tuple[tuple[int, int], ...]) -> int:
    return 0 if source.binary or not spans else source.line_at(source.character_at(spans[0][0]))


def _named(source: Source, hit: patterns.Hit, comments: Comments | None) -> Iterator[Sight]:
    """The hosts or places that were named, each once."""
    seen: set[str] = set()
    for start, length in hit.spans:
        word = (
            _host(source.data, start, length, hit.value)
            if hit.kind is Kind.NET_SERVICE
            else _place(source.data[start : start + length])
        )
        if not word or word in seen:
            continue
        if comments and comments.hold(source.character_at(start)):
            continue
        seen.add(word)
        yield source.see(hit.kind, f"{hit.value} {word}", _line(source, ((start, length),)))


def _place(data: bytes) -> str:
    return data.replace(b"\0", b"").decode("latin-1").replace("\\\\", "/").replace("\\", "/")


def _host(data: bytes, start: int, length: int, wanted: str) -> str:
    """The whole name that a known domain stands in; empty where it is part of something else."""
    before, word = data[max(0, start - _AROUND) : start], data[start : start + length]
    after = data[start + length : start + length + _AROUND]
    if word[1:2] == b"\0":  # UTF-16
        before, word, after = (before[len(before) % 2 :][::2], word[::2], after[::2])
    left, right = before.decode("latin-1"), after.decode("latin-1")
    head = _LEFT.search(left)
    tail = _RIGHT.match(right)
    name = f"{head[0] if head else ''}{word.decode('latin-1')}{tail[0] if tail else ''}".lower()
    edge = left[: len(left) - len(head[0])][-1:] if head else ""
    rest = right[len(tail[0]) :][:1] if tail else ""
    if (edge and edge not in _BEFORE) or (rest and rest not in _AFTER and rest >= " "):
        return ""
    return name if host_class(name) == wanted else ""
