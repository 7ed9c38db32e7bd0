"""Who started whom: the processes of each profile and phase as trees."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from msgspec import Struct

from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.views import digest
from biopsy.formats.views.measure import real
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Process

MAX_DEPTH = 40
"""Deepest nesting shown; what is deeper stands at this depth."""

TELLING = ("canary", "net", "evasion", "code", "process", "file", "env")
"""Families in the order in which a process's own behaviours are listed."""


class Node(Struct, frozen=True):
    """A process at its depth, with what it did itself."""

    process: Process
    depth: int
    own: Listed[Behaviour]
    counts: tuple[tuple[str, int], ...]  # by family
    times: int = 1  # how many siblings did the very same

    @property
    def ended(self) -> str:
        """How it ended: `ok`, `exit 1`, `signal 11`, `still running`."""
        code = self.process.exit
        if code is None:
            return "still running" if self.process.end is None else "ended"
        if code < 0:
            return f"signal {-code}"
        return f"exit {code}" if code else "ok"

    @property
    def took(self) -> float | None:
        """Seconds it ran, where its end was seen."""
        return None if self.process.end is None else real(self.process.end) - real(self.process.start)


class Forest(Struct, frozen=True):
    """The processes that one profile saw, phase by phase, each before those it started."""

    profile: str
    phases: tuple[tuple[str, tuple[Node, ...]], ...]
    total: int
    shown: int


def forests(dossier: Dossier, limits: Limits) -> tuple[Forest, ...]:
    """One forest a profile."""
    own: defaultdict[int, list[Behaviour]] = defaultdict(list)
    for behaviour in dossier.behaviours:
        if behaviour.process is not None and behaviour.kind is not Kind.PROCESS_EXEC:
            own[behaviour.process].append(behaviour)
    return tuple(filter(None, (_forest(dossier, name, own, limits) for name in digest.profiles(dossier))))


def _forest(dossier: Dossier, profile: str, own: dict[int, list[Behaviour]], limits: Limits) -> Forest | None:
    processes = [process for process in dossier.processes if process.profile == profile]
    if not processes:
        return None
    known = {process.id for process in processes}
    children: defaultdict[int | None, list[Process]] = defaultdict(list)
    for process in sorted(processes, key=lambda process: (real(process.start), process.id)):
        children[process.parent if process.parent in known else None].append(process)
    room = limits.processes
    phases: list[tuple[str, tuple[Node, ...]]] = []
    for phase in dict.fromkeys(process.phase for process in children[None]):
        roots = [process for process in children[None] if process.phase == phase]
        nodes = tuple(_walk(roots, children, own, limits, room))
        room -= len(nodes)
        phases.append((phase, nodes))
    shown = sum(node.times for _, nodes in phases for node in nodes)
    return Forest(profile, tuple(phases), len(processes), shown)


def _walk(
    roots: list[Process],
    children: dict[int | None, list[Process]],
    own: dict[int, list[Behaviour]],
    limits: Limits,
    room: int,
) -> Iterator[Node]:
    """Every process before those it started, without recursion: a package may nest as deep as it likes."""
    stack = [(process, times, 0) for process, times in reversed(_folded(roots, children, own))]
    seen: set[int] = set()
    while stack and len(seen) < room:
        process, times, depth = stack.pop()
        if process.id in seen:
            continue
        seen.add(process.id)
        did = sorted(own.get(process.id, ()), key=lambda b: _rank(b.kind.family))
        counts = Counter(behaviour.kind.family for behaviour in did)
        yield Node(process, min(depth, MAX_DEPTH), listed(did, limits.own), tuple(counts.items()), times)
        below = _folded(children.get(process.id, []), children, own)
        stack.extend((child, times, depth + 1) for child, times in reversed(below))


def _folded(
    siblings: list[Process], children: dict[int | None, list[Process]], own: dict[int, list[Behaviour]]
) -> list[tuple[Process, int]]:
    """Siblings, those that are the same command and did nothing of their own told once, with how often."""
    first: dict[tuple[object, ...], int] = {}
    folded: list[tuple[Process, int]] = []
    for process in siblings:
        key = (process.argv, process.by, process.owner, process.exit, process.end is None)
        if process.id in children or process.id in own:
            folded.append((process, 1))
        elif (at := first.get(key)) is not None:
            folded[at] = (folded[at][0], folded[at][1] + 1)
        else:
            first[key] = len(folded)
            folded.append((process, 1))
    return folded


def _rank(family: str) -> int:
    return TELLING.index(family) if family in TELLING else len(TELLING)
