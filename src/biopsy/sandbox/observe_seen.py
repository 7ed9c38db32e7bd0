"""One pass over a trace: what each process opened, ran, connected to, slept, hid. Facts, bounded,
unjudged.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from signal import Signals
from typing import Any, Final

from biopsy.sandbox import trace
from biopsy.sandbox.inside.prepare import GUISE, JOURNAL, JOURNALLING
from biopsy.sandbox.observe_waits import Waits, signed
from biopsy.sandbox.trace_event import (
    Bound,
    Called,
    Closed,
    Connected,
    Event,
    Executed,
    Exited,
    Malformed,
    Moved,
    Opened,
    Tried,
)
from biopsy.sandbox.tree import Forest, Node

MAX_OPENS: Final = 200_000
"""Most different (process, path) pairs kept; canaries' paths are kept beyond it."""

MAX_LIST: Final = 50_000
"""Most connections, datagrams, naps and the like kept, each."""

MAX_JOURNALLED: Final = 200_000
"""Most openings of journals of evaluated code kept."""

_LARGE: Final = 0o100000
_WRITING: Final = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000  # O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND
_CREATING: Final = 0o100
_FOLDER: Final = 0o200000  # O_DIRECTORY
_GONE: Final = " (deleted)"


@dataclass(slots=True, eq=False)
class Open:
    """A path as a process opened it: when first, for what, and whether it worked."""

    node: Node
    time: int
    path: str
    write: bool
    create: bool = False
    listing: bool = False
    error: int = 0
    named: str = ""  # how it was called, where that was not its real path
    alias: bool = False  # another record holds what this name really was
    probe: bool = False  # made as Python's tempfile makes what it tries a folder with


@dataclass(frozen=True, slots=True)
class Journalled:
    """That somebody opened a journal of evaluated code; `own` where it was done as the listener does it."""

    node: Node
    time: int
    path: str
    own: bool
    write: bool
    error: int


@dataclass(slots=True)
class Seen:
    """Everything the pass found, in the order of the trace."""

    opens: dict[tuple[int, str, bool], Open] = field(default_factory=dict)
    connects: list[tuple[int, Node, str, int]] = field(default_factory=list)
    sends: list[tuple[int, Node]] = field(default_factory=list)
    listens: list[tuple[int, Node, str, int]] = field(default_factory=list)
    naps: list[tuple[int, Node, float]] = field(default_factory=list)
    tricks: list[tuple[int, Node, str]] = field(default_factory=list)
    hidden: dict[tuple[int, str], list[Any]] = field(default_factory=dict)  # [time, node, what, count]
    journals: list[Journalled] = field(default_factory=list)
    lost: int = 0  # what did not fit


_PROBING: Final = 0o100 | 0o200 | 0o400000  # O_CREAT O_EXCL O_NOFOLLOW
_PROBE: Final = re.compile(r"/(?:var/|usr/)?tmp/[a-z0-9_]{8}")


_GUISED: Final = (f"{GUISE}/proc/", f"{GUISE}/sys/")


def _selfless(path: str, node: Node) -> str:
    """Call a process's own folder in /proc by the name that does not change from run to run."""
    if path.startswith(_GUISED):
        path = path.removeprefix(GUISE)  # asked for by this name
    own = f"/proc/{node.pid}/"
    return f"/proc/self/{path[len(own) :]}" if path.startswith(own) else path


_Handler = Callable[["Watcher", Any, Node], None]


