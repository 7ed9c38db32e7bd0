"""One job, in its own process: the very artifact, from the registry to its dossier, verdict and report."""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from biopsy import ecosystems, fetch
from biopsy.ecosystems import Ecosystem, Listing
from biopsy.errors import BadArtifact, CannotSandbox, RegistryError, RuleError, SandboxError, UsageError
from biopsy.model.behaviour import Kind
from biopsy.model.dossier import Analysis
from biopsy.model.job import Depth, Job
from biopsy.model.release import Artifact, Endpoint, Release
from biopsy.pipeline import source
from biopsy.pipeline.analyze import Options, Work, begin, now, one
from biopsy.pipeline.reasons import BROKEN
from biopsy.pipeline.work import known
from biopsy.pipeline.work.coming import Came, Outcome, Setting, Task, Unable, again, age, nothing, park
from biopsy.pipeline.work.rehearsal import Loaded
from biopsy.pipeline.work.task import Tell

if TYPE_CHECKING:
    import httpx

FRESH = 3600.0
"""Seconds after its publication in which a release may not be on every server of its registry yet."""

PATIENCE = (20.0, 120.0)
"""Seconds after which such a release is asked for again."""

TRIES = 3
"""Times that an analysis is tried whose sandbox breaks; then what there is counts."""

GONE = ("no-such-release", "no-such-artifact")

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_FULL = ("No space left", "Disk quota", "database or disk is full")  # as the C library and SQLite say it


class Clock:
    """Measures stages: each lasts until the next begins."""

    def __init__(self, tell: Tell, now: Callable[[], float] = time.monotonic) -> None:
        """Begin; `tell` is told each stage's name."""
        self._tell, self._now = tell, now
        self._stage, self._since = "", now()
        self.seconds: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        """Say that a stage begins; an empty one only ends what was before."""
        now = self._now()
        if self._stage:
            spent = self.seconds.get(self._stage, 0.0) + now - self._since
            self.seconds[self._stage] = round(spent, 4)
        self._stage, self._since = stage, now
        if stage:
            self._tell(stage)


def analyse(task: Task, setting: Setting, loaded: Loaded, scratch: Path, clock: Clock) -> Came:
    """Do a job; raises Unable where it cannot be done, or not now."""
    job = task.job
    with begin(_options(job, setting, scratch), lambda _text, _done: None, loaded.rules) as begun:
        work = replace(begun, mark=clock.mark)
        sample = _sample(task, work, setting, clock)
        clock.mark("known")
        found = known.find(sample, work)
        with _ours():
            analysis = found or one(sample, work)
        _sound(analysis, task)
        if setting.keeps:
            clock.mark("store")
            _store(work.store, setting)
        clock.mark("report")
        report = _report(analysis, setting, loaded) if setting.reports else ""
        clock.mark("")
        verdict, broken = analysis.verdict, _broken(analysis)
        return Came(
            outcome=Outcome.KNOWN if found else Outcome.ANALYSED,
            reason="sandbox-broken" if broken else "",
            detail=broken,
            run_ids=(analysis.dossier.run_id,),
            verdict=verdict.call.value,
            why=verdict.reason,
            because=verdict.because,
            key=known.key(analysis.dossier, work),
            report=report,
            seconds=clock.seconds,
        )


def _options(job: Job, setting: Setting, scratch: Path) -> Options:
    return Options(
        home=Path(setting.home),
        static_only=setting.static_only or job.depth is Depth.STATIC,
        profiles=setting.profiles,
        timeout=setting.timeout,
        rules=Path(setting.rules) if setting.rules else None,
        against=setting.against or None,
        published=job.published,
        scratch=scratch,
    )


def _sample(task: Task, work: Work, setting: Setting, clock: Clock) -> source.Sample:
    """Bring the very artifact; from the store of exact bytes where its registry took it back."""
    job = task.job
    ecosystem, endpoint = registry(job.release)
    with fetch.client() as client:
        clock.mark("resolve")
        try:
            listing = ask(client, ecosystem, endpoint, job.release, task)
            remote = source.offered(listing, job.digest, job.filename)
            if remote is None:
                wanted = f"{job.filename} {job.digest}".strip()
                raise missing(task, "no-such-artifact", f"{job.release.purl} offers no {wanted}")
        except Unable as err:
            clock.mark("fetch")
            if err.came.reason in GONE and (kept := _kept(job, ecosystem, work, setting)):
                return kept
            raise
        clock.mark("fetch")
        try:
            artifact = fetch.fetch(remote, endpoint, client, work.store)
        except BadArtifact as err:
            raise (park if err.code == "digest-differs" else nothing)(err.code, str(err)) from err
        except RegistryError as err:
            raise again("fetch-failed", str(err)) from err
    return source.Sample(ecosystem, listing.release, artifact, listing)


