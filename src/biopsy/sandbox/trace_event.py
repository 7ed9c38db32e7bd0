"""What a trace consists of, once read: events, each with its time, thread and process; or Malformed.

Numbers are as gVisor sends them: times in nanoseconds since the epoch, ids in the sandbox's root pid
namespace, errors as Linux numbers them. Paths and arguments are text in the form of `trace_text`. Nothing
here is checked for plausibility: a forged number is a number.
"""

import msgspec


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that a thread of a process did at a time."""

    time: int
    thread: int
    process: int


class Started(Event, frozen=True, gc=False):
    """A container began, with the first process of it."""

    cwd: str
    argv: tuple[str, ...]


class Cloned(Event, frozen=True, gc=False):
    """A thread or a process was made; it is a thread when `child_process` is the event's own process."""

    child_thread: int
    child_process: int


class Executed(Event, frozen=True, gc=False):
    """A process became another program. `env` holds the few variables that attribution looks at."""

    binary: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]


class Tried(Event, frozen=True, gc=False):
    """A program was asked for, and `error` says what came of it; 0 when it runs."""

    path: str
    argv: tuple[str, ...]
    error: int


class Exited(Event, frozen=True, gc=False):
    """A thread ended, or (`whole`) its process as its parent is told. `status` is as of wait(2)."""

    status: int
    whole: bool


class Opened(Event, frozen=True, gc=False):
    """A path was opened, or was not: `fd` is the new descriptor, `error` why there is none.

    `path` may be relative: to `folder` where that is not empty, else to the working directory.
    """

    path: str
    folder: str
    flags: int
    fd: int
    error: int


class Closed(Event, frozen=True, gc=False):
    """A descriptor is being closed; `path` is what it really refers to, links and tricks resolved."""

    fd: int
    path: str


class Moved(Event, frozen=True, gc=False):
    """The working directory was changed, or was not. `path` may be relative."""

    path: str
    error: int


class Connected(Event, frozen=True, gc=False):
    """A connection, or a destination for datagrams, was asked for."""

    host: str
    port: int


class Bound(Event, frozen=True, gc=False):
    """A socket got this local address."""

    fd: int
    host: str
    port: int


class Called(Event, frozen=True, gc=False):
    """A system call that has no form of its own, as registers. `returned` is None when it is about to
    begin.
    """

    number: int
    args: tuple[int, int, int, int, int]
    returned: int | None = None
    error: int = 0


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """A record that is none, and why. The sandbox is not trusted to write records."""

    reason: str
