"""What a run did to its layer: every file created, changed or deleted, read after the sandbox is dead.

The names, the depth and the number of what lies there are the package's choice. So folders are walked by
descriptor (a path may be longer than the kernel takes), nothing is followed or waited for, and everything has
a limit; what is past one is counted.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from biopsy.model.run import Change
from biopsy.sandbox.layer import Mark
from biopsy.sandbox.layer_gone import Gone
from biopsy.sandbox.layer_keep import Archive
from biopsy.sandbox.raw import Changed

MAX_CHANGES = 60_000
MAX_STAMPS = 200_000
"""Most files whose phase is told."""
MAX_DEPTH = 400
"""Deepest folder that is looked into."""
MAX_PATH = 8192
HEAD = 16 * 1024
"""Bytes kept of the beginning of a file."""
MAX_HEADS = 64 * 1024**2
"""Bytes kept of all beginnings together."""

_CHUNK = 1024**2
_OPAQUE = "trusted.overlay.opaque"
_QUIET = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(slots=True)
class Diff:
    """The changes, and how many there was no room for."""

    changes: list[Changed] = field(default_factory=list)
    dropped: int = 0
    room: int = MAX_HEADS


class Ledger:
    """Takes note, phase by phase, of what in the layer is not as it was: what vanishes has no writer."""

    def __init__(self, upper: Path) -> None:
        """Begin with what is there before the start."""
        self._upper = upper
        self._was = self._stamps()
        self.phases: dict[bytes, str] = {}  # path -> the phase in which it changed last

    def close(self, phase: str) -> None:
        """Note what became different in the phase that has just ended."""
        now = self._stamps()
        for path in self._was.keys() | now.keys():
            if self._was.get(path) != now.get(path):
                self.phases[path] = phase
        self._was = now

    def _stamps(self) -> dict[bytes, tuple[int, ...]]:
        whole = islice(_walk(self._upper), MAX_STAMPS)
        return {path: (one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns) for path, _, one in whole}


def marks(upper: Path) -> dict[bytes, Mark]:
    """Take note of everything in the layer that is ours, before the start."""
    found = {}
    for path, fd, info in _walk(upper):
        found[path] = Mark(info.st_mode, info.st_size, _content(path, fd, info)[0])
    return found


def diff(
    upper: Path, lower: Path, before: dict[bytes, Mark], phases: dict[bytes, str], keep: Path | None = None
) -> Diff:
    """Compare the layer with the image below it and with how it was before the start, by phase (`Ledger`)."""
    done, seen = Diff(), set[bytes]()
    archive, gone = Archive(keep) if keep else None, Gone(upper, lower, before)
    for path, fd, info in _walk(upper, done):
        if mark := before.get(path):
            seen.add(path)
        old, phase = _below(lower, path), phases.get(path, "")
        if old and stat.S_ISDIR(old.st_mode):
            within = (
                Changed(text(one), Change.DELETED, phase=phase, within=True) for one in gone.below(path)
            )
            done.changes += islice(within, MAX_CHANGES - len(done.changes))
        for change in _changes(path, fd, info, lower, mark, old):
            if len(done.changes) >= MAX_CHANGES:
                done.dropped += 1
                continue
            head = change.head[: done.room]
            done.room -= len(head)
            done.changes.append(msgspec.structs.replace(change, head=head, phase=phase))
            if archive:
                archive.add(path, fd, info)
    if archive:
        archive.close()
    ours = [Changed(text(path), Change.DELETED, phase=phases.get(path, "")) for path in before.keys() - seen]
    done.changes += ours[: MAX_CHANGES - len(done.changes)]
    done.changes.sort(key=lambda change: change.path)
    return done


def text(path: bytes) -> str:
    """A path as text, absolute; bytes that are no UTF-8 are escaped."""
    return "/" + path.decode(errors="backslashreplace")


def _walk(top: Path, done: Diff | None = None) -> Iterator[tuple[bytes, int, os.stat_result]]:
    """Yield path, descriptor of the folder and stat of everything below `top` but ordinary folders.

    A folder that hides the image's own (opaque) is yielded too.
    """
    stack: list[tuple[bytes, int, Iterator[bytes]]] = []

    def enter(path: bytes, fd: int) -> None:
        stack.append((path, fd, iter([os.fsencode(name) for name in os.listdir(fd)])))

    enter(b"", os.open(top, os.O_RDONLY | os.O_DIRECTORY))
    try:
        while stack:
            path, fd, names = stack[-1]
            if (name := next(names, None)) is None:
                os.close(stack.pop()[1])
                continue
            whole = path + b"/" + name if path else name
            try:
                info = os.stat(name, dir_fd=fd, follow_symlinks=False)
                if not stat.S_ISDIR(info.st_mode):
                    yield whole, fd, info
                    continue
                deep = len(stack) >= MAX_DEPTH or len(whole) > MAX_PATH
                below = -1 if deep else os.open(name, _QUIET | os.O_DIRECTORY, dir_fd=fd)
            except OSError:
                below = -1
            if below < 0:
                if done:
                    done.dropped += 1
                continue
            if _opaque(below):
                yield whole, fd, info
            enter(whole, below)
    finally:
        for _, fd, _ in stack:
            os.close(fd)


def _opaque(fd: int) -> bool:
    try:
        return os.getxattr(fd, _OPAQUE) == b"y"
    except OSError:
        return False


def _changes(  # noqa: PLR0917
    path: bytes, fd: int, info: os.stat_result, lower: Path, mark: Mark | None, old: os.stat_result | None
) -> Iterator[Changed]:
    """Say what one entry of the layer means; `old` is what lies below it."""
    if stat.S_ISCHR(info.st_mode) and info.st_rdev == 0:
        yield Changed(text(path), Change.DELETED)
        return
    if stat.S_ISDIR(info.st_mode):
        if old and stat.S_ISDIR(old.st_mode):
            yield Changed(text(path), Change.DELETED, mode=stat.S_IMODE(info.st_mode))
        return
    digest, head = _content(path, fd, info)
    if mark == Mark(info.st_mode, info.st_size, digest):
        return
    if mark is None and old and _same(lower, path, old, info, digest):
        return
    change = Change.CHANGED if mark or old else Change.CREATED
    yield Changed(text(path), change, info.st_size, digest, stat.S_IMODE(info.st_mode), head)


def _below(lower: Path, path: bytes) -> os.stat_result | None:
    """Stat the image's file of that path, without following links on the way."""
    where = os.fsencode(lower)
    try:
        for part in path.split(b"/")[:-1]:
            where += b"/" + part
            if not stat.S_ISDIR(os.lstat(where).st_mode):
                return None
        return os.lstat(os.fsencode(lower) + b"/" + path)
    except OSError:
        return None


def _same(lower: Path, path: bytes, old: os.stat_result, new: os.stat_result, digest: str) -> bool:
    if (old.st_mode, old.st_size) != (new.st_mode, new.st_size) or not stat.S_ISREG(old.st_mode):
        return stat.S_ISLNK(old.st_mode) and stat.S_ISLNK(new.st_mode) and old.st_size == new.st_size
    folder = os.open(os.path.dirname(os.fsencode(lower) + b"/" + path), os.O_RDONLY)  # noqa: PTH120
    try:
        return _content(path, folder, old)[0] == digest
    finally:
        os.close(folder)


def _content(path: bytes, fd: int, info: os.stat_result) -> tuple[str, bytes]:
    """Return sha256 and beginning of a regular file; of a link, where it leads."""
    name = path.rpartition(b"/")[2]
    try:
        if stat.S_ISLNK(info.st_mode):
            return "", os.readlink(name, dir_fd=fd)
        if not stat.S_ISREG(info.st_mode):
            return "", b""
        with open(os.open(name, _QUIET, dir_fd=fd), "rb", buffering=0) as file:  # noqa: PTH123
            head = chunk = file.read(HEAD)
            digest = hashlib.sha256(chunk)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest(), head
    except OSError:
        return "", b""
