"""What people decide on reports: ids, withdrawals, cleared versions, disputes; and how it is undone.

Every decision goes into the log with who, when and why, and with a batch: what one command did can be undone
together. The claims stay as they are; the report is computed anew.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from biopsy.errors import UsageError
from biopsy.reports import matching
from biopsy.reports.claim import OWN, Package
from biopsy.reports.database import Act, Database, now
from biopsy.reports.record import Report
from biopsy.reports.undo import undo, undoing

REASONS = ("false-positive", "test", "duplicate", "name-reuse", "upstream-withdrawn", "other")
"""Why a report, or some versions of it, are withdrawn."""


def act(actor: str, reason: str = "", evidence: str = "") -> Act:
    """Who decides, now, as a batch of its own: what one command or request does is undone together."""
    return Act(actor, now(), reason, evidence, uuid.uuid4().hex[:12])


def find(database: Database, words: Sequence[str]) -> list[tuple[int, Package]]:
    """The packages that words mean: an id, an alias, `ecosystem/name`; UsageError for others."""
    found: dict[int, Package] = {}
    for word in words:
        held = database.lookup(word)
        if not held:
            raise UsageError(f"{word}: no report has this id or alias, or is on a package of this name")
        found.update(held)
    return sorted(found.items())


def assign(database: Database, act: Act, only: Package | None = None) -> list[tuple[Package, str]]:
    """Give an id to every published report that has none; returns which. The year is that of `published`.

    With `only`, to the one on this package, if it has none.
    """
    made: list[tuple[Package, str]] = []
    with database.change():
        for number, package, published in list(database.unassigned()):
            if only not in {None, package}:
                continue
            own = database.next_id(published[:4] or act.at[:4], number, act.at)
            _decide(database, (number, package), act, "assigned", {"id": own})
            made.append((package, own))
    return made


def publish(
    database: Database, packages: Iterable[tuple[int, Package]], act: Act
) -> list[tuple[Package, str]]:
    """Approve what waits on packages, and give reports an id that have none; returns which is whose.

    Raises UsageError for a report that was withdrawn: whether it stands again is decided by `reinstate`.
    """
    made: list[tuple[Package, str]] = []
    with database.change():
        for number, package in packages:
            report = database.document(number) or {}
            if database.decisions(number).get("withdrawn"):
                raise UsageError(f"{package.ecosystem}/{package.name} was withdrawn: reinstate it, too")
            database.settle([(number, package)], act)
            own = str(report.get("id") or "")
            if not OWN.fullmatch(own):
                year = str(report.get("published") or act.at)[:4]
                own = database.next_id(year, number, act.at)
                _decide(database, (number, package), act, "assigned", {"id": own})
            made.append((package, own))
    return made


def reject(database: Database, packages: Iterable[tuple[int, Package]], act: Act) -> int:
    """Never count what waits on packages; it is kept. Returns how many claims that are."""
    return database.settle(packages, act, reject=True)


def dispute(
    database: Database, which: tuple[int, Package], act: Act, versions: Sequence[str] = (), proof: str = ""
) -> int:
    """Open a dispute on a report; returns its number. The report stands, and shows it."""
    if not act.reason.strip():
        raise UsageError("reason: what is wrong with the report, and how one knows")
    _affected(database, which, versions)
    with database.change():
        number = database.dispute(which[0], (act.at, act.actor, act.reason), proof, versions)
        _told(database, which, act, "disputed")
    return number


def answer(database: Database, number: int, act: Act, *, accept: bool) -> Package:
    """Accept a dispute, and withdraw what it is about, or reject it; UsageError where it is not open."""
    with database.change():
        found = database.disputes(number=number)
        database.close_dispute(number, "accepted" if accept else "rejected", act.at)
        one = found[0]
        which = (database.number(one.package), one.package)
        _told(database, which, act, "accepted" if accept else "dismissed")
        if accept and not (database.document(which[0]) or {}).get("withdrawn"):
            why = f"false-positive: dispute {number}: {act.reason or one.reason}"
            withdraw(database, [which], replace(act, reason=why), one.versions)
    return one.package


def _told(database: Database, which: tuple[int, Package], act: Act, action: str) -> None:
    """Put the disputes on a report into it."""
    held = [one.data() for one in database.disputes(package=which[0]) if one.state != "retracted"]
    specific = {**database.decisions(which[0]).get("specific", {}), "disputes": held}
    _decide(database, which, act, action, {"specific": specific})


def withdraw(
    database: Database, packages: Iterable[tuple[int, Package]], act: Act, versions: Sequence[str] = ()
) -> None:
    """Withdraw reports, or only `versions` of them; of all versions that a report names, that is the same.

    Raises UsageError without one of the reasons, for versions that a report does not call affected, and for
    what is withdrawn already.
    """
    _reasoned(act)
    with database.change():
        for number, package in packages:
            report = database.document(number) or {}
            if report.get("withdrawn"):
                raise UsageError(f"{package.ecosystem}/{package.name} is withdrawn already")
            if versions:
                _clear(database, (number, package), act, versions)
                report = database.document(number) or {}
            if not versions or not any(a.get("versions") or a.get("ranges") for a in report["affected"]):
                specific = dict(database.decisions(number).get("specific", {}))
                specific["withdrawn"] = _why(act)
                changed: Report = {"withdrawn": act.at, "reinstated": False, "specific": specific}
                _decide(database, (number, package), act, "withdrawn", changed)


def _clear(database: Database, which: tuple[int, Package], act: Act, versions: Sequence[str]) -> None:
    _affected(database, which, versions)
    held = database.decisions(which[0])
    specific = dict(held.get("specific", {}))
    cleared = sorted({*held.get("cleared", ()), *versions})
    known = [c for c in specific.get("cleared", ()) if c.get("version") not in versions]
    known += [{"version": v, "reason": act.reason, "at": act.at} for v in versions]
    specific["cleared"] = sorted(known, key=lambda c: str(c["version"]))
    _decide(database, which, act, "cleared", {"cleared": cleared, "specific": specific})


def _affected(database: Database, which: tuple[int, Package], versions: Sequence[str]) -> None:
    """Raises UsageError for a version that the report does not call affected."""
    ecosystem, report = which[1].ecosystem, database.document(which[0]) or {}
    for version in versions:
        if not matching.affects(report, ecosystem, version):
            raise UsageError(f"{ecosystem}/{which[1].name}: {version} is not called affected")


def reinstate(database: Database, packages: Iterable[tuple[int, Package]], act: Act) -> None:
    """Take back withdrawals and cleared versions; raises UsageError for a report that stands as a whole."""
    with database.change():
        for number, package in packages:
            held = database.decisions(number)
            if not held.get("cleared") and not (database.document(number) or {}).get("withdrawn"):
                raise UsageError(f"{package.ecosystem}/{package.name} stands: nothing of it was withdrawn")
            specific = {
                k: v for k, v in held.get("specific", {}).items() if k not in {"withdrawn", "cleared"}
            }
            changed = {"withdrawn": "", "reinstated": True, "cleared": [], "specific": specific}
            _decide(database, (number, package), act, "reinstated", changed)


def _why(act: Act) -> Report:
    """The reason of a withdrawal as data: one of REASONS, and what a person should know."""
    word, _, note = act.reason.partition(":")
    made: Report = {"reason": word}
    made |= {"note": note.strip()} if note.strip() else {}
    return made | ({"evidence": act.evidence} if act.evidence else {})


def _reasoned(act: Act) -> None:
    if act.reason.partition(":")[0] not in REASONS:
        raise UsageError(f"reason: one of {', '.join(REASONS)}, and after a colon what a person should know")


def _decide(database: Database, which: tuple[int, Package], act: Act, action: str, changed: Report) -> None:
    held = {**database.decisions(which[0]), **changed, "changed": act.at}
    database.decide(*which, held, act, action)


__all__ = [
    "REASONS",
    "Act",
    "answer",
    "assign",
    "dispute",
    "find",
    "publish",
    "reinstate",
    "reject",
    "undo",
    "undoing",
    "withdraw",
]
