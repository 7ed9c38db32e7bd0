"""The journal that interpreters keep of evaluated code: brought out of the layer, and read.

`collect` runs in the cell, after the sandbox is dead; `read` in the parent. A file is the word of one
process: records, each a netstring of netstrings (`length:bytes,`). A package may forge, cut, flood and delete
them, so every count and length has a limit, nothing raises over content, and what is odd is told.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from biopsy.model.run import LANGUAGES
from biopsy.sandbox.inside.prepare import JOURNAL

MAX_FILES: Final = 4_000
"""Most journals, one a process that evaluated something, that are brought out of a run."""

MAX_FILE: Final = 24 * 1024**2
"""Most bytes of one."""

MAX_ALL: Final = 64 * 1024**2
"""Most bytes of all."""

MAX_RECORDS: Final = 20_000
"""Most records of one run that are read."""

MAX_TEXT: Final = 1024**2
"""Longest text of one record, in bytes."""

_NAME = re.compile(r"[0-9a-f]{24}")
_FIELDS: Final = {b"text": 13, b"odd": 4, b"lost": 4, b"slept": 7}
_MADE = re.compile(rb"\((?:async )?function\*? anonymous\([^)]*\n\) \{\n(.*)\n\}\)", re.DOTALL)
_QUIET = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Journal(msgspec.Struct, frozen=True):
    """What one process wrote: `data` is its beginning, `size` the length of all of it."""

    path: str
    data: bytes
    size: int


class Heard(msgspec.Struct, frozen=True):
    """All journals of a run; `dropped` counts what there was no room for, `strange` what is no journal."""

    journals: tuple[Journal, ...] = ()
    dropped: int = 0
    strange: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """One evaluation, as its interpreter told it. Everything is a claim."""

    number: str  # unique within a process and the forks of it
    parent: str  # number of the text that the evaluating code came from
    evaluator: str
    filename: str  # that the code was given
    caller: str
    line: int
    via: str  # the module of the standard library through which it went
    size: int
    text: bytes
    language: str = "python"
    whole: bool = True


class Oddity(msgspec.Struct, frozen=True):
    """Something done to the listener, or (`lost` set) how much it could not keep."""

    what: str
    lost: int = 0


class Slept(msgspec.Struct, frozen=True):
    """A wait that was cut short by setting the clock; all in seconds of the time that was pretended."""

    root: int  # the first process of its family, inside
    span: int
    due: int  # how far ahead its end was of the family's beginning, beyond real time
    ahead: int  # how far ahead the clock was, when it had ended, of when the phase began


class Page(msgspec.Struct, frozen=True):
    """What could be read of a journal; `whole` is False where it does not end as it should."""

    records: tuple[Entry | Oddity | Slept, ...]
    whole: bool


def collect(upper: Path, into: Path) -> None:
    """Bring the journals of a layer out, under limits."""
    into.write_bytes(msgspec.msgpack.encode(_collected(upper / JOURNAL[1:])))


def _collected(folder: Path) -> Heard:
    try:
        top = os.open(folder, _QUIET | os.O_DIRECTORY)
    except OSError:
        return Heard(strange=(JOURNAL,))
    journals: list[Journal] = []
    strange: list[str] = []
    dropped, room = 0, MAX_ALL
    try:
        names = sorted(os.listdir(top), key=lambda name: _age(name, top))  # noqa: PTH208
        for name in names:
            if not _NAME.fullmatch(name):
                strange.append(name.encode(errors="surrogateescape").decode(errors="backslashreplace")[:200])
            elif len(journals) >= MAX_FILES or room <= 0:
                dropped += 1
            elif found := _file(name, top, min(room, MAX_FILE)):
                journals.append(found)
                room -= len(found.data)
                dropped += found.size > len(found.data)
            else:
                strange.append(name)
    finally:
        os.close(top)
    return Heard(tuple(journals), dropped, tuple(strange[:20]))


def _age(name: str, top: int) -> int:
    with contextlib.suppress(OSError):
        return os.stat(name, dir_fd=top, follow_symlinks=False).st_mtime_ns
    return 0


def _file(name: str, top: int, limit: int) -> Journal | None:
    try:
        with open(os.open(name, _QUIET, dir_fd=top), "rb") as file:  # noqa: PTH123
            info = os.fstat(file.fileno())
            if stat.S_ISREG(info.st_mode):
                return Journal(f"{JOURNAL}/{name}", file.read(limit), info.st_size)
    except OSError:
        pass
    return None


def load(path: Path) -> Heard:
    """Read what `collect` wrote; nothing where it did not come to that."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Heard)
    except (OSError, msgspec.MsgspecError):
        return Heard()


def read(data: bytes, limit: int = MAX_RECORDS) -> Page:
    """Read the records of one journal as far as they are records; never raises."""
    records: list[Entry | Oddity | Slept] = []
    at, whole = 0, True
    while at < len(data) and len(records) < limit:
        span = _span(data, at)
        if span is None:
            whole = False
            break
        record = _record(list(_strings(data, *span)))
        at = span[1] + 1
        at += data[at : at + 1] == b"\n"
        if record is None:
            whole = False
        else:
            records.append(record)
    return Page(tuple(records), whole)


def _span(data: bytes, at: int, end: int | None = None) -> tuple[int, int] | None:
    """Find the beginning and the end of the netstring at `at`."""
    end = len(data) if end is None else end
    colon = data.find(b":", at, min(at + 10, end))
    if colon < 0 or not data[at:colon].isdigit():
        return None
    start = colon + 1
    stop = start + int(data[at:colon])
    if stop >= end or data[stop : stop + 1] != b",":
        return None
    return start, stop


def _strings(data: bytes, at: int, end: int) -> Iterator[bytes]:
    for _ in range(max(_FIELDS.values()) + 1):
        span = _span(data, at, end)
        if span is None:
            return
        yield data[span[0] : span[1]]
        at = span[1] + 1


def _record(fields: list[bytes]) -> Entry | Oddity | Slept | None:
    if not fields or len(fields) != _FIELDS.get(fields[0]):
        return None
    if fields[0] == b"text":
        number, parent, evaluator, filename, caller = (_text(one) for one in fields[3:8])
        return Entry(
            number, parent, evaluator[:100], filename, caller, _number(fields[8]), _text(fields[9]),
            _number(fields[10]), _body(fields[11][:MAX_TEXT]),
            language if (language := _text(fields[12])) in LANGUAGES else "python",
            _number(fields[10]) <= len(fields[11]) <= MAX_TEXT,
        )  # fmt: skip
    if fields[0] == b"lost":
        return Oddity("", _number(fields[3]))
    if fields[0] == b"slept":
        return Slept(*map(_number, fields[3:]))
    return Oddity(_text(fields[3])[:200])


def _body(text: bytes) -> bytes:
    """Take off what V8 puts around the body that `Function` was given."""
    match = _MADE.fullmatch(text)
    return match[1] if match else text


def _text(raw: bytes) -> str:
    return raw[:1000].decode(errors="backslashreplace")


def _number(raw: bytes) -> int:
    return int(raw) if raw.isdigit() and len(raw) < 16 else 0
