"""Analyse every scenario and its clean twin, and say how each went."""

import shutil
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import msgspec
from msgspec.structs import replace

from biopsy import detect
from biopsy.errors import BiopsyError
from biopsy.model.behaviour import Behaviour, InFile, InTrace
from biopsy.model.dossier import Analysis, Call
from biopsy.pipeline import Options, analyze
from evals import mutate
from evals.build import Edit, build
from evals.scenario import Scenario

TIMEOUT = 90.0
"""Seconds for all phases of one package."""

MAX_EVIDENCE = 5
"""Behaviours of a finding that the results keep."""


class Seen(msgspec.Struct, frozen=True):
    """What came of one package."""

    verdict: str  # one of the four, or `error`
    reason: str
    because: tuple[str, ...] = ()  # rules that decided
    findings: tuple[str, ...] = ()  # all rules that matched
    fired: tuple[str, ...] = ()  # phases of the evidence of what decided; `static` for files
    evidence: dict[str, tuple[str, ...]] = {}  # of the rules that matched: the first behaviours
    phases: tuple[str, ...] = ()  # `install completed`
    leaks: tuple[str, ...] = ()
    seconds: float = 0.0
    by_running: str = ""  # the verdict on what was seen of the run alone; empty where nothing was run


class Result(msgspec.Struct, frozen=True):
    """One scenario, with its twin where it has one."""

    id: str
    title: str
    row: str
    expected: str
    expected_phase: str
    seen: Seen
    twin: Seen | None = None
    ecosystem: str = ""
    evasive: bool = False
    technique: str = ""
    seed: int = 0
    static_only: bool = False
    waits: str = ""
    generation: str = ""

    @property
    def detected(self) -> bool | None:
        """Whether the payload was; None for a control."""
        wanted = {"malicious": ("malicious",), "suspicious": ("malicious", "suspicious")}
        return self.seen.verdict in wanted[self.expected] if self.expected in wanted else None

    @property
    def by_running(self) -> bool | None:
        """Whether running alone detects it; None for a control, and where nothing was run."""
        if self.detected is None or not self.seen.by_running:
            return None
        wanted = ("malicious",) if self.expected == "malicious" else ("malicious", "suspicious")
        return self.seen.by_running in wanted

    @property
    def harmless(self) -> Seen | None:
        """What came of the harmless package in it: the twin, or the control itself."""
        return self.seen if self.expected == "benign" else self.twin

    @property
    def good(self) -> bool:
        """Whether everything is as it should be: found what is bad, and convicted nothing that is not."""
        wrong = ("malicious", "error")
        missed = self.detected is False and not self.waits
        return not missed and not (self.harmless and self.harmless.verdict in wrong)

    @property
    def alarm(self) -> bool:
        """Whether something harmless drew a verdict that a person would have to look at."""
        return self.harmless is not None and self.harmless.verdict in ("malicious", "suspicious")


class Task(msgspec.Struct, frozen=True):
    """One package to build and analyse."""

    scenario: Scenario
    payload: bool
    home: Path
    static_only: bool
    seed: int = 0
    edit: str = ""  # of `mutate`, applied to the finished files


def prepare(home: Path) -> Path:
    """Return a home of its own for the evaluation, which uses the images and the gVisor of the real one."""
    own = home / "evals"
    own.mkdir(parents=True, exist_ok=True)
    for kept in ("dossiers", "artifacts", "tmp"):
        shutil.rmtree(own / kept, ignore_errors=True)
    for shared in ("images", "bin"):
        (home / shared).mkdir(exist_ok=True)
        if not (own / shared).is_symlink():
            (own / shared).symlink_to(home / shared)
    return own


def run(tasks: Sequence[Task], home: Path, *, jobs: int = 2) -> Iterator[tuple[Task, Seen]]:
    """Analyse all of them, in a home of the evaluation's own; yield each package as it is done."""
    own = prepare(home)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(one, msgspec.structs.replace(task, home=own)): task for task in tasks}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def tasks(scenarios: Iterable[Scenario], home: Path, *, static_only: bool, seed: int = 0) -> list[Task]:
    """Return the packages that scenarios come to: each with its twin."""
    return [
        Task(scenario, payload, home, static_only, seed)
        for scenario in scenarios
        for payload in forms(scenario)
    ]


def forms(scenario: Scenario) -> tuple[bool, ...]:
    """Say which forms of a scenario there are: with payload and without, or the control alone."""
    return (True, False) if scenario.malicious else (True,)


