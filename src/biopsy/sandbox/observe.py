"""From what a cell left behind to behaviours: reads the trace and what was said, believes neither.

`observe` is pure but for reading the two files, and never raises over what is in them.
"""

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from biopsy.model.behaviour import By, Kind
from biopsy.model.run import Process, Run, Watch
from biopsy.sandbox import (
    observe_calls,
    observe_exchanges,
    observe_files,
    observe_heard,
    observe_later,
    observe_leaks,
    observe_net,
    observe_waits,
    observe_watch,
)
from biopsy.sandbox.attribute import attribute, of_driver
from biopsy.sandbox.baseline import MAX_FACTS, Baseline, Fact, Normal, common, interpreter
from biopsy.sandbox.observe_ledger import Draft, draft, settle
from biopsy.sandbox.observe_outcome import floods, outcome, swaps
from biopsy.sandbox.observe_places import Places, places
from biopsy.sandbox.observe_seen import Seen, Watcher
from biopsy.sandbox.observe_waits import LONG_NAP
from biopsy.sandbox.raw import Raw, Subject
from biopsy.sandbox.trace import Tally, read
from biopsy.sandbox.tree import Exec, Forest, Node

MAX_PROCESSES: Final = 5_000
"""Most processes that are shown of one run; those that a behaviour names are all shown."""

MAX_COMMAND: Final = 2_000
"""Longest command line that is shown, in characters."""

MAX_SHOWN_ARGUMENTS: Final = 100

UNSEARCHED: Final = "not all that was said was searched for canaries"

_CRASHES: Final = {
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    11: "SIGSEGV",
    31: "SIGSYS",
}


class _Sight:
    """One run as far as it was made out: the common ground of `observe` and `record`."""

    def __init__(self, raw: Raw, subject: Subject, before: int = 0) -> None:
        """`before` processes were told apart already, in the run that this is a branch of."""
        self.raw = raw
        self.tally = Tally()
        self.forest = Forest(raw.ran, raw.project)
        self.places: Places = places(raw, subject)
        watcher = Watcher(self.forest, frozenset(self.places.canaries), raw.end_ns)
        self.seen: Seen = watcher.watch(read(raw.trace, tally=self.tally))
        self.forest.finish(complete=not (self.tally.dropped or self.tally.malformed or raw.trace_truncated))
        for node in self.forest.nodes:
            node.id += before
        attribute(self.forest.nodes, subject)
        self.net = observe_net.tie(raw, self.forest, self.seen)
        self.normal = Normal(raw, subject)
        self.files = observe_files.Files()
        self.heard = observe_heard.hear(raw, subject, self.seen.journals, self.places)
        self.slept = tuple(observe_waits.own(self.heard.slept))
        self.searched = True

    def drafts(self) -> list[Draft]:
        """Everything that was seen, before it is put in order."""
        opens = list(self.seen.opens.values())
        observe_files.opened(opens, self.places, self.files)
        observe_files.changed(self.raw, opens, self.places, self.files)
        found = [*self.files.drafts, *observe_net.drafts(self.net, self.seen), *observe_net.ran(self.net)]
        found += _processes(self.forest.nodes)
        found += self._evasions()
        leaks, self.searched = observe_leaks.told(self.raw, self.net)
        found += leaks
        found += floods(self.raw)
        found += swaps(self.raw)
        found += self.heard.drafts
        home = self.places.home
        return [observe_calls.own(one, home) for one in found if not (one.node and one.node.ours)]

    def _evasions(self) -> Iterator[Draft]:
        for time, node, seconds in self.seen.naps:
            yield draft(time, Kind.EVASION_SLEEP, f"{seconds:.0f}", node, weight=1)
        for time, node, wait in self.slept:
            if wait.span > LONG_NAP:
                yield draft(time, Kind.EVASION_SLEEP, str(wait.span), node, weight=1)
        for time, node, what in self.seen.tricks:
            yield draft(time, Kind.EVASION_TRACER, what, node, weight=1)
        if self.tally.dropped == 0:  # else the news of these calls may be among what was dropped
            for time, node, what, count in self.seen.hidden.values():
                yield draft(time, Kind.EVASION_TRACER, what, node, weight=1, detail=f"{count} times")

    def news(self, baseline: Baseline | None) -> list[Draft]:
        """What was seen and is nothing that tools do by themselves."""
        return [one for one in self.drafts() if not self._known(one, baseline)]

    def _known(self, one: Draft, baseline: Baseline | None) -> bool:
        if one.by is By.TOOL and (
            one.kind in _NOT_OF_TOOLS or (one.node and one.node.first and one.kind in _LOOKS)
        ):
            return True
        if baseline is None or one.node is None or one.kind in _NEVER_KNOWN:
            return False
        value = self.normal.text(one.value)
        alike = baseline.holds(one.phase, self.role(one), one.kind, value)
        return alike or baseline.holds("*", interpreter(one.node), one.kind, value)

    def role(self, one: Draft) -> str:
        """Name the shape of the process that a draft is of."""
        return self.normal.role(one.node)


