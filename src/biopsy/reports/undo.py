"""Taking back what one command decided: of every report what was decided before, and claims that wait again.

What was published cannot be unseen: a report whose approval is undone is withdrawn. Ids stay with the report
that they were given to. What somebody decided since would be lost with it, so that is undone first.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from biopsy.errors import UsageError
from biopsy.reports.claim import COUNTED, Package
from biopsy.reports.database import Act, Database
from biopsy.reports.record import Report

_KEPT = ("id", "changed")  # of decisions: neither is taken back, nor stands it against taking back others


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry of the log that can be taken back: what it changed, and how that was before."""

    seq: int
    number: int
    package: Package
    action: str
    before: Report


def undoing(database: Database, batch: str) -> list[tuple[Package, str]]:
    """What a batch did, by package; raises UsageError where that is nothing, or cannot be undone."""
    steps = list(_steps(database, batch))
    if not steps:
        raise UsageError(f"{batch}: no batch of this name is in the log, or nothing that can be undone")
    if all(step.action == "assigned" for step in steps):
        raise UsageError(f"{batch} gave ids, and those stay: what is wrong is withdrawn")
    for step in {step.number: step for step in steps}.values():
        for seq, other, before in database.decided_since(step.number, step.seq):
            if other == batch or (held := _object(before)) is None or "claims" in held:
                continue
            if _compared(held) != _compared(database.decisions(step.number)):
                named = f"undo {other} first" if other else f"entry {seq} of the log"
                raise UsageError(
                    f"{step.package.ecosystem}/{step.package.name} was decided on since: {named}"
                )
            break
    return [(step.package, step.action) for step in steps]


def undo(database: Database, batch: str, act: Act) -> int:
    """Put what a batch decided back to what it was before it; returns of how many reports.

    Raises UsageError where there is no such batch, or where somebody decided on one of its reports since.
    """
    with database.change():
        undoing(database, batch)
        done = set()
        for step in reversed(list(_steps(database, batch))):
            which = (step.number, step.package)
            if "claims" in step.before:
                _wait_again(database, which, step.before["claims"], act)
            else:
                held = database.decisions(step.number)
                kept = {name: held[name] for name in ("id",) if held.get(name)}
                database.decide(*which, {**step.before, **kept}, act, "undone")
            _disputes(database, step.number, act)
            done.add(step.number)
    return len(done)


def _steps(database: Database, batch: str) -> Iterator[_Step]:
    for seq, number, package, action, before in database.entries(batch):
        held = _object(before)
        if held is not None:
            yield _Step(seq, number, package, action, held)


def _object(text: str) -> Report | None:
    """What was before, where the log keeps it; a hash of a report is none."""
    try:
        held = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return None
    return held if isinstance(held, dict) else None


def _compared(held: Report) -> Report:
    return {name: value for name, value in held.items() if name not in _KEPT and value not in ("", [], {})}


def _wait_again(database: Database, which: tuple[int, Package], rows: list[list[str]], act: Act) -> None:
    """Put claims back to what they were; where none counts any more, what was published is withdrawn."""
    database.restore(which, rows, act)
    if any(claim.state == COUNTED for claim in database.claims(which[0])):
        return
    held = database.decisions(which[0])
    if not held.get("id") or held.get("withdrawn"):
        return
    why = {"reason": "other", "note": "its approval was undone"}
    specific = {**held.get("specific", {}), "withdrawn": why}
    changed = {"withdrawn": act.at, "reinstated": False, "specific": specific, "changed": act.at}
    database.decide(*which, {**held, **changed}, act, "withdrawn")


def _disputes(database: Database, number: int, act: Act) -> None:
    """Make the disputes on a report stand as its decisions now say: open again, or never opened."""
    said = database.decisions(number).get("specific", {}).get("disputes", [])
    listed = {(d["opened"], d["reason"]): d for d in said}
    for one in database.disputes(package=number):
        told = listed.get((one.opened, one.reason))
        state = told["state"] if told else "retracted"
        if state != one.state:
            closed = told.get("closed", "") if told else act.at
            database.set_dispute(one.number, state, closed)
