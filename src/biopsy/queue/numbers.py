"""How the queue fares, in numbers: what waits, what it came to, how long it took, who works."""

from typing import Any

from biopsy.queue.filing import job_of
from biopsy.queue.line import Line
from biopsy.queue.records import Depth, Result, Times, WorkerState

GONE_SECONDS = 60.0  # without a beat, a worker counts as gone


class Numbers:
    """What the queue can say of itself."""

    line: Line

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
            " (SELECT count(*) FROM job WHERE job.state = 'running' AND job.worker = worker.name)::int"
            " AS running"
            " FROM worker WHERE beat > now() - interval '1 hour' ORDER BY started",
            gone,
        )
        return tuple(
            WorkerState(**{**row, "lanes": tuple(row["lanes"]), "ecosystems": tuple(row["ecosystems"])})
            for row in found
        )


_RESULT = """
SELECT result.id, result.job, result.at, result.outcome, result.reason, result.verdict, result.key,
       result.run_ids, result.seconds, result.worker, job.ecosystem, job.name, job.version, job.digest,
       job.filename, job.lane, job.depth, job.priority, job.why, job.published, job.created
FROM result JOIN job ON job.id = result.job
"""


def _result(row: dict[str, Any]) -> Result:
    plain = ("id", "job", "at", "digest", "lane", "why", "outcome", "reason", "verdict", "key", "seconds")
    return Result(
        purl=job_of(row).release.purl,
        run_ids=tuple(row["run_ids"]),
        **{name: row[name] for name in (*plain, "published", "created", "worker")},
    )


def _pair(values: list[float | None] | None) -> tuple[float, float] | None:
    if not values or values[0] is None or values[1] is None:
        return None
    return round(float(values[0]), 3), round(float(values[1]), 3)