def one(task: Task) -> Seen:
    """Build and analyse one package; never raises."""
    edit = mutate.EDITS[task.edit] if task.edit else None
    with tempfile.TemporaryDirectory(prefix="eval-") as folder:
        scenario = task.scenario
        path = build(scenario, Path(folder), payload=task.payload, edit=edit)
        before = "none"
        if scenario.previous:
            older = msgspec.structs.replace(scenario, version=scenario.previous.version)
            before = str(build(older, Path(folder) / "before", payload=False, edit=_older(scenario)))
        told = tuple(Behaviour.parse(f"{text} @ registry") for text in scenario.registry)
        static_only = task.static_only
        return look(
            path, task.home, profile=scenario.profile, static_only=static_only, before=before, told=told
        )


def _older(scenario: Scenario) -> Edit:
    """Return the edit that makes the release before of a release."""
    previous = scenario.previous
    assert previous is not None

    def edit(files: dict[str, bytes]) -> dict[str, bytes]:
        version, older = (f'"version": "{one.version}"'.encode() for one in (scenario, previous))
        made = {path: data.replace(version, older) for path, data in files.items()}
        return made | {path: text.encode() for path, text in previous.files.items()}

    return edit


def look(  # noqa: PLR0917 - what there is to say of an artifact
    path: Path,
    home: Path,
    profile: str = "laptop",
    static_only: bool = True,  # noqa: FBT001, FBT002
    before: str = "none",
    told: tuple[Behaviour, ...] = (),
) -> Seen:
    """Analyse an artifact, against the release before, and with what a registry would tell; never raises."""
    options = Options(home, static_only=static_only, profiles=(profile,), timeout=TIMEOUT, against=before)
    began = time.monotonic()
    try:
        (analysis,) = analyze(str(path), options, lambda _message, _done: None)
    except BiopsyError as err:
        return Seen("error", str(err), seconds=time.monotonic() - began)
    except Exception as err:
        (last,) = traceback.extract_tb(err.__traceback__)[-1:]
        why = f"{type(err).__name__}: {err} ({last.filename}:{last.lineno})"
        return Seen("error", why, seconds=time.monotonic() - began)
    if told:
        analysis = _told(analysis, told)
    return _seen(analysis, round(time.monotonic() - began, 1))


def _told(analysis: Analysis, told: tuple[Behaviour, ...]) -> Analysis:
    """Judge again, with what the registry would have told of a release that is in none."""
    dossier = replace(analysis.dossier, behaviours=analysis.dossier.behaviours + told)
    findings = detect.match(detect.load(None), dossier, None)
    return replace(analysis, dossier=dossier, findings=findings, verdict=detect.decide(findings, dossier))


def _seen(analysis: Analysis, seconds: float) -> Seen:
    """Keep of an analysis what the table and its reader want."""
    verdict = analysis.verdict
    decided = [finding for finding in analysis.findings if finding.rule in verdict.because]
    places = [behaviour.where for finding in decided for behaviour in finding.evidence]
    fired = {where.phase if isinstance(where, InTrace) else "static" for where in places}
    dossier = analysis.dossier
    return Seen(
        verdict=verdict.call.value,
        reason=verdict.reason,
        because=verdict.because if verdict.call is not Call.BENIGN else (),
        findings=tuple(finding.rule for finding in analysis.findings),
        evidence={
            finding.rule: tuple(str(behaviour) for behaviour in finding.evidence[:MAX_EVIDENCE])
            for finding in analysis.findings
        },
        fired=tuple(sorted(fired)) if verdict.call is not Call.BENIGN else (),
        phases=tuple(
            f"{o.phase} {o.status}" + (f" ({o.reason})" if o.reason else "") for o in dossier.outcomes
        ),
        leaks=tuple(sorted({b.value for b in dossier.behaviours if b.kind == "canary.leak"})),
        seconds=seconds,
        by_running="" if dossier.static_only else _by_running(analysis),
    )


def _by_running(analysis: Analysis) -> str:
    """Judge what only the run showed: what it did, and the texts that it evaluated."""
    seen = tuple(b for b in analysis.dossier.behaviours if _of_a_run(b))
    dossier = replace(analysis.dossier, behaviours=seen)
    return detect.decide(detect.match(detect.ready(), dossier, None), dossier).call.value


def _of_a_run(behaviour: Behaviour) -> bool:
    where = behaviour.where
    return isinstance(where, InTrace) or (isinstance(where, InFile) and where.path.startswith("evaluated/"))
