"""What goes into the queue's database and comes out of it, as plain values."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from biopsy.model.job import Job, Lane


class Settings(Struct, frozen=True):
    """Where the queue's database is: a PostgreSQL by its DSN, or one of our own below `home`.

    `schema` is the schema of that database which everything of ours lives in. `patience` is for how many
    seconds a statement is tried again while the database does not answer, before it is a QueueError.
    """

    home: Path
    dsn: str = ""
    schema: str = "biopsy"
    patience: float = 60.0


class State(StrEnum):
    """What has become of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


class FeedState(Struct, frozen=True):
    """How far a feed was read, and how it fares. A feed never polled has an empty cursor.

    `items` counts what it ever said (without what it said twice: `repeated`), `late` how much of that came
    out of order. `newest` is the newest time of publication that it named. `failures` counts those in a row;
    `trouble` is the reason code of the last, `detail` its words. `gaps` are those still open.
    """

    name: str
    cursor: str = ""
    validators: dict[str, str] = {}
    polled: datetime | None = None
    moved: datetime | None = None
    newest: datetime | None = None
    items: int = 0
    repeated: int = 0
    late: int = 0
    jobs: int = 0
    gaps: int = 0
    failures: int = 0
    trouble: str = ""
    detail: str = ""
    paused: bool = False


class Seen(Struct, frozen=True):
    """What else one poll told: for the state of its feed."""

    validators: dict[str, str] = {}
    newest: str = ""  # RFC 3339, the newest time of publication that was named
    late: int = 0  # items that were published before others seen earlier


class Counted(Struct, frozen=True):
    """What became of jobs asked for: how many are new, were there already, or now go sooner than before."""

    new: int = 0
    known: int = 0
    sooner: int = 0
    ids: tuple[int, ...] = ()  # of the new ones, in the order asked for


class Moved(Struct, frozen=True):
    """What a feed's advance did. `linked` counts releases known here that were yanked or deleted."""

    items: int = 0
    repeated: int = 0
    linked: int = 0
    jobs: Counted = Counted()


class Gap(Struct, frozen=True):
    """What a feed left out, from one cursor to another; `expected` items if it can be known."""

    id: int
    feed: str
    start: str
    end: str
    noticed: datetime
    expected: int | None = None
    found: int | None = None
    closed: datetime | None = None


class Withdrawal(Struct, frozen=True):
    """A release known here that its registry yanked, deleted, or took back among the living."""

    job: int
    change: str
    reason: str
    seen: datetime
    feed: str


class Depth(Struct, frozen=True):
    """How many jobs of one lane and ecosystem are in one state that is not the end; `oldest` in seconds."""

    lane: str
    ecosystem: str
    state: str
    jobs: int
    oldest: float


class Entry(Struct, frozen=True):
    """A job as the queue knows it. Times are UTC; `attempts` counts those that were not given back."""

    id: int
    job: Job
    state: State
    attempts: int
    created: datetime
    ready: datetime | None = None
    taken: datetime | None = None
    ended: datetime | None = None
    worker: str = ""
    reason: str = ""
    detail: str = ""
    outcome: str = ""
    verdict: str = ""
    withdrawn: str = ""


class Attempt(Struct, frozen=True):
    """One time that a worker took a job."""

    number: int
    worker: str
    taken: datetime
    ended: datetime | None = None
    how: str = ""  # done, again, parked, given-back, lost
    reason: str = ""
    detail: str = ""


class Result(Struct, frozen=True):
    """What a job came to; one for each time that it was done."""

    id: int
    job: int
    at: datetime
    purl: str
    digest: str
    lane: str
    why: str
    outcome: str
    reason: str
    verdict: str
    key: str
    run_ids: tuple[str, ...]
    seconds: dict[str, float]
    published: datetime | None
    created: datetime
    worker: str


class Message(Struct, frozen=True):
    """Something to tell people; `tries` counts how often that was begun."""

    id: int
    kind: str
    payload: dict[str, Any]
    made: datetime
    tries: int


class WorkerState(Struct, frozen=True):
    """A worker, as it last said of itself. `beat` is how many seconds ago that was."""

    id: str
    name: str
    host: str
    pid: int
    slots: int
    lanes: tuple[str, ...]
    ecosystems: tuple[str, ...]
    state: str  # working, draining, gone
    started: datetime
    beat: float
    running: int


class Times(Struct, frozen=True):
    """How long jobs of a lane and ecosystem took, in seconds: the median, and what 95 % did not exceed.

    `waited` until a worker took it, `worked` from then on, `since` its publication to the verdict.
    """

    lane: str
    ecosystem: str
    jobs: int
    waited: tuple[float, float] | None
    worked: tuple[float, float] | None
    since: tuple[float, float] | None


class Limit(Struct, frozen=True):
    """How much of an ecosystem is done at once and a second, over all workers; None is without limit."""

    ecosystem: str
    concurrency: int | None = None
    per_second: float | None = None
    burst: int = 1


class Worker(Struct, frozen=True):
    """Who takes jobs, and how many at once.

    `reserved` slots are never given to the batch lane. When `stop` is set nothing more is taken; what runs
    has `grace` seconds to end, is then asked to give back, and `patience` seconds later is cancelled.
    """

    name: str
    ecosystems: tuple[str, ...]
    slots: int = 1
    lanes: tuple[Lane, ...] = tuple(Lane)
    reserved: int = 0
    preempt: bool = True
    grace: float = 30.0
    patience: float = 10.0
    attempts: int = 8  # with their pauses about an hour; then a job is parked
    heartbeat: float = 30.0  # without a sign of life for so long, a job is another worker's


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in the hands of a worker. `attempt` is 1 the first time.

    `leave` is set when the worker should let go of it: end what runs and raise GiveBack. `why_leave` says
    whether it was preempted, the worker drains, or a person cancelled it.
    """

    id: int
    job: Job
    attempt: int
    lane: Lane
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    why: list[str] = field(default_factory=list)

    @property
    def why_leave(self) -> str:
        """`preempted`, `draining`, `cancelled`, or empty as long as it may stay."""
        return self.why[0] if self.why else ""

    def ask_to_leave(self, why: str) -> None:
        """Ask whoever works on it to let go; the first reason stays."""
        self.why.append(why)
        self.leave.set()


class Done(Struct, frozen=True):
    """How a job ended: written with its end, its `found` jobs and its messages in one transaction."""

    outcome: str = "analysed"
    reason: str = ""
    run_ids: tuple[str, ...] = ()
    verdict: str = ""
    key: str = ""
    seconds: dict[str, float] = {}
    found: tuple[Job, ...] = ()
    tell: tuple[tuple[str, dict[str, Any]], ...] = ()  # messages: kind and payload


Handle = Callable[[Taken], Awaitable[Done]]


class Again(Exception):  # noqa: N818 - it reads as what it says
    """Try the job again, in `after` seconds or when back-off says; after the last attempt it is parked.

    An attempt that is not `counted` failed for no fault of the job's: its registry is down, the disk is full.
    """

    def __init__(
        self, reason: str, after: float | None = None, detail: str = "", *, counted: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason, self.after, self.detail, self.counted = reason, after, detail, counted


class Park(Exception):  # noqa: N818
    """Put the job aside for a person to look at."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class GiveBack(Exception):  # noqa: N818
    """Put the job back as if it had not been taken."""


class CursorMoved(Exception):  # noqa: N818
    """Somebody else has moved this feed's cursor: read it anew."""
