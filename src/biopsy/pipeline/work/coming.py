"""What a job comes to, as the process that did it tells its worker."""

from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from biopsy.model.job import Job


class Outcome(StrEnum):
    """What there is when a job is done."""

    ANALYSED = "analysed"  # a new dossier and its verdict
    KNOWN = "known"  # the same bytes were analysed by the same code before: that dossier, judged today
    LOOKED = "looked"  # a package was looked at; what is new became jobs
    NOTHING = "nothing"  # no dossier, and `reason` says why: nothing that could be done again would help


class End(StrEnum):
    """What becomes of the job itself."""

    DONE = "done"
    AGAIN = "again"  # it may go better later
    PARK = "park"  # a person should look at it


class Setting(Struct, frozen=True):
    """How all tasks of a worker are done. Paths are text; empty ones mean the default."""

    home: str
    rules: str = ""
    store: str = ""  # where exact bytes are kept: a folder or URL
    keeps: bool = True  # …if they are
    static_only: bool = False
    profiles: tuple[str, ...] = ()
    timeout: float | None = None  # seconds of all phases, under one profile
    against: str = ""  # `none`: compare with nothing
    reports: bool = True  # draft reports as the policy says


class Task(Struct, frozen=True):
    """A job, and how often it was tried before."""

    job: Job
    attempt: int = 1


class Came(Struct, frozen=True):
    """What a job came to. `seconds` is by stage. `after` says when to try again, where that is known.

    `why` is the sentence behind a verdict, `because` the rules. `counted` is False where trying was in vain
    for a reason that has nothing to do with this job.
    """

    end: End = End.DONE
    outcome: Outcome = Outcome.NOTHING
    reason: str = ""
    detail: str = ""
    after: float | None = None
    counted: bool = True
    run_ids: tuple[str, ...] = ()
    verdict: str = ""
    why: str = ""
    because: tuple[str, ...] = ()
    key: str = ""
    report: str = ""  # what became of a report on it
    seconds: dict[str, float] = {}
    found: tuple[Job, ...] = ()
    skipped: dict[str, int] = {}  # by reason: what a look found and the policy leaves out


class Unable(Exception):  # noqa: N818 - it reads as what it says
    """A job cannot be done, or not now: `came` says which."""

    def __init__(self, came: Came) -> None:
        """Carry it."""
        super().__init__(came.reason)
        self.came = came


def nothing(reason: str, detail: str = "") -> Unable:
    """There will never be a result, for this reason."""
    return Unable(Came(End.DONE, Outcome.NOTHING, reason, detail))


def again(reason: str, detail: str = "", after: float | None = None, *, counted: bool = True) -> Unable:
    """It may go better later."""
    return Unable(Came(End.AGAIN, Outcome.NOTHING, reason, detail, after, counted))


def park(reason: str, detail: str = "") -> Unable:
    """A person should look at it."""
    return Unable(Came(End.PARK, Outcome.NOTHING, reason, detail))


def age(published: str) -> float | None:
    """Give the seconds since a registry says that something came out; None where that is not known."""
    try:
        moment = datetime.fromisoformat(published) if published else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None:
        return None
    return max(0.0, (datetime.now(UTC) - moment).total_seconds())
