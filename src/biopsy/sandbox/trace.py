"""The trace: what to ask gVisor for, and reading what it sends.

Every point that is asked for costs about 10 µs a time, so there are few, each for a reason. gVisor loses,
without counting it, any message that holds a string which is not UTF-8; a package could hide behind one. So
beside each point that carries a path there is the same system call as bare registers, without a string: an
entry that is followed by no message is a call that was hidden (`tree` and `observe` pair them). For the same
reason no point carries the working directory or the name of the process, which would hide everything that the
process does.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from biopsy.sandbox.trace_decode import decode
from biopsy.sandbox.trace_event import Event, Malformed

MAX_RECORD: Final = 4 * 1024**2
"""Longest record that is read, in bytes; gVisor's own are bounded by the socket at a few hundred KiB."""

MAX_RECORDS: Final = 2_000_000
"""Most records that are read of one run; the rest is counted."""

_CONTEXT: Final = ("time", "thread_id", "group_id")

PLAIN: Final = (
    "container/start",
    "sentry/clone",
    "sentry/execve",
    "sentry/exit_notify_parent",
    "sentry/task_exit",
    "syscall/open/exit",
    "syscall/creat/exit",
    "syscall/connect/enter",
    "syscall/bind/exit",
    "syscall/chdir/exit",
    "syscall/execve/exit",
)
RESOLVED: Final = (  # with the path of the descriptor they are given
    "syscall/openat/exit",
    "syscall/close/enter",  # tells what was really opened, behind links, /proc/self/root and races
    "syscall/fchdir/exit",
    "syscall/execveat/exit",
)

OPENING: Final = frozenset({2, 85, 257})  # open, creat, openat
EXECUTING: Final = frozenset({59, 322})  # execve, execveat
MOVING: Final = frozenset({80, 81})  # chdir, fchdir
LISTEN: Final = 50
PTRACE: Final = 101
KILL: Final = 62
LEAVING: Final = {
    161: "chroot", 165: "mount", 166: "umount2", 155: "pivot_root", 308: "setns", 304: "open_by_handle_at",
    175: "init_module", 313: "finit_module", 321: "bpf", 246: "kexec_load", 320: "kexec_file_load",
    169: "reboot", 172: "iopl", 173: "ioperm", 298: "perf_event_open", 323: "userfaultfd", 170: "sethostname",
    227: "clock_settime", 164: "settimeofday", 310: "process_vm_readv", 311: "process_vm_writev",
}  # fmt: skip
"""What leads past what watches or holds a process, where it is allowed; here none is, and none is needed."""

SENDING: Final = frozenset({44, 46, 307})  # sendto, sendmsg, sendmmsg: which process sent a datagram
NAPPING: Final = frozenset(
    {35, 230}
)  # nanosleep, clock_nanosleep: until when is in memory, so entry and exit
WAITING: Final = {232: 3, 281: 3, 7: 2, 271: None, 270: None, 23: None}
"""epoll_wait, epoll_pwait, poll, ppoll, pselect6, select, and which register holds the timeout in ms, if
any."""


def points(endpoint: str = "") -> dict[str, object]:
    """Give what `runsc --pod-init-config` wants to be told, for a sink that listens at `endpoint`.

    A full socket makes the sandbox wait, for about two seconds, before a record is dropped; then it is
    counted.
    """
    asked: list[dict[str, object]] = [{"name": name, "context_fields": _CONTEXT} for name in PLAIN]
    asked += [{"name": n, "context_fields": _CONTEXT, "optional_fields": ["fd_path"]} for n in RESOLVED]
    entered = {*OPENING, *EXECUTING, *MOVING, *SENDING, *LEAVING, LISTEN, PTRACE, KILL, *NAPPING, *WAITING}
    for number in sorted(entered):
        asked.append({"name": f"syscall/sysno/{number}/enter", "context_fields": _CONTEXT})
    for number in sorted(
        {*NAPPING, *WAITING}
    ):  # gVisor fills the context of an exit from what its entry asked
        asked.append({"name": f"syscall/sysno/{number}/exit", "context_fields": _CONTEXT})
    config = {"endpoint": endpoint, "retries": 200, "backoff": "25us", "backoff_max": "10ms"}
    sink = {"name": "remote", "config": config}
    return {"trace_session": {"name": "Default", "points": asked, "sinks": [sink]}}


@dataclass(slots=True)
class Tally:
    """What reading a trace came to."""

    events: int = 0
    malformed: int = 0
    dropped: int = 0  # by gVisor's own count
    truncated: int = 0  # records past our limit

    def drop(self, count: int) -> None:
        """Take note of a header's count, which only grows within one connection."""
        self.dropped = max(self.dropped, count)


_LENGTH: Final = struct.Struct("<I")
_HEADER: Final = struct.Struct("<HHI")


def read(path: Path, limit: int = MAX_RECORDS, tally: Tally | None = None) -> Iterator[Event | Malformed]:
    """Read the events of a trace file in the order they came; never raises over what the file holds.

    `tally` is counted up as records are read, those past `limit` included.
    """
    tally = tally if tally is not None else Tally()
    try:
        file = path.open("rb", buffering=1024**2)
    except FileNotFoundError:
        return
    with file:
        for record in _records(file):
            if tally.events + tally.malformed >= limit:
                tally.truncated += 1
                continue
            event = record if isinstance(record, Malformed) else _event(record, tally)
            if isinstance(event, Malformed):
                tally.malformed += 1
            else:
                tally.events += 1
            yield event


def _event(record: bytes, tally: Tally) -> Event | Malformed:
    if len(record) < _HEADER.size:
        return Malformed("record without a header")
    size, number, dropped = _HEADER.unpack_from(record)
    if not _HEADER.size <= size <= len(record):
        return Malformed("header of an impossible size")
    tally.drop(dropped)
    return decode(number, record[size:])


def _records(file: BinaryIO) -> Iterator[bytes | Malformed]:
    while prefix := file.read(_LENGTH.size):
        if len(prefix) < _LENGTH.size:
            yield Malformed("cut off within a length")
            return
        (length,) = _LENGTH.unpack(prefix)
        if length > MAX_RECORD:
            yield Malformed("record too long")
            file.seek(length, 1)
            continue
        record = file.read(length)
        if len(record) < length:
            yield Malformed("cut off within a record")
            return
        yield record
