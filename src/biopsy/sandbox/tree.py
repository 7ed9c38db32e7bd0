"""The processes of a run as a tree, from the events that made and ended them; and the phase each belongs to.

A process belongs to the phase whose first process it descends from, however long it lives: what a phase left
in the background is still that phase's. Where a run does not say its first processes, or a parent is unknown,
the time decides. Survives what a hostile trace may hold: ids used twice, ends without beginnings, forged
numbers.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from biopsy.model.behaviour import By
from biopsy.sandbox.raw import Ran
from biopsy.sandbox.trace_event import Cloned, Event, Executed, Exited, Moved, Started, Tried
from biopsy.sandbox.trace_text import joined

MAX_NODES: Final = 20_000
"""Most processes that are told apart; what more there are counts as their nearest known ancestor."""

MAX_EXECS: Final = 64
"""Most programs that one process is remembered to have become."""

_SLACK: Final = 2_000_000_000  # ns that a phase's first process may begin before or after its record


@dataclass(frozen=True, slots=True)
class Exec:
    """A program that a process became, or failed to (`error`)."""

    time: int
    argv: tuple[str, ...]
    binary: str = ""
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    error: int = 0
    hidden: bool = False  # it happened, but gVisor could not say what


@dataclass(slots=True, eq=False)
class Node:
    """A process, growing as events come in. `ours` means that it is the cell's own, above every phase."""

    id: int
    pid: int
    parent: "Node | None"
    start: int
    cwd: str | None
    phase: str = ""
    first: bool = False  # of its phase
    again: str = ""  # `Phase.again`, of the first of one that is done once more
    ours: bool = False
    end: int | None = None
    status: int | None = None
    implied: bool = False  # nobody saw it begin
    container: bool = False  # the first of the container itself
    execs: list[Exec] = field(default_factory=list)
    by: By = By.PACKAGE
    owner: str = ""
    role: str = ""

    @property
    def last(self) -> Exec | None:
        """The program that it became last, which its parent's stands in for as long as there is none."""
        node: Node | None = self
        while node is not None:
            for one in reversed(node.execs):
                if not one.error:
                    return one
            node = node.parent
        return None

    def below(self, other: "Node") -> bool:
        """Whether this is `other` or descends from it."""
        node: Node | None = self
        while node is not None and node is not other:
            node = node.parent
        return node is other

    @property
    def argv(self) -> tuple[str, ...]:
        """Its command line."""
        last = self.last
        return last.argv if last else ()

    @property
    def exit(self) -> int | None:
        """Its exit status, or minus the signal that it died of."""
        if self.status is None:
            return None
        signal = self.status & 0x7F
        return -signal if signal else self.status >> 8 & 0xFF


