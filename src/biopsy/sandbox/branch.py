"""Branches: goes once more that begin at the very moment after the install, each in a cell of its own.

A run's cell keeps its disk as it is after the last phase that installs (`keep`). A branch is a cell whose
layer lies over that (`Origin.installed`), on the same machine with the same secrets; it sees nothing of what
was done after that moment, nor of another branch. Where the install itself is done once more, the layer lies
over the image alone, as the run's own did. What installing left running in the background is not there.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from biopsy.errors import SandboxError
from biopsy.model.run import Disk, Phase
from biopsy.sandbox.inside.prepare import JOURNAL
from biopsy.sandbox.raw import Job, Raw

if TYPE_CHECKING:
    from biopsy.sandbox.machine import Address, Machine

MAX_KEPT: Final = 1024**3
"""Most bytes of a disk that are kept for branches."""

INSTALLED: Final = "installed"
"""The folder of a run, in its own, where its disk is kept."""

BUDGET: Final = 150.0
"""Seconds after which no more branches of a run begin."""

_PATIENCE: Final = 60.0  # seconds that keeping a disk may take


@dataclass(frozen=True, slots=True)
class Origin:
    """What a branch has in common with the run that it is of; `folder` is that run's."""

    where: "Address"
    made: "Machine"
    folder: Path
    raw: Raw

    @property
    def installed(self) -> Path:
        """Where the disk lies as it was after the install."""
        return self.folder / INSTALLED


def split(job: Job) -> tuple[Job, tuple[Job, ...]]:
    """Part a job into the run itself and its branches: one for each label and beginning."""
    own = replace(job, phases=tuple(one for one in job.phases if one.disk is Disk.USED))
    rest = [one for one in job.phases if one.disk is not Disk.USED]
    goes = groupby(rest, lambda one: (one.again, one.disk))
    return own, tuple(_job(job, number, tuple(phases)) for number, (_, phases) in enumerate(goes, 1))


def _job(job: Job, number: int, phases: tuple[Phase, ...]) -> Job:
    keep = job.keep / f"branch{number}" if job.keep else None
    limits = replace(job.limits, time=min(job.limits.time, sum(one.timeout for one in phases)))
    return replace(job, run_id=f"{job.run_id}-b{number}", phases=phases, limits=limits, keep=keep)


def fresh(job: Job) -> bool:
    """Whether a branch begins before the install."""
    return any(one.disk is Disk.NEW for one in job.phases)


Start = Callable[[Job], AbstractContextManager[Origin]]


def run(jobs: Iterable[Job], start: Start, stack: ExitStack) -> tuple[tuple[Raw, ...], tuple[str, ...]]:
    """Do branches, as many at once as there are processors; their files go when `stack` is left.

    Returns what they left, in their order, and a note for each that could not be done.
    """
    end, notes = time.monotonic() + BUDGET, list[str]()

    def one(job: Job) -> Raw | None:
        label = f"once more ({job.phases[0].again})"
        if time.monotonic() > end:
            notes.append(f"{label}: no time was left for it")
            return None
        try:
            return stack.enter_context(start(job)).raw
        except SandboxError as err:
            notes.append(f"{label}: {err}")
            return None

    if not (jobs := tuple(jobs)):
        return (), ()
    with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1)) as pool:
        done = tuple(pool.map(one, jobs))
    return tuple(raw for raw in done if raw is not None), tuple(notes)


def keep(upper: Path, into: Path, most: int = MAX_KEPT) -> str:
    """Copy a layer, while nothing in the sandbox runs, for branches to lie over; say why not, if not.

    Nothing is followed, and owners, times, holes, deletions (whiteouts) and extended attributes stay.
    """
    room = os.statvfs(upper)
    if (room.f_blocks - room.f_bfree) * room.f_frsize > most:
        return "the disk after the install is too large to be kept"
    part = into.with_name(into.name + ".part")
    command = ["cp", "-a", "--", str(upper), str(part)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return "the disk after the install could not be kept in time"
    if done.returncode:
        return f"the disk after the install could not be kept: {done.stderr.strip()[:200]}"
    for written in (part / JOURNAL[1:]).iterdir():  # by processes that a branch does not have
        shutil.rmtree(written) if written.is_dir() and not written.is_symlink() else written.unlink()
    part.rename(into)
    return ""
