"""Jobs become rows: each once, and the row that PgQueuer hands out beside it, in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pgqueuer.db import PsycopgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import JobId

from biopsy.model.job import Depth, Job, Lane
from biopsy.queue.line import Connection, rows
from biopsy.queue.records import Counted
from biopsy.queue.tables import queries

URGENCY = {Lane.BATCH: 0, Lane.REALTIME: 1, Lane.MANUAL: 2}
_STEP = 1_000_000  # between lanes in PgQueuer's one order of priorities (a 32-bit integer)
MAX_PRIORITY = 499_999
MAX_TOLD = 300  # cancelled jobs in one notification, which holds 8,000 bytes
MAX_TEXT = 4_096  # of any one text that a registry or a person gave

Key = tuple[str, str, str, str]


def entrypoint(lane: str, ecosystem: str) -> str:
    """What PgQueuer calls the jobs of one lane and ecosystem."""
    return f"{lane}/{ecosystem}"


def urgency(lane: str, priority: int) -> int:
    """Where a job stands in PgQueuer's order: its lane first, its priority within."""
    return URGENCY[Lane(lane)] * _STEP + max(-MAX_PRIORITY, min(MAX_PRIORITY, priority))


def clock(text: str) -> datetime | None:
    """Read a time as RFC 3339 writes it; None for what is none, and what is without a zone is UTC."""
    try:
        read = datetime.fromisoformat(text[:64])
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def clean(text: str) -> str:
    """Text as the database takes it: no NUL, no half of a pair, not longer than the limit."""
    return text[:MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()


def _key(job: Job) -> Key:
    return (
        clean(job.release.ecosystem),
        clean(job.release.name),
        clean(job.release.version),
        clean(job.digest),
    )


async def file_jobs(made: Connection, schema: str, jobs: Sequence[Job], *, again: bool = False) -> Counted:
    """Enqueue in the transaction there is. What is known is not enqueued twice, but goes sooner if asked to.

    With `again` what has ended (done, parked, cancelled) is done anew.
    """
    first: dict[Key, Job] = {}
    for job in jobs:
        first.setdefault(_key(job), job)
    if not first:
        return Counted(known=len(jobs))
    new = await _insert(made, first)
    await hand_over(made, schema, [(number, first[key]) for key, number in new.items()])
    sooner = await _hurry(
        made, schema, {key: job for key, job in first.items() if key not in new}, again=again
    )
    ids = tuple(new[key] for key in first if key in new)
    return Counted(len(ids), len(jobs) - len(ids), sooner, ids)


_INSERT = """
INSERT INTO job (ecosystem, name, version, digest, filename, lane, depth, priority, why, published)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                     %s::int[], %s::text[], %s::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING id, ecosystem, name, version, digest
"""


async def _insert(made: Connection, jobs: dict[Key, Job]) -> dict[Key, int]:
    columns: list[list[Any]] = [[*column] for column in zip(*jobs, strict=True)]
    rest = [
        (clean(job.filename), job.lane, job.depth, job.priority, clean(job.why), clock(job.published))
        for job in jobs.values()
    ]
    columns += [[*column] for column in zip(*rest, strict=True)]
    found = await rows(made, _INSERT, *columns)
    return {(row["ecosystem"], row["name"], row["version"], row["digest"]): row["id"] for row in found}


def engine(made: Connection, schema: str) -> Queries:
    """PgQueuer on this connection, and so in its transaction."""
    return queries(PsycopgDriver(made), schema)


async def take_back(made: Connection, schema: str, numbers: Iterable[int | None]) -> None:
    """Have PgQueuer hand jobs out no more, by the ids that it gave them; who works on one is told."""
    theirs = [JobId(number) for number in numbers if number is not None]
    for start in range(0, len(theirs), MAX_TOLD):
        await engine(made, schema).mark_job_as_cancelled(theirs[start : start + MAX_TOLD])


async def hand_over(made: Connection, schema: str, jobs: Iterable[tuple[int, Job]]) -> None:
    """Give jobs to PgQueuer, which hands them out."""
    jobs = list(jobs)
    if not jobs:
        return
    numbers = await engine(made, schema).enqueue(
        [entrypoint(job.lane, clean(job.release.ecosystem)) for _, job in jobs],
        [str(number).encode() for number, _ in jobs],
        [urgency(job.lane, job.priority) for _, job in jobs],
    )
    query = (
        "UPDATE job SET pgq = t.pgq FROM unnest(%s::bigint[], %s::bigint[]) AS t(id, pgq) WHERE job.id = t.id"
    )
    await made.execute(query, ([number for number, _ in jobs], [int(number) for number in numbers]))


_KNOWN = """
SELECT job.* FROM job JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    AS t(ecosystem, name, version, digest) USING (ecosystem, name, version, digest)
WHERE job.version <> '' OR job.state = 'waiting' FOR UPDATE OF job
"""


async def _hurry(made: Connection, schema: str, jobs: dict[Key, Job], *, again: bool) -> int:
    """Let what is asked for again go sooner, or further, where that is more than it was asked for before."""
    if not jobs:
        return 0
    columns = [[*column] for column in zip(*jobs, strict=True)]
    found = await rows(made, _KNOWN, *columns)
    pairs = [(row, jobs[row["ecosystem"], row["name"], row["version"], row["digest"]]) for row in found]
    await _widen(made, pairs)
    changed = [(row["id"], asked) for row, asked in pairs if _is_more(row, asked, again=again)]
    if not changed:
        return 0
    numbers = {number for number, _ in changed}
    left = [row["pgq"] for row, _ in pairs if row["id"] in numbers and row["state"] == "waiting"]
    await take_back(made, schema, left)
    lanes, depths = [job.lane for _, job in changed], [job.depth for _, job in changed]
    ranks = [job.priority for _, job in changed]
    await made.execute(_SOONER, [[number for number, _ in changed], lanes, depths, ranks])
    await hand_over(made, schema, changed)
    return len(changed)


_SOONER = """
UPDATE job SET lane = t.lane, depth = t.depth, priority = t.priority, state = 'waiting', ready = now(),
    round = round + (state <> 'waiting')::int, ended = NULL, reason = '', detail = '',
    attempts = CASE WHEN state = 'waiting' THEN attempts ELSE 0 END
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[]) AS t(id, lane, depth, priority)
WHERE job.id = t.id
"""


def _is_more(row: dict[str, Any], asked: Job, *, again: bool) -> bool:
    """Whether a known job is asked to go sooner or further than it would, or to be done anew."""
    further = asked.depth == Depth.FULL and row["depth"] == Depth.STATIC
    if row["state"] == "waiting":
        return further or urgency(asked.lane, asked.priority) > urgency(row["lane"], row["priority"])
    return row["state"] != "running" and (again or (further and row["state"] == "done"))


async def _widen(made: Connection, pairs: Sequence[tuple[dict[str, Any], Job]]) -> None:
    """Let a look that waits see as far back as any that was asked for: `published` is since when it looks."""
    since = [(row["id"], clock(asked.published)) for row, asked in pairs if not row["version"]]
    if since:
        await made.execute(
            "UPDATE job SET published = least(published, t.since)"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS t(id, since) WHERE job.id = t.id",
            [[number for number, _ in since], [moment for _, moment in since]],
        )


def job_of(row: dict[str, Any]) -> Job:
    """Read a row of `job` as what was asked for."""
    from biopsy.model.release import Release  # noqa: PLC0415

    published = row["published"]
    return Job(
        Release(row["ecosystem"], row["name"], row["version"]),
        digest=row["digest"],
        filename=row["filename"],
        lane=Lane(row["lane"]),
        depth=Depth(row["depth"]),
        priority=row["priority"],
        why=row["why"],
        published=published.isoformat() if published else "",
    )
