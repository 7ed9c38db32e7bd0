"""Jobs as people and programs ask for them, look at them, and put them right."""

from collections.abc import Sequence
from typing import Any

from biopsy.model.job import Job
from biopsy.queue.filing import file_jobs, hand_over, job_of, take_back
from biopsy.queue.line import Connection, Line, rows
from biopsy.queue.records import (
    Attempt,
    Counted,
    Entry,
    Settings,
    State,
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

    async def job(self, number: int) -> Entry | None:
        """One job."""
        found = await self.line.rows(f"{_ENTRY} WHERE job.id = %s", number)
        return _entry(found[0]) if found else None

    async def attempts(self, number: int) -> tuple[Attempt, ...]:
        """What was tried for a job, the first first; those given back among it."""
        found = await self.line.rows(
            "SELECT number, worker, taken, ended, how, reason, detail FROM attempt"
            " WHERE job = %s ORDER BY taken",
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
                _RETRY,
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
            await take_back(made, self.settings.schema, [row["pgq"] for row in found])
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
            await take_back(made, self.settings.schema, [row["pgq"] for row in found])
            return len(found)

        return await self.line.do(body)


_RETRY = """
UPDATE job SET state = 'waiting', ready = now(), round = round + 1, attempts = 0, ended = NULL, reason = '',
    detail = '', lease = NULL
WHERE id IN (SELECT id FROM job WHERE id = ANY(%s) AND state IN ('parked', 'cancelled', 'done')
    AND NOT (version = '' AND EXISTS (SELECT FROM job AS other WHERE other.ecosystem = job.ecosystem
        AND other.name = job.name AND other.version = '' AND other.state = 'waiting'))
    FOR UPDATE)
RETURNING *
"""


def like(pattern: str) -> str:
    """Write a pattern with `*` the way that SQL's LIKE reads it."""
    for letter in "\\%_":
        pattern = pattern.replace(letter, f"\\{letter}")
    return pattern.replace("*", "%")
