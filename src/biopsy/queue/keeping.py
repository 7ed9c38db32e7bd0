"""Housekeeping: what fell between two tables is put right, and what nobody needs any more is removed.

Jobs stay for ever, for what is known is not done twice; so do results, and what was yanked or deleted. That
a feed named a release is kept for 90 days, a message that was told for 30, PgQueuer's log for one.
"""

from biopsy.queue.filing import hand_over, job_of
from biopsy.queue.line import Connection, Line, rows

MOST = 10_000  # rows at a time
_LOCK = 0x62696F72


async def keep_house(line: Line, schema: str) -> int:
    """Do it, if no other worker does; gives how many jobs had to be handed over again."""

    async def body(made: Connection) -> int:
        locked = await rows(made, "SELECT pg_try_advisory_xact_lock(%s) AS got", _LOCK)
        if not locked[0]["got"]:
            return 0
        lost = await rows(
            made,
            "SELECT job.* FROM job LEFT JOIN pgqueuer ON pgqueuer.id = job.pgq"
            " WHERE job.state IN ('waiting', 'running') AND pgqueuer.id IS NULL"
            " ORDER BY job.id LIMIT %s FOR UPDATE OF job SKIP LOCKED",
            MOST,
        )
        await hand_over(made, schema, [(row["id"], job_of(row)) for row in lost])
        await made.execute(
            "DELETE FROM pgqueuer_log WHERE id IN (SELECT id FROM pgqueuer_log"
            " WHERE created < now() - interval '1 day' LIMIT %s)",
            (MOST,),
        )
        await made.execute(
            "DELETE FROM item WHERE id IN (SELECT id FROM item WHERE seen < now() - interval '90 days'"
            " AND change IN ('new', 'changed') ORDER BY seen LIMIT %s)",
            (MOST,),
        )
        await made.execute("DELETE FROM worker WHERE beat < now() - interval '1 day'")
        await made.execute("DELETE FROM message WHERE told < now() - interval '30 days'")
        return len(lost)

    return await line.do(body)