def observe(raw: Raw, subject: Subject, baseline: Baseline | None, branches: Sequence[Raw] = ()) -> Run:
    """Turn what a cell left behind, and what its branches did, into what the package did."""
    sights = [_Sight(raw, subject)]
    for one in branches:
        sights.append(_Sight(_beside(one, raw), subject, sum(len(sight.forest.nodes) for sight in sights)))
    drafts = [one for sight in sights for one in sight.news(baseline)]
    ran = [one for sight in sights for one in sight.raw.ran]
    slept = [one for sight in sights for one in sight.slept]
    drafts += observe_later.differing(drafts, slept, ran, sights[0].normal.text)
    listed = settle(drafts, raw.profile, raw.start_ns)
    shown = [observe_exchanges.exchanges(sight.net, sight.raw) for sight in sights]
    exchanges = tuple(one for some, _ in shown for one in some)
    named = {one.process for one in listed.behaviours} | {one.process for one in exchanges}
    watches = [_watch(sight, hidden) for sight, (_, hidden) in zip(sights, shown, strict=True)]
    changes = {one.path: one for sight in reversed(sights) for one in sight.files.changes}
    texts = [observe_heard.texts(sight.heard, listed.behaviours, raw.profile) for sight in sights]
    return Run(
        raw.profile,
        listed.behaviours,
        tuple(outcome(one, raw.profile) for one in raw.ran if not one.again),
        tuple(one for sight in sights for one in _shown(sight.forest.nodes, named, sight.raw)),
        exchanges,
        (*sights[0].files.changes, *(changes[path] for path in _further(sights))),
        observe_watch.joined(watches, listed),
        tuple({one.id: one for some in reversed(texts) for one in reversed(some)}.values())[::-1],
    )


def _beside(branch: Raw, raw: Raw) -> Raw:
    """Give a branch the run's beginning, and what the run had installed."""
    return msgspec.structs.replace(branch, start_ns=raw.start_ns, below=raw.changes)


def _further(sights: list[_Sight]) -> list[str]:
    """Name the files that only branches changed."""
    known = {one.path for one in sights[0].files.changes}
    return sorted({one.path for sight in sights[1:] for one in sight.files.changes} - known)


_NOT_OF_TOOLS: Final = frozenset({Kind.EVASION_FINGERPRINT, Kind.EVASION_SLEEP, Kind.EVASION_TRACER})
_LOOKS: Final = frozenset({Kind.FILE_READ, Kind.CANARY_READ})  # a driver's, looking for what there is to run
_NEVER_KNOWN: Final = frozenset({Kind.CANARY_LEAK, Kind.CODE_REMOTE, Kind.CODE_EVAL})


