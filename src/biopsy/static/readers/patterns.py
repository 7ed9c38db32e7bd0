"""What byte patterns find in any file: packers and bundlers, words in programs, known hosts and stores."""

import re
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.model.hosts import host_class
from biopsy.static import patterns, programs
from biopsy.static.comments import Comments
from biopsy.static.documents import is_document
from biopsy.static.sight import Sight, Source

NAME = "patterns"
MAX_SCAN = 64 * 1024**2  # bytes of one file
MAX_NAMED = 60  # hosts and stores told of one file
MIN_SCAN = 16  # bytes

_AROUND = 120  # bytes beside a match that may belong to a host's name
_LEFT = re.compile(r"[A-Za-z0-9.-]*\Z")
_RIGHT = re.compile(r"[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*")
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
        for hit in patterns.scan(source.data):
            if (hit.needs == "program" and not program) or (hit.needs == "binary" and not source.binary):
                continue
            if hit.kind in {Kind.NET_SERVICE, Kind.FILE_STORE}:
                comments = comments or (None if source.binary else Comments(source))
                for sight in _named(source, hit, comments):
                    if left:
                        left -= 1
                        yield sight
            else:
                yield source.see(hit.kind, hit.value, _line(source, hit.spans))
    except patterns.OutOfTime:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} patterns out-of-time")


def _line(source: Source, spans: tuple[tuple[int, int], ...]) -> int:
    if source.binary or not spans:
        return 0
    return source.data.count(b"\n", 0, spans[0][0]) + 1


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
        if comments and comments.hold(_character(source, start)):
            continue
        seen.add(word)
        line = 0 if source.binary else source.data.count(b"\n", 0, start) + 1
        yield source.see(hit.kind, f"{hit.value} {word}", line)


def _character(source: Source, offset: int) -> int:
    return offset if source.text.isascii() else len(source.data[:offset].decode("utf-8", "replace"))


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
