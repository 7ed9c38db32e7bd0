"""What a package did under one profile of several that would all have shown it: `differs.profile`."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from biopsy.detect.compare_value import identity
from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.model.run import Outcome, Run, Status
from biopsy.sandbox import profile

MAX_DIFFERING: Final = 200
"""Most differences that are told of one profile."""

FOREIGN: Final = "no-such-system"
"""Why a phase was not done that needs programs of a system that only interpreters say they are on."""

_TELLING: Final = frozenset(
    {Kind.NET_HTTP, Kind.NET_SEND, Kind.NET_LISTEN, Kind.CODE_REMOTE, Kind.PROCESS_EXEC, Kind.FILE_DELETE}
)


def profiles(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Add to each run what it did and others did not: at least half of all, who finished that phase.

    Of two it is the only one; of five, at most one other did the same, as machines for CI may.
    """
    if len(runs) < 2:
        return runs
    runs = tuple(_excused(run, runs) for run in runs)
    did = [{_same(one): one for one in run.behaviours if _tells(one)} for run in runs]
    return tuple(
        replace(run, behaviours=run.behaviours + tuple(_only(number, runs, did)))
        for number, run in enumerate(runs)
    )


def _excused(run: Run, runs: tuple[Run, ...]) -> Run:
    """Let what failed under another system's profile be skipped where it went well on a real one.

    No program of that system runs here, and no extension made for it loads: that is nothing the package did.
    """
    if not _foreign(run):
        return run
    well = {
        o.phase
        for other in runs
        for o in other.outcomes
        if not _foreign(other) and o.status is Status.COMPLETED
    }
    return replace(
        run,
        outcomes=tuple(
            replace(o, status=Status.SKIPPED, reason=f"{FOREIGN}: {o.reason}")
            if o.status is Status.FAILED and o.phase in well
            else o
            for o in run.outcomes
        ),
    )


def _foreign(run: Run) -> bool:
    return run.profile in profile.names() and "system" in profile.load(run.profile).data["machine"]


def _only(number: int, runs: tuple[Run, ...], did: list[dict[object, Behaviour]]) -> Iterator[Behaviour]:
    others = [(run, mine) for at, (run, mine) in enumerate(zip(runs, did, strict=True)) if at != number]
    alike = len(runs) // 2
    once_more = {b.value.partition(" ")[2] for b in runs[number].behaviours if b.kind is Kind.DIFFERS_AGAIN}
    told = 0
    for key, one in did[number].items():
        without = [run for run, mine in others if key not in mine]
        if (
            f"{one.kind} {one.value}" in once_more
            or len(runs) - len(without) > alike
            or not all(_finished(run, one) for run in without)
        ):
            continue
        told += 1
        if told > MAX_DIFFERING:
            return
        value = f"{runs[number].profile} {one.kind} {one.value}"
        yield replace(one, kind=Kind.DIFFERS_PROFILE, value=value)


def _tells(one: Behaviour) -> bool:
    return one.kind in _TELLING and one.by is By.PACKAGE and isinstance(one.where, InTrace)


def _same(one: Behaviour) -> object:
    assert isinstance(one.where, InTrace)
    return one.where.phase, identity(one)


def _finished(run: Run, one: Behaviour) -> bool:
    assert isinstance(one.where, InTrace)
    return any(
        o.phase == one.where.phase and o.status is Status.COMPLETED and _whole(o) for o in run.outcomes
    )


def _whole(outcome: Outcome) -> bool:
    """Whether no step of a phase was cut short: what came after that, nobody knows."""
    return all(step.status is not Status.TIMEOUT for step in outcome.steps)
