"""One target from its name to its verdict."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

import biopsy
from biopsy import detect, static
from biopsy.errors import UsageError
from biopsy.model import compiled, kept
from biopsy.model.behaviour import Behaviour
from biopsy.model.comparison import Comparison, Side
from biopsy.model.dossier import READ_ONLY, Analysis, Call, Dossier, Tool
from biopsy.model.run import Outcome, Run, Status
from biopsy.pipeline import before, merge, metadata
from biopsy.pipeline.readers import readers
from biopsy.pipeline.source import Opened, Sample, collect, open_up, unreadable
from biopsy.warehouse import Warehouse

Progress = Callable[[str, float | None], None]
"""Told what is being done now, and how much of it is done (0 to 1) where that is known."""


class Options(Struct, frozen=True):
    """How to analyse. `home` is BIOPSY_HOME; empty tuples and None mean the default."""

    home: Path
    static_only: bool = False
    profiles: tuple[str, ...] = ()  # names, `all`, `auto`; none is `auto`: see `roster`
    phases: tuple[str, ...] = ()
    timeout: float | None = None  # seconds for all phases under one profile
    artifact: str | None = None  # sdist, wheel, all
    keep: Path | None = None
    rules: Path | None = None
    against: str | None = None  # None: the release before; `none`: nothing; else a target or a run id
    published: str = ""  # RFC 3339, as a feed said: time to a verdict counts from there
    scratch: Path | None = None  # where everything lies that is gone afterwards; None: in `home`

    @property
    def temporary(self) -> Path:
        """Where everything lies that is gone afterwards."""
        return self.scratch or self.home / "tmp"


def analyze(target: str, options: Options, progress: Progress) -> tuple[Analysis, ...]:
    """Take what `target` names apart, run it, judge it, and keep the dossier; one analysis an artifact.

    Raises UsageError where the target or an option makes no sense, RegistryError where the registry fails,
    RuleError for wrong rules, CannotSandbox where this machine cannot run a sandbox and was not told to
    do without. What the package does, and a sandbox that breaks half-way, ends up in the dossier instead.
    """
    with begin(options, progress) as work:
        before.check(options.against, work.warehouse)
        progress(f"fetching {target}", None)
        samples = collect(target, options.artifact, work.store, work.scratch)
        return tuple(one(sample, work) for sample in samples)


def show(home: Path, run_id: str, rules: Path | None = None, against: str | None = None) -> Analysis:
    """Judge a dossier that is kept, by the rules of today; nothing is run again, so `against` is a run id."""
    warehouse = Warehouse(home)
    dossier = warehouse.get(run_id)
    if against and against != before.NONE:
        return judge(dossier, before.Before(warehouse.get(against)), _rules(rules, home))
    return judged(dossier, warehouse, _rules(rules, home), against)


def judged(
    dossier: Dossier, warehouse: Warehouse, rules: tuple[detect.Rule, ...], against: str | None = None
) -> Analysis:
    """Judge a kept dossier beside what it was compared with when it was made; `against` may be `none`."""
    earlier = before.Before()
    if (against or dossier.against) != before.NONE:
        earlier = before.Before(before.recorded(dossier, warehouse))
    return judge(dossier, earlier, rules)


def _rules(folder: Path | None, home: Path) -> tuple[detect.Rule, ...]:
    kept.keep_in(home / "cache")
    return detect.ready(folder)


def _unmarked(stage: str) -> None:
    """Nobody measures the stages."""


class Work(Struct, frozen=True):
    """What one request works with; `scratch` is a folder that is gone after it."""

    options: Options
    rules: tuple[detect.Rule, ...]
    warehouse: Warehouse
    scratch: Path
    progress: Progress
    aside_only: bool = False  # only to be compared with: its other artifact is nobody's concern
    mark: Callable[[str], None] = _unmarked  # told the name of each stage as it begins

    @property
    def store(self) -> Path:
        """Where artifacts are kept; where all that is gone afterwards has a place, they are there, too."""
        return (self.options.scratch or self.options.home) / "artifacts"

    def aside(self, sample: Sample) -> Dossier:
        """Look at another release to compare with, in the same way, and keep what was seen."""
        told = f"{sample.release.version or sample.artifact.filename}, to compare with: "
        quieter = replace(
            self,
            options=replace(self.options, keep=None),
            aside_only=True,
            mark=_unmarked,
            progress=lambda text, done: self.progress(told + text, done),
        )
        dossier = examine(sample, quieter)
        self.warehouse.add(dossier)
        return dossier


@contextmanager
def begin(
    options: Options, progress: Progress, rules: tuple[detect.Rule, ...] | None = None
) -> Iterator[Work]:
    """Load the rules, unless they are given, and make the scratch folder."""
    rules = _rules(options.rules, options.home) if rules is None else rules
    root = options.temporary
    root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="analyze-", dir=root))
    try:
        yield Work(options, rules, Warehouse(options.home), scratch, progress)
    finally:
        compiled.keep()
        shutil.rmtree(scratch, ignore_errors=True)


def one(sample: Sample, work: Work) -> Analysis:
    """Examine a sample, keep its dossier, and judge it beside the release before."""
    dossier = examine(sample, work)
    work.mark("compare")
    earlier = _before(sample, dossier, work)
    known = earlier.dossier.run_id if earlier.dossier else ""
    dossier = replace(dossier, against=before.NONE if work.options.against == before.NONE else known)
    work.mark("keep")
    work.warehouse.add(dossier)
    work.mark("judge")
    analysis = judge(dossier, earlier, work.rules)
    work.warehouse.judged(analysis, now(), published=work.options.published)
    return analysis


def now() -> str:
    """Say the time as dossiers and judgements have it: RFC 3339, in UTC, to the second."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _before(sample: Sample, dossier: Dossier, work: Work) -> before.Before:
    """What to compare with; what is looked at for that, on the same machines, is compared with nothing."""
    profiles = tuple(dict.fromkeys(one.profile for one in dossier.outcomes if one.profile))
    work = replace(work, options=replace(work.options, profiles=profiles))
    desk = before.Desk(work.warehouse, work.store, work.scratch, work.aside)
    match work.options.against:
        case before.NONE:
            return before.Before()
        case None:
            return before.find(sample, dossier, desk)
        case target:
            return before.named(target, dossier, desk)


