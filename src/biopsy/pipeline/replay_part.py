"""Replay one part of what is kept, in one process: by the rules of today, beside the verdicts that hold."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy import detect
from biopsy.model.dossier import Analysis, Call, Dossier
from biopsy.model.release import Release
from biopsy.model.replay import Change
from biopsy.pipeline import before, replay_before, verdicts
from biopsy.pipeline.analyze import judge
from biopsy.pipeline.follow.policy import Policies
from biopsy.pipeline.replay_lean import UNREADABLE, Lean, lean
from biopsy.warehouse import Judgement, Part, Stored, Unreadable, Warehouse, judgement, restore

AT_ONCE = 512
"""Dossiers that are held at a time; those before them are looked up together."""


class Held(Struct, frozen=True):
    """The verdict that holds so far, and because of which rules."""

    call: Call
    because: tuple[str, ...]


class Setting(Struct, frozen=True):
    """How to replay. `at` is the time that is written, RFC 3339; `rules` are named by their digest."""

    home: Path
    rules: tuple[detect.Rule, ...]
    digest: str
    at: str
    since: str = ""
    write: bool = False
    reports: bool = True


class Known(Struct, frozen=True):
    """What was looked up at once for all parts: the verdicts by run id, and packages of several versions."""

    held: Mapping[str, Held]
    versions: replay_before.Versions


class Tally(Struct, frozen=True):
    """What came of one part."""

    part: str
    read: int
    calls: dict[str, int]
    changes: tuple[Change, ...] = ()
    unreadable: tuple[str, ...] = ()
    written: int = 0


class _Desk:
    """What this process replays with; set once, before its first part."""

    setting: Setting
    known: Known
    warehouse: Warehouse
    policies: Policies


def begin(setting: Setting, known: Known) -> None:
    """Make this process ready. What it makes are no circles: the collector would only look at it all."""
    _Desk.setting, _Desk.known = setting, known
    _Desk.warehouse, _Desk.policies = Warehouse(setting.home), Policies(setting.home)
    gc.collect()
    gc.freeze()
    gc.disable()


def replay(part: Part, name: str) -> Tally:
    """Judge the dossiers of a part; where that is wanted, keep what changed before this returns."""
    setting, warehouse = _Desk.setting, _Desk.warehouse
    calls = dict.fromkeys(Call, 0)
    changes: list[Change] = []
    judgements: list[Judgement] = []
    unreadable: list[str] = []
    read = 0
    gc.collect()  # what errors left; nothing else makes circles
    stored = iter(warehouse.stored(part))
    while some := list(islice(stored, AT_ONCE)):
        unreadable += [one.why for one in some if isinstance(one, Unreadable)]
        opened = _opened([one for one in some if isinstance(one, Stored)], unreadable)
        for analysis in _judged(opened, unreadable):
            read += 1
            calls[analysis.verdict.call] += 1
            change = _change(analysis)
            if change is not None:
                changes.append(change)
                if setting.write:
                    judgements.append(judgement(analysis, setting.at, setting.digest))
    if setting.write and setting.reports:
        changes = _reported(part, changes)
    # Last: whoever dies before finds the same changes again, and no report is lost.
    warehouse.judge(judgements)
    numbers = {call.value: count for call, count in calls.items() if count}
    return Tally(name, read, numbers, tuple(changes), tuple(unreadable), len(judgements))


def _opened(stored: Iterable[Stored], unreadable: list[str]) -> list[Lean]:
    since = _Desk.setting.since
    wanted = (one for one in stored if one.created[: len(since)] >= since)
    opened = list(lean(wanted, detect.indexed(_Desk.setting.rules)))
    unreadable += [one for one in opened if isinstance(one, str)]
    return [one for one in opened if isinstance(one, Lean)]


class _NotHereError(Exception):
    """The release before is wanted, and was not read yet."""


def _judged(opened: Sequence[Lean], unreadable: list[str]) -> Iterator[Analysis]:
    """Judge dossiers, each beside the one before it; that is read only where a rule looks at it."""
    here = {one.dossier.run_id: one for one in opened}

    def known(dossier: Dossier) -> Dossier | None:
        if dossier.against in here:
            with suppress(ValueError):  # then it is told by itself, and the one before it may do
                return here[dossier.against].whole
        if replay_before.expected(dossier, _Desk.known.versions):
            raise _NotHereError
        return None

    waiting = []
    for one in opened:
        try:
            yield _analysis(one, partial(known, one.dossier))
        except _NotHereError:
            waiting.append(one)
        except ValueError as err:
            unreadable.append(UNREADABLE.format(one.dossier.run_id, err))
    dossiers = [one.dossier for one in waiting]
    previous = replay_before.read(dossiers, _Desk.warehouse, _Desk.known.versions)
    for one in waiting:
        try:
            yield _analysis(one, previous[one.dossier.run_id])
        except ValueError as err:
            unreadable.append(UNREADABLE.format(one.dossier.run_id, err))


def _analysis(one: Lean, previous: Dossier | Callable[[], Dossier | None] | None) -> Analysis:
    """Judge one; classes are given, and all of it is read, only where that is going to be written."""
    findings = detect.match(_Desk.setting.rules, one.dossier, previous, one.everything)
    made = Analysis(one.dossier, findings, detect.decide(findings, one.dossier))
    if not _Desk.setting.write or not _differs(made):
        return made
    return replace(made, dossier=one.whole, classes=detect.classify(findings, one.whole))


def _differs(analysis: Analysis) -> bool:
    verdict, held = analysis.verdict, _Desk.known.held.get(analysis.dossier.run_id)
    return held is None or held.call is not verdict.call or {*held.because} != {*verdict.because}


def _change(analysis: Analysis) -> Change | None:
    dossier, verdict = analysis.dossier, analysis.verdict
    release: Release = dossier.release
    if not _differs(analysis):
        return None
    held = _Desk.known.held.get(dossier.run_id)
    rested, rests = set(held.because if held else ()), set(verdict.because)
    return Change(
        dossier.run_id,
        release.ecosystem,
        release.name,
        release.version,
        dossier.artifact.filename,
        dossier.created,
        held.call if held else None,
        verdict.call,
        tuple(rule for rule in verdict.because if rule not in rested),
        tuple(sorted(rested - rests)),
        verdict.reason,
    )


def _reported(part: Part, changes: Sequence[Change]) -> list[Change]:
    """Let policy decide on what is malicious now, and say where a report stands on what no longer is."""
    telling = {one.run_id for one in changes if Call.MALICIOUS in {one.before, one.after}}
    if not telling:
        return list(changes)
    told: dict[str, str] = {}
    for stored in _Desk.warehouse.stored(part, whole=True):
        if isinstance(stored, Stored) and stored.run_id in telling:
            told[stored.run_id] = _report(restore(stored))
    return [replace(one, report=told.get(one.run_id, "")) for one in changes]


def _report(dossier: Dossier) -> str:
    previous = replay_before.read([dossier], _Desk.warehouse, _Desk.known.versions)
    analysis = judge(dossier, before.Before(previous[dossier.run_id]), _Desk.setting.rules)
    database = _Desk.setting.home / "reports.db"
    if analysis.verdict.call is Call.MALICIOUS:
        return str(verdicts.file(analysis, _Desk.policies, database, _Desk.setting.at))
    stands = verdicts.standing(analysis, database)
    return f"{stands} before, and stands" if stands else ""
