"""The audit log: what operators did, one JSON line each, only ever added to."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

MAX_TEXT = 2000  # characters of one word in it
MAX_TAIL = 8 * 1024**2  # bytes that are read back

NAME = "audit.jsonl"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done: when, by whom (`how` they signed in), from where, to what, and how it ended."""

    at: str
    who: str
    how: str
    address: str
    action: str
    about: str = ""
    reason: str = ""
    result: str = "done"  # done, refused, failed
    detail: str = ""


class Audit:
    """The log in one file, which only its owner reads."""

    def __init__(self, path: Path) -> None:
        """Write to `path`; it is made with the first entry."""
        self._path = path

    def note(self, entry: Entry) -> None:
        """Add an entry; when this returns it is on the disk."""
        fields = {
            name: str(getattr(entry, name))[:MAX_TEXT].encode("utf-8", "backslashreplace").decode()
            for name in Entry.__struct_fields__
            if name != "at"
        }
        line = msgspec.json.encode(Entry(at=entry.at or _now(), **fields)) + b"\n"
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def last(self, count: int = 50) -> tuple[Entry, ...]:
        """The last entries, the newest first; a line that is none is passed over."""
        try:
            with self._path.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(file.tell() - MAX_TAIL, 0))
                lines = file.read().splitlines()
        except FileNotFoundError:
            return ()
        found: list[Entry] = []
        for line in reversed(lines):
            if len(found) >= count:
                break
            try:
                found.append(msgspec.json.decode(line, type=Entry))
            except msgspec.DecodeError:
                continue
        return tuple(found)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
