"""What people decide on reports: ids, withdrawals, cleared versions, disputes; and how it is undone.

Every decision goes into the log with who, when and why, and with a batch: what one command did can be undone
together. The claims stay as they are; the report is computed anew.
"""

import json
from collections.abc import Iterable, Sequence

from biopsy.errors import UsageError
from biopsy.reports.claim import Package
from biopsy.reports.database import Act, Database
from biopsy.reports.record import Report

REASONS = ("false-positive", "test", "duplicate", "name-reuse", "upstream-withdrawn", "other")
"""Why a report, or some versions of it, are withdrawn."""


def find(database: Database, words: Sequence[str]) -> list[tuple[int, Package]]:
    """The packages that words mean: an id, an alias, `ecosystem/name`; UsageError for others."""
    found: dict[int, Package] = {}
    for word in words:
        held = database.lookup(word)
        if not held:
            raise UsageError(f"{word}: no report has this id or alias, or is on a package of this name")
        found.update(held)
    return sorted(found.items())


def assign(database: Database, act: Act) -> list[tuple[Package, str]]:
    """Give an id to every published report that has none; returns which. The year is that of `published`."""
    made: list[tuple[Package, str]] = []
    with database.change():
        for number, package, published in list(database.unassigned()):
            own = database.next_id(published[:4] or act.at[:4], number, act.at)
            _decide(database, (number, package), act, "assigned", {"id": own})
            made.append((package, own))
    return made


def withdraw(
    database: Database, packages: Iterable[tuple[int, Package]], act: Act, versions: Sequence[str] = ()
) -> None:
    """Withdraw reports, or only `versions` of them; raises UsageError without one of the reasons."""
    _reasoned(act)
    with database.change():
        for number, package in packages:
            held = database.decisions(number)
            if versions:
                cleared = sorted({*held.get("cleared", ()), *versions})
                _decide(database, (number, package), act, "cleared", {"cleared": cleared})
            else:
                changed = {"withdrawn": act.at, "reinstated": False}
                _decide(database, (number, package), act, "withdrawn", changed)


def reinstate(database: Database, packages: Iterable[tuple[int, Package]], act: Act) -> None:
    """Take back withdrawals and cleared versions."""
    with database.change():
        for number, package in packages:
            changed = {"withdrawn": "", "reinstated": True, "cleared": []}
            _decide(database, (number, package), act, "reinstated", changed)


def undo(database: Database, batch: str, act: Act) -> int:
    """Put the decisions of a batch back to what they were before it; returns of how many reports."""
    entries = database.batch(batch)
    if not entries:
        raise UsageError(f"{batch}: no batch of this name is in the log")
    with database.change():
        for number, package, before in reversed(entries):
            database.decide(number, package, json.loads(before or "{}"), act, "undone")
    return len(entries)


def _reasoned(act: Act) -> None:
    if act.reason.partition(":")[0] not in REASONS:
        raise UsageError(f"reason: one of {', '.join(REASONS)}, and after a colon what a person should know")


def _decide(database: Database, which: tuple[int, Package], act: Act, action: str, changed: Report) -> None:
    held = {**database.decisions(which[0]), **changed, "changed": act.at}
    database.decide(*which, held, act, action)


__all__ = ["REASONS", "Act", "assign", "find", "reinstate", "undo", "withdraw"]
