"""One target from its name to its verdict."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import biopsy
from biopsy import detect, static
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis, Dossier, Tool
from biopsy.model.run import Outcome, Run, Status
from biopsy.pipeline import dynamic, merge
from biopsy.pipeline.source import Opened, Sample, collect, open_up, unreadable
from biopsy.warehouse import Warehouse

Progress = Callable[[str, float | None], None]
"""Told what is being done now, and how much of it is done (0 to 1) where that is known."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to analyse. `home` is BIOPSY_HOME; empty tuples and None mean the default."""

    home: Path
    static_only: bool = False
    profiles: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    timeout: float | None = None  # seconds for all phases under one profile
    artifact: str | None = None  # sdist, wheel, all
    keep: Path | None = None
    rules: Path | None = None


def analyze(target: str, options: Options, progress: Progress) -> tuple[Analysis, ...]:
    """Take what `target` names apart, run it, judge it, and keep the dossier; one analysis an artifact.

    Raises UsageError where the target or an option makes no sense, RegistryError where the registry fails,
    RuleError for wrong rules, CannotSandbox where this machine cannot run a sandbox and was not told to
    do without. What the package does, and a sandbox that breaks half-way, ends up in the dossier instead.
    """
    rules = detect.load(options.rules)
    scratch_root = options.home / "tmp"
    scratch_root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="analyze-", dir=scratch_root))
    try:
        progress(f"fetching {target}", None)
        samples = collect(target, options.artifact, options.home / "artifacts", scratch)
        return tuple(_one(sample, options, rules, scratch, progress) for sample in samples)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def show(home: Path, run_id: str, rules: Path | None = None) -> Analysis:
    """Judge a dossier that is kept, by the rules of today; nothing is run again."""
    warehouse = Warehouse(home)
    return _judge(warehouse.get(run_id), warehouse, detect.load(rules))


def _one(
    sample: Sample, options: Options, rules: tuple[detect.Rule, ...], scratch: Path, progress: Progress
) -> Analysis:
    began = time.monotonic()
    run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    progress(f"unpacking {sample.artifact.filename}", None)
    opened = open_up(sample, scratch)
    if why := unreadable(opened):
        raise UsageError(f"{sample.artifact.filename}: cannot be read: {why}")
    progress(f"reading {len(opened.tree.files)} files", None)
    behaviours = _read(opened)
    ran = dynamic.Ran(()) if options.static_only else dynamic.run(opened, run_id, options, progress)
    dossier = replace(
        _dossier(run_id, opened, behaviours, ran),
        tool=Tool(biopsy.__version__, detect.digest(rules), ran.image, ran.gvisor, ran.platform),
        static_only=options.static_only,
        duration_s=round(time.monotonic() - began, 3),
    )
    warehouse = Warehouse(options.home)
    warehouse.add(dossier)
    return _judge(dossier, warehouse, rules)


def _read(opened: Opened) -> tuple[Behaviour, ...]:
    ecosystem, tree = opened.sample.ecosystem, opened.tree
    seen: dict[Behaviour, None] = dict.fromkeys(opened.oddities)
    seen.update(dict.fromkeys(ecosystem.hooks(tree)))
    seen.update(dict.fromkeys(static.read(tree, ecosystem.moments(tree))))
    return tuple(seen)


def _dossier(run_id: str, opened: Opened, behaviours: tuple[Behaviour, ...], ran: dynamic.Ran) -> Dossier:
    run: Run = merge.runs(ran.runs)
    skipped = () if ran.runs else (Outcome("", "run", Status.SKIPPED, "static-only"),)
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
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )


def _judge(dossier: Dossier, warehouse: Warehouse, rules: tuple[detect.Rule, ...]) -> Analysis:
    previous = warehouse.previous(dossier.release, dynamic.version_order(dossier.release.ecosystem))
    findings = detect.match(rules, dossier, previous)
    return Analysis(dossier, findings, detect.decide(findings, dossier))
