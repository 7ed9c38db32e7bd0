"""What warm starts bring: branches that begin after the install, and layers made once for an image."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from biopsy import fetch
from biopsy.model.run import Phase
from biopsy.pipeline import again, source
from biopsy.sandbox import image
from biopsy.sandbox.inside import prepare
from biopsy.sandbox.internet.forwarder import Forwarder
from biopsy.sandbox.raw import Job, Subject
from biopsy.sandbox.run import run

COUNT: Final = 4
"""Branches of a run; as many at once as there are processors."""

ON_TOP: Final = 1.0
"""Seconds that a branch may take beyond what it runs."""

_RUN: Final = frozenset({"start"})  # the same each time, so that what is beyond it can be told

Row = dict[str, Any]


def measure(path: Path, home: Path, rounds: int) -> list[Row]:
    """Run a package from the beginning, and with branches; make the layers that every run needs anew."""
    plan, job = _job(path, home)
    goes = tuple(one for n in range(COUNT) for one in again.repeated(plan, f"go {n}", names=_RUN))
    whole, more, runs = [], [], []
    for _ in range(rounds):
        took, inside = _seconds(job, home)
        whole.append(took)
        runs.append(inside)
        more.append(_seconds(replace(job, phases=(*job.phases, *goes)), home)[0])
    alone, each = statistics.median(whole), (statistics.median(more) - statistics.median(whole)) / COUNT
    top = each - statistics.median(runs)
    aimed = {"aim": f"≤ {ON_TOP:.0f} s on top", "met": top <= ON_TOP}
    return [
        {"what": f"{path.name}: install and start, from the beginning", "seconds": alone},
        {"what": f"{path.name}: a branch, of {COUNT}: start", "seconds": each},
        {"what": f"{path.name}: a branch, beyond what it runs", "seconds": max(0.0, top), **aimed},
        *_layers(home),
    ]


def _job(path: Path, home: Path) -> tuple[tuple[Phase, ...], Job]:
    with tempfile.TemporaryDirectory() as scratch:
        (sample,) = source.collect(str(path), None, home / "artifacts", Path(scratch))
        opened = source.open_up(sample, Path(scratch))
        plan = sample.ecosystem.plan(opened.tree, sample.artifact, sample.listing)
    own = tuple(one for one in plan if one.installs or one.name in _RUN)
    release = sample.release
    subject = Subject(release.ecosystem, release.name, release.version, sample.artifact.filename)
    return plan, Job("bench", subject, path, "laptop", own, (sample.ecosystem.endpoint(),))


def _seconds(job: Job, home: Path) -> tuple[float, float]:
    """Do a job; give how long it took, and how long of that the start of an interpreter did."""
    job = replace(job, run_id=f"bench-{time.time_ns()}")
    with fetch.client() as client:
        forward = Forwarder(job.endpoints, client, home / "cache" / "registry")
        began = time.perf_counter()
        done = run(job, home, forward=forward, progress=lambda _: None)
        took = time.perf_counter() - began
    return took, sum(one.duration_s for one in done.outcomes if one.phase in _RUN)


def _layers(home: Path) -> list[Row]:
    """Make what listens inside interpreters and keeps time, then find it made."""
    built = image.current(home)
    assert built is not None
    with tempfile.TemporaryDirectory() as folder:
        (root := Path(folder) / "root").symlink_to(built.root.resolve())
        took = []
        for _ in range(2):
            began = time.perf_counter()
            prepare.places(root)
            took.append(time.perf_counter() - began)
    note = f"{took[1]:.3f} s once they are there"
    return [{"what": "layers of a run, compiled for an image", "seconds": took[0], "note": note}]
