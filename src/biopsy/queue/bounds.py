"""What may not be done now: what is paused, and the limits of an ecosystem over all workers."""

from biopsy.errors import QueueError
from biopsy.model.job import Lane
from biopsy.queue.line import Connection, Line
from biopsy.queue.records import Limit


class Bounds:
    """Pauses and limits."""

    line: Line

    async def pause(self, what: str) -> None:
        """Hand out no more of a lane or an ecosystem; what runs goes on. QueueError for another word."""
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

    async def take(self, ecosystem: str) -> float:
        """Reserve one request to a registry under its limit; gives the seconds to wait before it is made.

        Without a limit for the ecosystem that is none. The bucket is shared by all machines.
        """

        async def body(made: Connection) -> float:
            return await token(made, f"ask/{ecosystem}", ecosystem)

        return await self.line.do(body)


_RESERVE = """
INSERT INTO bucket (name, free) SELECT %(bucket)s, now() + step FROM bounded
ON CONFLICT (name) DO UPDATE SET free = greatest(bucket.free, now())
    + (SELECT step FROM bounded)
RETURNING greatest(0, extract(epoch FROM free - (SELECT step + ahead FROM bounded) - now()))::float8
"""
_BOUNDED = """
WITH bounded AS (
    SELECT make_interval(secs => 1 / per_second) AS step,
           make_interval(secs => (burst - 1) / per_second) AS ahead
    FROM bound WHERE ecosystem = %(ecosystem)s AND per_second IS NOT NULL
)
"""


async def token(made: Connection, bucket: str, ecosystem: str) -> float:
    """Take a token (generic cell rate algorithm, ITU-T I.371): seconds until it is there; 0 without limit."""
    async with made.cursor() as cursor:
        await cursor.execute(_BOUNDED + _RESERVE, {"bucket": bucket, "ecosystem": ecosystem})
        row = await cursor.fetchone()
    return float(row[0]) if row else 0.0


def pausable(what: str) -> str:
    """Check and complete the name of what is to be paused: a lane, or an ecosystem."""
    kind, colon, name = what.partition(":")
    if not colon:
        kind, name = ("lane", what) if what in tuple(Lane) else ("ecosystem", what)
    if kind not in {"lane", "ecosystem"} or not name or (kind == "lane" and name not in tuple(Lane)):
        raise QueueError(f"{what!r} is neither a lane ({', '.join(Lane)}) nor an ecosystem")
    return f"{kind}:{name}"