def record(raw: Raw, subject: Subject, image: str) -> Baseline:
    """Make the baseline of an image, ecosystem and profile from the run of an empty package."""
    sight = _Sight(raw, subject)
    facts: set[Fact] = set()
    done: dict[int, set[tuple[str, str]]] = {}
    for one in sight.drafts():
        if one.node is not None and one.kind not in _NEVER_KNOWN:
            did = (one.kind.value, sight.normal.text(one.value))
            facts.add((one.phase, sight.role(one), *did))
            done.setdefault(one.node.id, set()).add(did)
    facts |= common(done, sight.forest.nodes)
    return Baseline(image, subject.ecosystem, raw.profile, frozenset(sorted(facts)[:MAX_FACTS]))


def _processes(nodes: list[Node]) -> Iterator[Draft]:
    for node in nodes:
        for one in node.execs[1:] if node.first else node.execs:
            if of_driver(node, one):
                continue
            weight = 0 if node.by is By.TOOL or one.error else 1
            detail = f"errno {one.error}" if one.error else one.binary
            if not (one.error and any(other.argv == one.argv and not other.error for other in node.execs)):
                yield draft(one.time, Kind.PROCESS_EXEC, command(one), node, weight=weight, detail=detail)
        signal = -node.exit if node.exit is not None and node.exit < 0 else 0
        if signal in _CRASHES:
            last = node.last
            value = f"{_CRASHES[signal]} {command(last) if last else '?'}"
            yield draft(node.end or node.start, Kind.PROCESS_CRASH, value, node, weight=1)


def command(one: Exec) -> str:
    """Write a command line, shell-quoted. The file that was run stands first where the name given hides
    it.
    """
    argv = list(one.argv[:MAX_SHOWN_ARGUMENTS])
    if one.binary.startswith("/memfd:") or one.binary.endswith(" (deleted)") or not argv:
        argv[:1] = [one.binary or "?"]
    elif one.binary and not one.binary.startswith(("/usr/", "/bin/", "/sbin/", "/lib", "/opt/")):
        base = argv[0].rpartition("/")[2]
        if base != one.binary.rpartition("/")[2]:
            argv[0] = one.binary
    text = shlex.join(argv)
    return text if len(text) <= MAX_COMMAND else text[: MAX_COMMAND - 1] + "…"


def _shown(nodes: list[Node], named: set[int | None], raw: Raw) -> tuple[Process, ...]:
    shown = [node for node in nodes if not node.ours]
    wanted: set[int] = set()
    for node in shown:
        if node.id in named or node.first:
            above: Node | None = node
            while above is not None and above.id not in wanted:
                wanted.add(above.id)
                above = above.parent
    rest = MAX_PROCESSES - len(wanted)
    for node in shown:
        if node.id not in wanted and rest > 0:
            wanted.add(node.id)
            rest -= 1
    return tuple(_process(node, raw) for node in shown if node.id in wanted)


def _process(node: Node, raw: Raw) -> Process:
    parent = node.parent.id if node.parent and not node.parent.ours and not node.first else None
    last = node.last
    shown = node.argv[:MAX_SHOWN_ARGUMENTS]
    argv = tuple(arg if len(arg) <= MAX_COMMAND else arg[: MAX_COMMAND - 1] + "…" for arg in shown)
    return Process(
        node.id,
        parent,
        raw.profile,
        node.phase,
        argv,
        (last.cwd if last else node.cwd) or "",
        round(max(0, node.start - raw.start_ns) / 1e9, 6),
        round(max(0, node.end - raw.start_ns) / 1e9, 6) if node.end else None,
        node.exit,
        node.by,
        node.owner,
    )


def _watch(sight: _Sight, exchanges: int) -> Watch:
    return observe_watch.watch(
        sight.raw,
        sight.tally,
        sight.forest,
        observe_watch.Counted(
            sight.net.malformed,
            sight.net.dropped,
            sight.seen.lost + sight.files.dropped,
            exchanges,
            sight.files.read,
        ),
        (*sight.files.notes, *sight.heard.notes, *(() if sight.searched else (UNSEARCHED,))),
    )
