"""What the queue is told of a job: it is done, is to be tried again, or waits for a person."""

from typing import Any

from biopsy.model.job import Job
from biopsy.pipeline.work.analysing import TRIES
from biopsy.pipeline.work.coming import Came, End, age
from biopsy.pipeline.work.ending import Ending
from biopsy.queue import Again, Done, Park, Taken

LINGER = 60.0
"""Seconds after which a job is tried again that failed for what has nothing to do with it."""

STORM = 3
"""Packages in a row of which a registry did not answer: then it is the registry that is down."""

OUTAGE = 300.0
"""Seconds after which such a job is tried again; those that wait for the same registry find out together."""

MAX_TEXT = 500
FULL = "disk-full"
_ELSEWHERE = ("registry-down", "fetch-failed")


class Weather:
    """How registries fare: one that answers about nobody is down, and no job is to blame for that."""

    def __init__(self) -> None:
        """All is well until somebody says otherwise."""
        self._failed: dict[str, set[str]] = {}

    def note(self, job: Job, reason: str) -> bool:
        """Take note of how asking about a package went; say whether the registry itself is down."""
        names = self._failed.setdefault(job.release.ecosystem, set())
        if reason not in _ELSEWHERE:
            names.clear()
            return False
        names.add(job.release.name)
        return len(names) >= STORM


def answer(taken: Taken, came: Came, weather: Weather, wanted: frozenset[str]) -> Done:
    """Say how a job ended; raises Again or Park. Of verdicts that are `wanted` a message goes with it."""
    job = taken.job
    down = weather.note(job, came.reason if came.end is End.AGAIN else "")
    if came.end is End.PARK:
        raise Park(came.reason, came.detail[:MAX_TEXT])
    if came.end is End.AGAIN:
        full = came.reason == FULL
        after = OUTAGE if down else LINGER if full else came.after
        counted = came.counted and not down and not full
        raise Again(came.reason, after, came.detail[:MAX_TEXT], counted=counted)
    tell = (("verdict", verdict(taken, came)),) if came.verdict in wanted else ()
    return Done(
        outcome=came.outcome.value,
        reason=came.reason,
        run_ids=came.run_ids,
        verdict=came.verdict,
        key=came.key,
        seconds=came.seconds,
        found=came.found,
        tell=tell,
    )


def lost(taken: Taken, why: Ending) -> Exception:
    """Say what becomes of a job whose process gave no answer: what fails the same way thrice waits."""
    detail = f"{why.detail} (while at: {why.stage})" if why.stage else why.detail
    if why.code == FULL:
        return Again(why.code, LINGER, detail[:MAX_TEXT], counted=False)
    if taken.attempt >= TRIES:
        return Park(why.code, detail[:MAX_TEXT])
    return Again(why.code, None, detail[:MAX_TEXT])


def verdict(taken: Taken, came: Came) -> dict[str, Any]:
    """What a message on a verdict says."""
    release = taken.job.release
    waited = age(taken.job.published)
    return {
        "job": taken.id,
        "purl": release.purl,
        "ecosystem": release.ecosystem,
        "name": release.name,
        "version": release.version,
        "filename": taken.job.filename,
        "digest": taken.job.digest,
        "verdict": came.verdict,
        "reason": came.why[:MAX_TEXT],
        "rules": list(came.because[:20]),
        "run_id": came.run_ids[0] if came.run_ids else "",
        "published": taken.job.published,
        "seconds_to_verdict": round(waited, 1) if waited is not None else None,
        "report": came.report,
        "asked_by": taken.job.why,
    }