def examine(sample: Sample, work: Work) -> Dossier:
    """Read a sample, run it unless only reading was asked for, and say what was seen; nothing is kept yet."""
    began, options, progress = time.monotonic(), work.options, work.progress
    run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(4).hex()}"
    work.mark("unpack")
    progress(f"unpacking {sample.artifact.filename}", None)
    opened = open_up(sample, work.scratch)
    if why := unreadable(opened):
        raise UsageError(f"{sample.artifact.filename}: cannot be read: {why}")
    work.mark("read")
    progress(f"reading {len(opened.tree.files)} files", None)
    behaviours = _read(opened, work)
    work.mark("run")
    reads = options.static_only or _never_run(opened)
    ran = merge.Ran(()) if reads else _run(opened, run_id, behaviours, work)
    return replace(
        _dossier(run_id, opened, behaviours, ran),
        tool=Tool(
            biopsy.__version__, detect.digest(work.rules), ran.image, ran.gvisor, ran.platform, readers()
        ),
        static_only=reads,
        duration_s=round(time.monotonic() - began, 3),
    )


def _run(opened: Opened, run_id: str, behaviours: tuple[Behaviour, ...], work: Work) -> merge.Ran:
    from biopsy.pipeline import dynamic, roster, seeing  # noqa: PLC0415 - a third of a second that reading does without

    def further(ran: merge.Ran) -> tuple[str, ...]:
        if not roster.grows(work.options.profiles) or work.options.phases:
            return ()
        so_far = judge(_dossier(run_id, opened, behaviours, ran), before.Before(), work.rules)
        sight = seeing.sight(opened, so_far.dossier, work.options.home)
        return roster.further(work.options.profiles, so_far.dossier, so_far.verdict.call, sight)

    read = judge(
        _dossier(run_id, opened, behaviours, merge.Ran(())), before.Before(), work.rules
    ).verdict.call
    return dynamic.run(
        opened,
        run_id,
        work.options,
        work.progress,
        further,
        seen=behaviours,
        suspected=read in {Call.SUSPICIOUS, Call.MALICIOUS},
    )


def _never_run(opened: Opened) -> bool:
    """Whether packages of its ecosystem are read and no more: it plans no phase."""
    sample = opened.sample
    return not sample.ecosystem.plan(opened.tree, sample.artifact, sample.listing)


def _read(opened: Opened, work: Work) -> tuple[Behaviour, ...]:
    ecosystem, tree = opened.sample.ecosystem, opened.tree
    seen: dict[Behaviour, None] = dict.fromkeys(opened.oddities)
    seen.update(dict.fromkeys(ecosystem.hooks(tree)))
    today = datetime.now(UTC).date()
    seen.update(
        dict.fromkeys(
            metadata.read(
                opened, work.options.home, work.store, work.scratch, today, sibling=not work.aside_only
            )
        )
    )
    seen.update(dict.fromkeys(static.read(tree, ecosystem.moments(tree))))
    return tuple(seen)


def _dossier(run_id: str, opened: Opened, behaviours: tuple[Behaviour, ...], ran: merge.Ran) -> Dossier:
    run: Run = merge.runs(ran.runs)
    why = "" if ran.runs else READ_ONLY if _never_run(opened) else "static-only"
    skipped = (Outcome("", "run", Status.SKIPPED, why),) if why else ()
    return Dossier(
        run_id=run_id,
        release=opened.sample.release,
        artifact=opened.sample.artifact,
        behaviours=behaviours + ran.behaviours + run.behaviours,
        outcomes=run.outcomes + skipped,
        processes=run.processes,
        exchanges=run.exchanges,
        changes=run.changes,
        evaluated=run.evaluated,
        watches=tuple(one.watch for one in ran.runs),
        created=now(),
    )


def judge(dossier: Dossier, earlier: before.Before, rules: tuple[detect.Rule, ...]) -> Analysis:
    """Say what the rules make of a dossier, beside what was there before."""
    previous = earlier.dossier
    findings = detect.match(rules, dossier, previous)
    comparison = detect.compare(previous, dossier) if previous else None
    if earlier.note and earlier.release:
        comparison = Comparison(Side(earlier.release), note=earlier.note)
    return Analysis(
        dossier,
        findings,
        detect.decide(findings, dossier),
        classes=detect.classify(findings, dossier),
        iocs=detect.iocs(dossier),
        comparison=comparison,
    )
