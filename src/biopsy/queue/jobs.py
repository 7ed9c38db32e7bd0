"""Jobs as people and programs ask for them, look at them, and put them right."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from biopsy.errors import QueueError
from biopsy.model.job import Job
from biopsy.queue.filing import engine, file_jobs, hand_over, job_of
from biopsy.queue.line import Connection, Line, rows
from biopsy.queue.records import (
    Attempt,
    Counted,
    Depth,
    Entry,
    Limit,
    Result,
    Settings,
    State,
    Times,
    WorkerState,
)

CHUNK = 5_000  # jobs a transaction
MAX_ROWS = 10_000
GONE_SECONDS = 60.0  # without a beat, a worker counts as gone

_ENTRY = (
    "SELECT job.*, coalesce((SELECT change FROM withdrawal WHERE withdrawal.job = job.id ORDER BY item DESC"
    " LIMIT 1), '') AS withdrawn FROM job"
)


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        id=row["id"],
        job=job_of(row),
        state=State(row["state"]),
        attempts=row["attempts"],
        withdrawn="" if row["withdrawn"] == "unyanked" else row["withdrawn"],
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = ("created", "ready", "taken", "ended", "worker", "reason", "detail", "outcome", "verdict")


class Jobs:
    """What the queue knows of jobs."""

    settings: Settings
    line: Line

    async def enqueue(self, jobs: Sequence[Job], *, again: bool = False) -> Counted:
        """Ask for jobs. One that is known is not done twice, but goes sooner, or further, where asked to.

        With `again` what has ended is done anew. More than a chunk is written chunk by chunk: interrupted,
        it may be called again with the same jobs.
        """
        total = Counted()
        for start in range(0, len(jobs), CHUNK):
            part = jobs[start : start + CHUNK]

            async def body(made: Connection, part: Sequence[Job] = part) -> Counted:
                return await file_jobs(made, self.settings.schema, part, again=again)

            some = await self.line.do(body)
            total = Counted(
                total.new + some.new,
                total.known + some.known,
                total.sooner + some.sooner,
                total.ids + some.ids,
            )
        return total

    async def depth(self) -> tuple[Depth, ...]:
        """How many jobs have not ended well, by lane, ecosystem and state, and how old the oldest is."""
        found = await self.line.rows(
            "SELECT lane, ecosystem, state, count(*) AS jobs,"
            " coalesce(extract(epoch FROM now() - min(created)), 0)::float8 AS oldest FROM job"
            " WHERE state IN ('waiting', 'running', 'parked') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
        return tuple(Depth(**row) for row in found)

    async def waiting(self, lane: str = "") -> int:
        """How many jobs wait, all or of one lane: what feeds hold back for when there are too many."""
        found = await self.line.rows(
            "SELECT count(*) AS n FROM job WHERE state = 'waiting' AND (%s = '' OR lane = %s)", lane, lane
        )
        return int(found[0]["n"])

    async def job(self, number: int) -> Entry | None:
        """One job."""
        found = await self.line.rows(f"{_ENTRY} WHERE job.id = %s", number)
        return _entry(found[0]) if found else None

    async def attempts(self, number: int) -> tuple[Attempt, ...]:
        """What was tried for a job, the first first; those given back among it."""
        found = await self.line.rows(
            "SELECT number, worker, taken, ended, how, reason, detail FROM attempt WHERE job = %s ORDER BY taken",
            number,
        )
        return tuple(Attempt(**row) for row in found)

    async def jobs(
        self,
        *,
        state: str = "",
        ecosystem: str = "",
        lane: str = "",
        name: str = "",
        reason: str = "",
        before: int = 0,
        limit: int = 100,
    ) -> tuple[Entry, ...]:
        """Jobs, the newest first, at most 10,000; go on with the last one's id as `before`.

        `name` may hold `*` for anything.
        """
        wanted = {"state": state, "ecosystem": ecosystem, "lane": lane, "reason": reason}
        tests: list[tuple[str, Any]] = [
            (f"job.{column} = %s", value) for column, value in wanted.items() if value
        ]
        if name:
            tests.append(("job.name LIKE %s", like(name)))
        if before:
            tests.append(("job.id < %s", before))
        where = " AND ".join(test for test, _ in tests) or "true"
        found = await self.line.rows(
            f"{_ENTRY} WHERE {where} ORDER BY job.id DESC LIMIT %s",
            *(value for _, value in tests),
            min(limit, MAX_ROWS),
        )
        return tuple(_entry(row) for row in found)

    async def parked(self, reason: str = "", limit: int = 100) -> tuple[Entry, ...]:
        """Jobs put aside, the newest first."""
        return await self.jobs(state=State.PARKED, reason=reason, limit=limit)

    async def retry(self, ids: Sequence[int]) -> int:
        """Let ended jobs be done anew; gives how many. Those that wait or run are left alone."""

        async def body(made: Connection) -> int:
            found = await rows(
                made,
                "UPDATE job SET state = 'waiting', ready = now(), round = round + 1, attempts = 0, ended = NULL,"
                " reason = '', detail = '', lease = NULL WHERE id IN (SELECT id FROM job WHERE id = ANY(%s)"
                " AND state IN ('parked', 'cancelled', 'done') AND NOT (version = '' AND EXISTS (SELECT FROM job"
                " AS other WHERE (other.ecosystem, other.name) = (job.ecosystem, job.name) AND other.version = ''"
                " AND other.state = 'waiting')) FOR UPDATE) RETURNING *",
                [*ids],
            )
            await hand_over(made, self.settings.schema, [(row["id"], job_of(row)) for row in found])
            return len(found)

        return await self.line.do(body)

    async def cancel(self, ids: Sequence[int]) -> int:
        """Do jobs not after all; gives how many. Those that run are asked to leave."""

        async def body(made: Connection) -> int:
            found = await rows(
                made,
                "UPDATE job SET state = 'cancelled', ended = now(), reason = 'by-hand', lease = NULL"
                " WHERE id = ANY(%s) AND state IN ('waiting', 'running', 'parked') RETURNING pgq",
                [*ids],
            )
            theirs = [row["pgq"] for row in found if row["pgq"] is not None]
            if theirs:
                await engine(made, self.settings.schema).mark_job_as_cancelled(theirs)
            return len(found)

        return await self.line.do(body)

    async def park(self, ids: Sequence[int], reason: str = "by-hand") -> int:
        """Put waiting jobs aside; gives how many."""

        async def body(made: Connection) -> int:
            found = await rows(
                made,
                "UPDATE job SET state = 'parked', ended = now(), reason = %s WHERE id = ANY(%s)"
                " AND state = 'waiting' RETURNING pgq",
                reason,
                [*ids],
            )
            theirs = [row["pgq"] for row in found if row["pgq"] is not None]
            if theirs:
                await engine(made, self.settings.schema).mark_job_as_cancelled(theirs)
            return len(found)

        return await self.line.do(body)

    async def results(self, since: int = 0, limit: int = 1000) -> tuple[Result, ...]:
        """What jobs came to, in the order it was written; go on with the last one's id as `since`."""
        found = await self.line.rows(
            f"{_RESULT} WHERE result.id > %s ORDER BY result.id LIMIT %s", since, limit
        )
        return tuple(_result(row) for row in found)

    async def newest(self, limit: int = 10) -> tuple[Result, ...]:
        """The last results, the newest first."""
        found = await self.line.rows(f"{_RESULT} ORDER BY result.id DESC LIMIT %s", limit)
        return tuple(_result(row) for row in found)

    async def lately(self, since: datetime, limit: int = 1000) -> tuple[Result, ...]:
        """What jobs came to from a moment on, the newest first."""
        found = await self.line.rows(
            f"{_RESULT} WHERE result.at >= %s ORDER BY result.at DESC LIMIT %s", since, limit
        )
        return tuple(_result(row) for row in found)

    async def outcomes(self, seconds: float) -> dict[tuple[str, str], int]:
        """How jobs ended in the last so many seconds: (outcome or state, reason or verdict) and how many."""
        found = await self.line.rows(
            "SELECT CASE state WHEN 'done' THEN outcome ELSE state END AS what,"
            " CASE WHEN reason = '' THEN verdict ELSE reason END AS why, count(*) AS n FROM job"
            " WHERE ended > now() - make_interval(secs => %s) GROUP BY 1, 2 ORDER BY 3 DESC",
            seconds,
        )
        return {(row["what"], row["why"]): row["n"] for row in found}

    async def times(self, seconds: float) -> tuple[Times, ...]:
        """How long jobs took that were done in the last so many seconds, by lane and ecosystem."""
        found = await self.line.rows(
            "SELECT lane, ecosystem, count(*) AS jobs,"
            " percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM taken - created))"
            " AS waited,"
            " percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM ended - taken))"
            " AS worked,"
            " percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM ended - published))"
            " AS since FROM job WHERE state = 'done' AND ended > now() - make_interval(secs => %s)"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            seconds,
        )
        return tuple(
            Times(
                row["lane"],
                row["ecosystem"],
                row["jobs"],
                *(_pair(row[n]) for n in ("waited", "worked", "since")),
            )
            for row in found
        )

    async def workers(self, gone: float = GONE_SECONDS) -> tuple[WorkerState, ...]:
        """Workers that gave a sign of life in the last hour; one silent for `gone` seconds counts as gone."""
        found = await self.line.rows(
            "SELECT id::text, name, host, pid, slots, lanes, ecosystems, started,"
            " CASE WHEN beat < now() - make_interval(secs => %s) THEN 'gone' ELSE state END AS state,"
            " extract(epoch FROM now() - beat)::float8 AS beat,"
            " (SELECT count(*) FROM job WHERE job.state = 'running' AND job.worker = worker.name)::int AS running"
            " FROM worker WHERE beat > now() - interval '1 hour' ORDER BY started",
            gone,
        )
        return tuple(
            WorkerState(**{**row, "lanes": tuple(row["lanes"]), "ecosystems": tuple(row["ecosystems"])})
            for row in found
        )

    async def pause(self, what: str) -> None:
        """Hand out no more of a lane or an ecosystem; what runs goes on. Raises QueueError for another word."""
        await self.line.rows("INSERT INTO pause (what) VALUES (%s) ON CONFLICT DO NOTHING", pausable(what))

    async def resume(self, what: str) -> None:
        """Hand out what was paused."""
        await self.line.rows("DELETE FROM pause WHERE what = %s", pausable(what))

    async def paused(self) -> tuple[str, ...]:
        """What is paused: `lane:batch`, `ecosystem:npm`."""
        return tuple(row["what"] for row in await self.line.rows("SELECT what FROM pause ORDER BY what"))

    async def limit(self, limit: Limit) -> None:
        """Set how much of an ecosystem is done at once and a second, over all workers."""
        await self.line.rows(
            "INSERT INTO bound (ecosystem, concurrency, per_second, burst) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (ecosystem) DO UPDATE SET concurrency = excluded.concurrency,"
            " per_second = excluded.per_second, burst = excluded.burst",
            limit.ecosystem,
            limit.concurrency,
            limit.per_second,
            limit.burst,
        )

    async def limits(self) -> tuple[Limit, ...]:
        """The limits set."""
        found = await self.line.rows("SELECT ecosystem, concurrency, per_second, burst FROM bound ORDER BY 1")
        return tuple(Limit(**row) for row in found)


