"""The sandbox part of an analysis: which phases under which profiles, with what taken off as noise."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from biopsy import fetch
from biopsy.errors import CannotSandbox, SandboxError, UsageError
from biopsy.model.behaviour import Behaviour
from biopsy.model.release import Endpoint
from biopsy.model.run import Outcome, Phase, Run, Status, Watch
from biopsy.pipeline import (
    counted,
    decoys,
    differing,
    evaluated,
    gated,
    imported,
    noise,
    piped,
    roster,
    unasked,
    waiting,
)
from biopsy.pipeline.merge import Ran
from biopsy.pipeline.reasons import BROKEN, NOT_ASKED
from biopsy.pipeline.source import Opened
from biopsy.sandbox import gvisor, image_layers
from biopsy.sandbox.internet.forwarder import Forwarder
from biopsy.sandbox.internet.gateway import Forward
from biopsy.sandbox.raw import Job, Limits, Subject
from biopsy.sandbox.run import run as run_job

if TYPE_CHECKING:
    from biopsy.pipeline.analyze import Options, Progress

PATIENCE: Final = 240.0
"""Seconds that the first machines may take for others to follow: five more take up to three times as long."""

Further = Callable[[Ran], tuple[str, ...]]
"""Told what the first runs came to; names the profiles that are to follow."""


def prepare(options: "Options", progress: "Progress", kind: str) -> str:
    """Make sure that a sandbox can run: gVisor works, today's image and tools are there; name the machine."""
    gvisor.choose(options.home)
    image_layers.build(options.home, kind, progress)
    return image_layers.machine_id(options.home, kind)


def run(
    opened: Opened,
    run_id: str,
    options: "Options",
    progress: "Progress",
    further: Further,
    *,
    seen: tuple[Behaviour, ...] = (),
    suspected: bool = False,
) -> Ran:
    """Run an artifact under every profile asked for, several at once where there are processors for it.

    `seen` is what reading said of it: what it deletes of its user's is put there (`decoys`). What is
    `suspected` for that is called once more on other days and where it finds what it looks for.

    A sandbox that breaks half-way is an outcome of its profile; the other profiles' results stay.
    """
    sample = opened.sample
    machine = prepare(options, progress, sample.ecosystem.type)
    engine = gvisor.choose(options.home)
    plan = (*sample.ecosystem.plan(opened.tree, sample.artifact, sample.listing), waiting.LATER)
    chosen, left_out = _choose(plan, options.phases)
    again = () if options.phases else _again(opened, chosen, suspected=suspected)
    make = partial(_job, opened, run_id, phases=chosen, options=options, plants=decoys.wanted(seen))
    jobs = [make(name=name) for name in roster.first(options.profiles)]
    first = replace(jobs[0], phases=(*jobs[0].phases, *again))

    def came_to(runs: list[Run]) -> Ran:
        finished = differing.profiles(tuple(_finished(run, opened, left_out) for run in runs))
        if not options.phases and any(one.name == "import" for one in chosen):
            finished = counted.told(finished, opened.tree)
        more = evaluated.read(finished, options.temporary)
        return Ran(finished, machine, engine.version, engine.platform, more)

    with _forwarder(first.endpoints, options.home) as forward:
        began = time.monotonic()
        bench = noise.Bench(sample.ecosystem, machine, options.home, options.temporary, forward)
        runs = _runs([first, *jobs[1:]], bench, progress)
        ran = came_to(runs)
        if fresh := set(decoys.wanted(ran.behaviours)).difference(first.plants):
            # What was evaluated destroys, too: the first machine has that now, and does it all once more.
            anew = _runs([replace(first, plants=(*first.plants, *sorted(fresh)))], bench, progress)
            if not _broke(anew[0]):
                ran = came_to(runs := anew + runs[1:])
        took, named = time.monotonic() - began, further(ran)
        if named and took > PATIENCE:
            return replace(ran, runs=_noted(ran.runs, named, took))
        more = [make(name=name) for name in named]
        return came_to(runs + _runs(more, bench, progress)) if more else ran


def _again(opened: Opened, plan: tuple[Phase, ...], *, suspected: bool) -> tuple[Phase, ...]:
    """Give what the first machine does once more, for what the package waits for and for its lines."""
    moments = partial(opened.sample.ecosystem.moments, opened.tree)
    return (
        *waiting.more(opened.tree, plan, moments=moments, deep=suspected),
        *unasked.more(waiting.texts(opened.tree), plan),
        *counted.more(opened.tree, plan),
    )


