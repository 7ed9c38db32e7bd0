"""Decide: the whole policy, from findings to a verdict. Nothing else reads severity and confidence."""

from collections.abc import Iterable, Sequence

from biopsy.detect.sight import cut_short, finished, unread
from biopsy.model.behaviour import By, Kind
from biopsy.model.coverage import Reach, coverage
from biopsy.model.dossier import Call, Dossier, Finding, Level, Verdict

_WORRYING = (Level.MEDIUM, Level.HIGH)
_UNREAD = (Kind.ARCHIVE_BOMB, Kind.ARCHIVE_DAMAGED)
_SORTS = {
    "modules": "modules imported",
    "functions": "functions called",
    "commands": "commands started",
    "scripts": "install scripts run",
}
_NAMED = 3  # how many titles or gaps one sentence holds


def decide(findings: Sequence[Finding], dossier: Dossier) -> Verdict:
    """Return the verdict on a dossier.

    One decisive finding convicts, and no gap in the analysis acquits it. Any other finding that is at least
    medium in both severity and confidence makes it suspicious; however many there are, they never convict.
    Where neither was found, only an analysis without a gap may call it benign. Draft rules never count.
    """
    stable = [finding for finding in findings if finding.status == "stable"]
    proof = [f for f in stable if f.convicts and f.severity is f.confidence is Level.HIGH]
    doubt = [f for f in stable if f.severity in _WORRYING and f.confidence in _WORRYING]
    gaps = _gaps(dossier)
    if proof:
        return _verdict(Call.MALICIOUS, proof, gaps)
    if doubt:
        return _verdict(Call.SUSPICIOUS, doubt, gaps)
    if gaps:
        return Verdict(
            Call.UNKNOWN, f"Nothing worrying was found, but the analysis is incomplete: {_few(gaps)}."
        )
    low = [f.rule for f in stable]
    return Verdict(Call.BENIGN, f"{_how(dossier)} and nothing worrying was found.", tuple(low))


def _how(dossier: Dossier) -> str:
    """What was done; where a phase did not reach all that there is, how far it came."""
    if dossier.read_only:
        return "Everything was read (packages of this kind are read, not run)"
    far = [
        words
        for sort, what in _SORTS.items()
        if (words := _short([getattr(one, sort) for one in coverage(dossier)], what))
    ]
    return f"Every phase was run ({', '.join(far)})" if far else "Every phase was run"


def _short(reached: Sequence[Reach], what: str) -> str:
    """Where something was left out: the least that any profile reached."""
    counts = [reach for reach in reached if reach.of]
    least = min(counts, key=lambda reach: reach.done / reach.of, default=Reach())
    if least.done == least.of:
        return ""
    alike = all((reach.done, reach.of) == (least.done, least.of) for reach in counts)
    return f"{'' if alike else 'at least '}{least.done} of {least.of} {what}"


def _verdict(call: Call, because: Sequence[Finding], gaps: Sequence[str]) -> Verdict:
    ordered = sorted(because, key=lambda f: (-_rank(f.severity), -_rank(f.confidence)))
    reason = _few([f"{finding.title}{_whose(finding)}" for finding in ordered])
    if gaps:
        reason += f"; this stands although the analysis is incomplete ({_few(gaps)})"
    categories = dict.fromkeys(finding.category for finding in ordered)
    return Verdict(call, f"{reason}.", tuple(finding.rule for finding in ordered), tuple(categories))


def _whose(finding: Finding) -> str:
    """Say so where a dependency did it all: it weighs the same, for who installs the one gets the other."""
    if not all(behaviour.by is By.DEPENDENCY for behaviour in finding.evidence):
        return ""
    owners = dict.fromkeys(b.owner for b in finding.evidence if b.owner)
    return f" (by the dependency {', '.join(owners)})" if owners else " (by a dependency)"


def _gaps(dossier: Dossier) -> list[str]:
    """Return what keeps the absence of findings from meaning anything, each in a few words."""
    if not dossier.read_only and (dossier.static_only or not dossier.outcomes):
        return ["nothing was run"]
    gaps = []
    for outcome in () if dossier.read_only else dossier.outcomes:
        if not finished(outcome):
            code = outcome.reason.partition(": ")[0]
            where = f"{outcome.phase} under {outcome.profile}" if outcome.profile else outcome.phase
            gaps.append(f"{where} {outcome.status}{f' ({code})' if code else ''}")
    gaps += [
        f"not all that happened under {w.profile} was recorded" for w in dossier.watches if not w.complete
    ]
    if any(b.kind in _UNREAD for b in dossier.behaviours):
        gaps.append("not all of the archive could be read")
    if cut := [b for b in dossier.behaviours if cut_short(b)]:
        gaps.append(f"code that runs by itself was not read to its end ({_few([b.value for b in cut])})")
    elif dossier.read_only and (lost := [b for b in dossier.behaviours if unread(b)]):
        # Where nothing is run, what could not be read was not seen at all.
        gaps.append(f"not every file could be read ({_few([b.value for b in lost])})")
    return list(dict.fromkeys(gaps))


def _few(parts: Iterable[str]) -> str:
    listed = list(parts)
    more = [f"{len(listed) - _NAMED} more"] if len(listed) > _NAMED else []
    return "; ".join(listed[:_NAMED] + more)


def _rank(level: Level) -> int:
    return list(Level).index(level)