def _pair(values: list[float | None] | None) -> tuple[float, float] | None:
    if not values or values[0] is None or values[1] is None:
        return None
    return round(float(values[0]), 3), round(float(values[1]), 3)


_RESULT = """
SELECT result.id, result.job, result.at, result.outcome, result.reason, result.verdict, result.key, result.run_ids,
       result.seconds, result.worker, job.ecosystem, job.name, job.version, job.digest, job.filename, job.lane,
       job.depth, job.priority, job.why, job.published, job.created
FROM result JOIN job ON job.id = result.job
"""


def _result(row: dict[str, Any]) -> Result:
    plain = ("id", "job", "at", "digest", "lane", "why", "outcome", "reason", "verdict", "key", "seconds")
    return Result(
        purl=job_of(row).release.purl,
        run_ids=tuple(row["run_ids"]),
        **{name: row[name] for name in (*plain, "published", "created", "worker")},
    )


def like(pattern: str) -> str:
    """Write a pattern with `*` the way that SQL's LIKE reads it."""
    for letter in "\\%_":
        pattern = pattern.replace(letter, f"\\{letter}")
    return pattern.replace("*", "%")


def pausable(what: str) -> str:
    """Check and complete the name of what is to be paused: a lane, or an ecosystem."""
    from biopsy.model.job import Lane  # noqa: PLC0415

    kind, colon, name = what.partition(":")
    if not colon:
        kind, name = ("lane", what) if what in tuple(Lane) else ("ecosystem", what)
    if kind not in {"lane", "ecosystem"} or not name or (kind == "lane" and name not in tuple(Lane)):
        raise QueueError(f"{what!r} is neither a lane ({', '.join(Lane)}) nor an ecosystem")
    return f"{kind}:{name}"