class Watcher:
    """Feeds a forest and fills a `Seen`."""

    def __init__(self, forest: Forest, watched: frozenset[str], end: int) -> None:
        """`watched` are paths that are kept whatever else there is; `end` is when the run was over."""
        self.forest = forest
        self.seen = Seen()
        self._watched = watched
        self._fds: dict[tuple[int, int], Open] = {}
        self._pending: dict[int, int] = {}  # thread -> call that was begun and not told
        self._unnamed: dict[int, int] = {}  # process -> opened files whose names gVisor could not say
        self._bound: dict[tuple[int, int], tuple[str, int]] = {}
        self._waits = Waits(end)

    def watch(self, events: Iterable[Event | Malformed]) -> Seen:
        """Take all events."""
        for event in events:
            if isinstance(event, Malformed):
                continue
            kind = type(event)
            if event.thread in self._pending:
                self._settle(event, kind)
            node = self.forest.feed(event)
            handler = _HANDLERS.get(kind)
            if handler:
                handler(self, event, node)
        self.seen.naps = self._waits.finish()
        return self.seen

    def _settle(self, event: Event, kind: type[Event]) -> None:
        """Match a call that was begun with its news; without any, it was hidden."""
        if kind is Executed:
            return  # Tried follows
        number = self._pending.pop(event.thread)
        if kind is Exited or _TOLD.get(kind, frozenset()) & {number}:
            return
        node = self.forest.feed(Event(event.time, event.thread, event.process))
        if number in trace.OPENING:
            self._unnamed[node.id] = self._unnamed.get(node.id, 0) + 1
            self._hide(event.time, node, "open not UTF-8")
        elif number in trace.MOVING:
            self.forest.strayed(node)
            self._hide(event.time, node, "chdir not UTF-8")
        elif not node.execs or node.execs[-1].time < event.time - 2_000_000_000 or node.execs[-1].error:
            self.forest.hidden(node, event.time)
            self._hide(event.time, node, "execve not UTF-8")
        else:
            self._hide(event.time, node, "execve not UTF-8")

    def _hide(self, time: int, node: Node, what: str) -> None:
        found = self.seen.hidden.setdefault((node.id, what), [time, node, what, 0])
        found[3] += 1

    def _opened(self, event: Opened, node: Node) -> None:
        path = self.forest.where(node, event.folder, event.path)
        one = self._note(node, event.time, path, event.flags, event.error)
        if one is not None and not event.error:
            self._fds[node.id, event.fd] = one

    def _note(self, node: Node, time: int, path: str, flags: int, error: int) -> Open | None:
        path = _selfless(path, node)
        if path.startswith(JOURNAL):
            self._journal(node, time, path, flags, error)
            return None
        write = bool(flags & _WRITING) and not flags & _FOLDER
        key = (node.id, path, write)
        one = self.seen.opens.get(key)
        if one is None:
            if len(self.seen.opens) >= MAX_OPENS and path not in self._watched:
                self.seen.lost += 1
                return None
            one = Open(node, time, path, write, bool(flags & _CREATING), bool(flags & _FOLDER), error)
            one.probe = bool(_PROBE.fullmatch(path)) and flags & _PROBING == _PROBING
            self.seen.opens[key] = one
        elif one.error and not error:
            one.error, one.time = 0, time
        return one

    def _journal(self, node: Node, time: int, path: str, flags: int, error: int) -> None:
        if len(self.seen.journals) < MAX_JOURNALLED:
            own, write = flags & ~_LARGE == JOURNALLING, bool(flags & _WRITING)
            self.seen.journals.append(Journalled(node, time, path, own, write, error))

    def _closed(self, event: Closed, node: Node) -> None:
        one = self._fds.pop((node.id, event.fd), None)
        path = _selfless(event.path, node)
        if not path.startswith("/"):
            return  # a pipe, a socket
        if one is None:
            if self._unnamed.get(node.id):
                self._unnamed[node.id] -= 1
                real = self._note(node, event.time, path.removesuffix(_GONE), 0, 0)
                if real is not None:
                    real.named = real.named or "(not UTF-8)"
            return
        if path == one.path or path.removesuffix(_GONE) == one.path:
            return
        one.alias = True
        flags = (0o101 if one.create else 0o1) if one.write else _FOLDER if one.listing else 0
        real = self._note(node, one.time, path.removesuffix(_GONE), flags, 0)
        if real is not None and real is not one:
            real.named = real.named or one.path

    def _connected(self, event: Connected, node: Node) -> None:
        if event.host and len(self.seen.connects) < MAX_LIST:
            self.seen.connects.append((event.time, node, event.host, event.port))
        elif event.host:
            self.seen.lost += 1

    def _bind(self, event: Bound, node: Node) -> None:
        if event.host and len(self._bound) < MAX_LIST:
            self._bound[node.id, event.fd] = (event.host, event.port)

    def _called(self, event: Called, node: Node) -> None:
        number = event.number
        if event.returned is not None:
            self._waits.end(event)
        elif number in _TELLING:
            self._pending[event.thread] = number
        elif number in trace.SENDING:
            if len(self.seen.sends) < MAX_LIST:
                self.seen.sends.append((event.time, node))
        elif number in trace.NAPPING or number in trace.WAITING:
            self._waits.begin(event, node)
        elif number == trace.LISTEN:
            bound = self._bound.get((node.id, event.args[0]))
            if bound and len(self.seen.listens) < MAX_LIST:
                self.seen.listens.append((event.time, node, *bound))
        elif len(self.seen.tricks) < MAX_LIST:
            self._trick(event, node)

    def _trick(self, event: Called, node: Node) -> None:
        if event.number in trace.LEAVING:
            self.seen.tricks.append((event.time, node, f"call {trace.LEAVING[event.number]}"))
        elif event.number == trace.PTRACE and event.args[0] in _PTRACE:
            self.seen.tricks.append((event.time, node, f"ptrace {_PTRACE[event.args[0]]}"))
        elif event.number == trace.KILL:
            target = signed(event.args[0])
            what = self.forest.standing(target, node)
            signal = event.args[1]
            if what and signal:
                name = Signals(signal).name if signal in _SIGNALS else str(signal)
                self.seen.tricks.append((event.time, node, f"kill {what} {name}"))


_TELLING: Final = trace.OPENING | trace.EXECUTING | trace.MOVING
_TOLD: Final[dict[type, frozenset[int]]] = {
    Opened: trace.OPENING,
    Tried: trace.EXECUTING,
    Moved: trace.MOVING,
}
_PTRACE: Final = {0: "traceme", 16: "attach", 0x4206: "seize"}
_SIGNALS: Final = frozenset(int(one) for one in Signals)
_HANDLERS: Final[dict[type, _Handler]] = {
    Opened: Watcher._opened,  # noqa: SLF001 - the class's own table
    Closed: Watcher._closed,  # noqa: SLF001
    Connected: Watcher._connected,  # noqa: SLF001
    Bound: Watcher._bind,  # noqa: SLF001
    Called: Watcher._called,  # noqa: SLF001
}