def _kept(job: Job, ecosystem: Ecosystem, work: Work, setting: Setting) -> source.Sample | None:
    """Take an artifact from the store, if it is there under its sha256."""
    from biopsy.warehouse.artifacts import SHA256, Artifacts  # noqa: PLC0415 - an extra

    algorithm, _, sha256 = job.digest.partition(":")
    name = Path(job.filename).name
    kind = ecosystem.kind(name)
    if not setting.keeps or algorithm != "sha256" or not SHA256.fullmatch(sha256) or not kind:
        return None
    path = work.store / sha256[:2] / sha256 / name
    with _storing():
        kept = Artifacts(setting.store or Path(setting.home) / "store")
        if not kept.has(sha256):
            return None
        size = kept.get(sha256, path).size
    return source.Sample(ecosystem, job.release, Artifact(name, kind, path, size, sha256))


def registry(release: Release) -> tuple[Ecosystem, Endpoint]:
    """Give the ecosystem of a release, and the registry that this machine is configured to ask for it."""
    try:
        ecosystem = ecosystems.by_type(release.ecosystem)
    except UsageError as err:
        raise park("no-such-ecosystem", str(err)) from err
    try:
        return ecosystem, ecosystem.endpoint(release.name)
    except RegistryError as err:
        raise again("no-registry", str(err), 300.0, counted=False) from err


def ask(
    client: "httpx.Client", ecosystem: Ecosystem, endpoint: Endpoint, release: Release, task: Task
) -> Listing:
    """Ask the registry about a release; raises Unable where it does not know it, or does not answer."""
    try:
        return ecosystem.resolve(client, endpoint, release)
    except UsageError as err:
        raise missing(task, "no-such-release", str(err)) from err
    except RegistryError as err:
        raise again("registry-down", str(err)) from err


def missing(task: Task, reason: str, detail: str) -> Unable:
    """What is not there may have been deleted; what has just come out may not be everywhere yet."""
    if (age(task.job.published) or 0.0) < FRESH and task.attempt <= len(PATIENCE):
        return again(reason, detail, PATIENCE[task.attempt - 1])
    return nothing(reason, detail)


@contextmanager
def _ours() -> Iterator[None]:
    """Name what went wrong on our side; of what a package does, only that it cannot be read ends up here."""
    try:
        yield
    except UsageError as err:
        raise nothing("unreadable", str(err)) from err
    except CannotSandbox as err:
        raise again("no-sandbox", str(err), 300.0, counted=False) from err
    except SandboxError as err:
        raise again(*_told("sandbox-broken", str(err))) from err
    except RegistryError as err:
        raise again("registry-down", str(err)) from err
    except MemoryError as err:
        raise again("out-of-memory", "while reading it") from err


def _told(code: str, text: str) -> tuple[str, str]:
    return ("disk-full" if any(word in text for word in _FULL) else code), text


def _broken(analysis: Analysis) -> str:
    reasons = (o.reason for o in analysis.dossier.outcomes if o.reason.startswith(BROKEN))
    return next(reasons, "")


def _sound(analysis: Analysis, task: Task) -> None:
    """Refuse a dossier that lacks something for a reason of ours, while trying again may mend that."""
    if task.attempt < TRIES and (broken := _broken(analysis)):
        raise again(*_told("sandbox-broken", broken))
    for behaviour in analysis.dossier.behaviours:
        if behaviour.kind is Kind.PKG_MALFORMED and behaviour.value.endswith(" MemoryError"):
            if task.attempt < TRIES:
                raise again("out-of-memory", behaviour.value)
            return


def _store(folder: Path, setting: Setting) -> None:
    """Keep the exact bytes of whatever was analysed."""
    from biopsy.warehouse.artifacts import Artifacts  # noqa: PLC0415 - an extra

    with _storing():
        kept = Artifacts(setting.store or Path(setting.home) / "store")
        for path in sorted(folder.glob("??/*/*")):
            kept.put(path, path.parent.name)


@contextmanager
def _storing() -> Iterator[None]:
    """Name what is wrong with the store: a job neither ends nor counts as faulty because of it."""
    from biopsy.warehouse.artifacts import Damaged, StoreError  # noqa: PLC0415 - an extra

    try:
        yield
    except Damaged as err:
        raise park("store-damaged", str(err)) from err
    except (StoreError, UsageError) as err:
        raise again(*_told("store-failed", str(err))) from err


def _report(analysis: Analysis, setting: Setting, loaded: Loaded) -> str:
    """Let the policy decide what becomes of a verdict; say what did, in a few words."""
    from biopsy.pipeline import verdicts  # noqa: PLC0415 - loaded by then, where reports are wanted
    from biopsy.reports.database import DatabaseError  # noqa: PLC0415

    try:
        filed = verdicts.file(analysis, loaded.policies, Path(setting.home) / "reports.db", now())
    except DatabaseError as err:
        raise again(*_told("reports-failed", str(err))) from err
    except RuleError as err:
        raise again("policy-wrong", str(err), 300.0, counted=False) from err
    return str(filed)