class Forest:
    """Takes events in order and says of each whose it is. `nodes` are in the order they began."""

    def __init__(self, ran: Sequence[Ran], project: str) -> None:
        """`project` is where a process stands of which nothing better is known."""
        self.nodes: list[Node] = []
        self.lost = 0  # processes past MAX_NODES
        self._ran = ran
        self._project = project
        self._live: dict[int, Node] = {}
        self._past: dict[int, Node] = {}
        self._known = any(one.pid for one in ran)

    def feed(self, event: Event) -> Node:
        """Take one event; return the process that it is of."""
        node = self._live.get(event.process)
        if node is None and isinstance(event, Exited) and event.process in self._past:
            return self._past[event.process]  # told a second time, to whoever inherited it
        if node is None:
            node = self._begin(event.process, None, event.time)
            node.implied = True
        match event:
            case Cloned():
                self._cloned(event, node)
            case Executed():
                self._become(node, Exec(event.time, event.argv, event.binary, event.env, node.cwd or ""))
            case Tried():
                self._tried(event, node)
            case Started():
                node.container = True
                node.cwd = event.cwd or node.cwd
                self._become(node, Exec(event.time, event.argv, "", (), node.cwd or ""))
            case Moved() if not event.error and (node.cwd is not None or event.path.startswith("/")):
                node.cwd = joined(node.cwd or "/", event.path)
            case Exited():
                self._exited(event, node)
        return node

    def hidden(self, node: Node, time: int) -> None:
        """Take note that `node` became a program that gVisor could not name."""
        self._become(node, Exec(time, ("(not UTF-8)",), hidden=True, cwd=node.cwd or ""))

    def strayed(self, node: Node) -> None:
        """Take note that `node` stands in a folder that gVisor could not name."""
        node.cwd = None

    def standing(self, pid: int, node: Node) -> str:
        """Say what `pid` is to `node`, where it is somebody who watches: `all`, `cell`, `driver`; else
        nothing.
        """
        if pid == -1:
            return "all"
        target = self._live.get(pid)
        if target is None or target is node:
            return ""
        return "cell" if target.ours or target.container else "driver" if target.first else ""

    def where(self, node: Node, folder: str, path: str) -> str:
        """Make a path of an event of `node` absolute; `(?)` stands for a folder that is not known."""
        if folder or path.startswith("/"):
            return joined(folder or "/", path)
        return joined(node.cwd if node.cwd is not None else "/(?)", path)

    def phase_at(self, time: int) -> str:
        """Name the phase of a time: the last that had begun by then, else the first."""
        found = self._ran[0].phase if self._ran else "run"
        for one in self._ran:
            if one.start_ns <= time:
                found = one.phase
        return found

    def _cloned(self, event: Cloned, node: Node) -> None:
        if event.child_process == event.process:
            return  # a thread
        known = self._live.get(event.child_process)
        if known and known.implied and known.parent is None and not known.first and not node.below(known):
            known.parent, known.implied = node, False  # its first acts overtook the news of its birth
            known.phase, known.cwd = node.phase or known.phase, known.cwd or node.cwd
            return
        if known and known.pid == event.child_process and known.end is None:
            known.end = event.time  # its end was lost, and its number is used again
        self._begin(event.child_process, node, event.time)

    def _begin(self, pid: int, parent: Node | None, time: int) -> Node:
        if len(self.nodes) >= MAX_NODES:
            self.lost += 1
            node = parent or self.nodes[0]
            self._live[pid] = node
            return node
        cwd = parent.cwd if parent else self._project
        node = Node(len(self.nodes) + 1, pid, parent, time, cwd)
        self.nodes.append(node)
        self._live[pid] = node
        self._place(node, time)
        return node

    def finish(self, *, complete: bool) -> None:
        """Give every process its phase, now that all are known.

        What nobody began is the cell's own, unless it may be that the news of its beginning was lost
        (`complete` is False), or a phase does not know its first process.
        """
        strangers = [node for node in self.nodes if node.parent is None and not node.first]
        for node in strangers:
            waiting = [
                one for one in self._ran if not one.pid and one.start_ns - _SLACK <= node.start <= one.end_ns
            ]
            if node.container:
                node.ours = self._known or len(strangers) > 1
            elif waiting:
                self._lead(node, waiting[-1])
            else:
                node.ours = complete and self._known
        for node in self.nodes:
            if node.parent is not None and not node.phase and not node.ours:
                node.phase, node.ours = node.parent.phase, node.parent.ours and not node.first
            node.phase = node.phase or self.phase_at(node.start)

    def _place(self, node: Node, time: int) -> None:
        for one in self._ran:
            if one.pid == node.pid and one.pid and one.start_ns - _SLACK <= time <= one.end_ns + _SLACK:
                self._lead(node, one)
                return
        if node.parent is not None:
            node.phase = node.parent.phase

    def _lead(self, node: Node, one: Ran) -> None:
        """Make a process the first of a phase; what it descends from is the cell's own."""
        node.phase, node.first, node.again, above = one.phase, True, one.again, node.parent
        if not node.execs:
            node.execs.append(Exec(node.start, one.argv or ("driver", one.phase), cwd=node.cwd or ""))
        while above is not None and not above.ours and not above.phase:
            above.ours, above = True, above.parent

    def _become(self, node: Node, one: Exec) -> None:
        if len(node.execs) < MAX_EXECS:
            node.execs.append(one)
        else:
            node.execs[-1] = one

    def _tried(self, event: Tried, node: Node) -> None:
        last = node.execs[-1] if node.execs else None
        if event.error == 0:
            if last and not last.error and not last.hidden and last.time >= event.time - 1_000_000_000:
                return  # the same news as Executed's
            argv = event.argv or (posixpath.basename(event.path),)
            self._become(node, Exec(event.time, argv, event.path, (), node.cwd or ""))
        elif len(node.execs) < MAX_EXECS and not (last and last.error and last.argv == event.argv):
            node.execs.append(Exec(event.time, event.argv, event.path, (), node.cwd or "", event.error))

    def _exited(self, event: Exited, node: Node) -> None:
        if node.pid != event.process or not (event.whole or event.thread == event.process):
            return
        node.status, node.end = event.status, event.time
        if event.whole:
            self._past[event.process] = self._live.pop(event.process, node)