def _finished(run: Run, opened: Opened, left_out: tuple[str, ...]) -> Run:
    """Add to a run what its command lines hold, which phases were left out, and whose evaluated code is."""
    run = replace(piped.told(run), outcomes=run.outcomes + _left_out(run.profile, left_out))
    return evaluated.own(run, opened.tree)


def _noted(runs: tuple[Run, ...], named: tuple[str, ...], took: float) -> tuple[Run, ...]:
    """Say that there was reason for further machines, and no time."""
    watch = runs[0].watch
    note = f"not run as {', '.join(named)}: the first machines took {took:.0f} s"
    return (replace(runs[0], watch=replace(watch, notes=(*watch.notes, note))), *runs[1:])


def _runs(jobs: list[Job], bench: noise.Bench, progress: "Progress") -> list[Run]:
    share = _Share(progress, sum(len(job.phases) for job in jobs))
    noise.record(bench, [job.profile for job in jobs], progress)
    with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda job: _one(job, bench.home, bench.forward, share), jobs))


def _broke(run: Run) -> bool:
    return any(one.reason.startswith(BROKEN) for one in run.outcomes)


def _choose(plan: tuple[Phase, ...], wanted: tuple[str, ...]) -> tuple[tuple[Phase, ...], tuple[str, ...]]:
    names = [phase.name for phase in plan]
    if unknown := [name for name in wanted if name not in names]:
        raise UsageError(f"no phase {unknown[0]!r} here; there are: {', '.join(names)}")
    if not wanted:
        return plan, ()
    # Nothing can be imported or called that was not installed first.
    keep = {*wanted, *(phase.name for phase in plan if phase.installs)}
    chosen = tuple(phase for phase in plan if phase.name in keep)
    return chosen, tuple(name for name in names if name not in keep)


def _left_out(profile_name: str, names: tuple[str, ...]) -> tuple[Outcome, ...]:
    return tuple(Outcome(profile_name, name, Status.SKIPPED, NOT_ASKED) for name in names)


def _job(
    opened: Opened,
    run_id: str,
    *,
    name: str,
    phases: tuple[Phase, ...],
    options: "Options",
    plants: tuple[str, ...],
) -> Job:
    sample = opened.sample
    limits = Limits()
    if options.timeout:
        limits = Limits(time=options.timeout)
        phases = tuple(replace(phase, timeout=min(phase.timeout, options.timeout)) for phase in phases)
    release, artifact = sample.release, sample.artifact
    return Job(
        run_id=run_id,
        subject=Subject(release.ecosystem, release.name, release.version, artifact.filename),
        artifact=artifact.path,
        profile=name,
        phases=phases,
        # A scope may have a registry of its own; what it depends on comes from the common one.
        endpoints=tuple(
            dict.fromkeys((sample.ecosystem.endpoint(release.name), sample.ecosystem.endpoint()))
        ),
        limits=limits,
        plants=plants,
        modules=imported.names(waiting.files(opened.tree)),
        fields=gated.wanted(waiting.files(opened.tree)),
        keep=options.keep,
    )


def _one(job: Job, home: Path, forward: Forward, share: "_Share") -> Run:
    share.begin(job)
    try:
        return run_job(job, home, forward=forward, progress=share.step)
    except CannotSandbox:
        raise
    except SandboxError as err:
        reason = f"{BROKEN}: {err}"
        lost = tuple(
            Outcome(job.profile, phase.name, Status.CRASHED, reason)
            for phase in job.phases
            if not phase.again
        )
        return Run(job.profile, (), lost, (), (), (), Watch(job.profile, notes=(reason,)))


class _Share:
    """Progress of several runs at once, as one fraction."""

    def __init__(self, progress: "Progress", phases: int) -> None:
        self._progress, self._phases, self._done = progress, phases, 0
        self._lock = threading.Lock()

    def begin(self, job: Job) -> None:
        """Say that a run starts."""
        self._progress(f"starting a sandbox: {job.profile}", self._done / max(1, self._phases))

    def step(self, text: str) -> None:
        """Say what a run just did; one step is one phase."""
        with self._lock:
            self._done += 1
            self._progress(text, min(1.0, self._done / max(1, self._phases)))


@contextmanager
def _forwarder(endpoints: tuple[Endpoint, ...], home: Path) -> Iterator[Forward]:
    with fetch.client() as client:
        yield Forwarder(endpoints, client, home / "cache" / "registry")
