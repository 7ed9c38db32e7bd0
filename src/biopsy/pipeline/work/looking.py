"""A look at a package that changed: its registry is asked, and what is new becomes jobs."""

import time
from collections import Counter

from biopsy import fetch
from biopsy.ecosystems import Listing
from biopsy.model.job import Job
from biopsy.model.release import Release
from biopsy.pipeline.follow.policy import Skipped
from biopsy.pipeline.work.analysing import Clock, ask, registry
from biopsy.pipeline.work.coming import Came, Outcome, Task, Unable
from biopsy.pipeline.work.rehearsal import Loaded

BUDGET = 300.0
"""Seconds that asking about the releases of one package may take; the rest become jobs by their versions."""

LOST = "release-vanished"
"""Why nothing became of a release that was there when the package was looked at, and then was not."""


def look(task: Task, loaded: Loaded, clock: Clock) -> Came:
    """Ask about a package and name the jobs that follow; raises Unable where that cannot be done, or not now.

    Jobs that are known already are harmless: the queue files each artifact once. A job by its version alone
    means what an install of that takes.
    """
    job, policies = task.job, loaded.policies
    ecosystem, endpoint = registry(job.release)
    end = time.monotonic() + BUDGET
    found: list[Job] = []
    skipped: Counter[str] = Counter()
    with fetch.client() as client:
        clock.mark("resolve")
        newest = ask(client, ecosystem, endpoint, job.release, task)
        for release in policies.releases(job, newest):
            if time.monotonic() > end:
                found.append(Job(release, lane=job.lane, priority=job.priority, why=job.why))
                continue
            try:
                listing = _listing(newest, release) or ask(client, ecosystem, endpoint, release, task)
            except Unable as err:
                if err.came.reason != "no-such-release":
                    raise
                skipped[LOST] += 1
                continue
            for one in policies.jobs(job, listing):
                if isinstance(one, Skipped):
                    skipped[one.reason] += 1
                else:
                    found.append(one)
    clock.mark("")
    return Came(outcome=Outcome.LOOKED, seconds=clock.seconds, found=tuple(found), skipped=dict(skipped))


def _listing(newest: Listing, release: Release) -> Listing | None:
    """The answer that we have already is one about the newest release."""
    return newest if newest.release == release else None
