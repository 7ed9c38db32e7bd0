"""A job in somebody's hands: taken under a lease, and ended once, in one transaction with what it led to."""

import random
from typing import Any
from uuid import UUID

import psycopg
from msgspec.json import encode

from biopsy.queue.filing import clean, file_jobs, job_of
from biopsy.queue.line import Connection, rows
from biopsy.queue.records import Again, Done, Park, Taken

FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0
LOST = "worker-died"
MAX_DETAIL = 500  # characters of a detail in a message, and of why one was not told
_NUMBERED = 0x62696F73


def wait_for(attempt: int, after: float | None = None) -> float:
    """How long to wait before the next attempt: what was asked for, else twice as long each time."""
    if after is not None:
        return max(0.0, min(after, LONGEST_WAIT * 24))
    doubled = min(FIRST_WAIT * 2.0 ** max(0, min(attempt - 1, 20)), LONGEST_WAIT)
    return doubled * random.uniform(0.8, 1.2)  # noqa: S311


_TAKE = """
UPDATE job SET state = 'running', attempts = attempts + 1, lease = %s, worker = %s, taken = now()
WHERE id = %s AND state IN ('waiting', 'running') RETURNING *
"""


async def take(
    made: Connection, number: int, *, handed: int, lease: UUID, worker: str, most: int
) -> Taken | None:
    """Take a job under a lease; None if it has ended meanwhile, or is handed out as another than `handed`.

    One whose every attempt was cut short by the death of its worker is parked instead: it may be the cause.
    """
    before = await rows(
        made, "SELECT state, attempts, lease FROM job WHERE id = %s AND pgq = %s FOR UPDATE", number, handed
    )
    if not before or before[0]["state"] not in {"waiting", "running"}:
        return None
    if before[0]["lease"] == lease:  # taken, and the answer was lost on its way
        found = await rows(made, "SELECT * FROM job WHERE id = %s", number)
        return Taken(number, job_of(found[0]), found[0]["attempts"], job_of(found[0]).lane)
    if before[0]["state"] == "running":
        await _close(made, before[0]["lease"], "lost", LOST, "")
        if before[0]["attempts"] >= most:
            detail = f"the worker of the last of {before[0]['attempts']} attempts died over it"
            await _aside(made, number, Park(LOST, detail))
            return None
    found = await rows(made, _TAKE, lease, worker, number)
    row = found[0]
    await made.execute(
        "INSERT INTO attempt (job, lease, number, worker) VALUES (%s, %s, %s, %s)",
        (number, lease, row["attempts"], worker),
    )
    job = job_of(row)
    return Taken(number, job, row["attempts"], job.lane)


async def _close(made: Connection, lease: UUID | None, how: str, reason: str, detail: str) -> None:
    await made.execute(
        "UPDATE attempt SET ended = now(), how = %s, reason = %s, detail = %s"
        " WHERE lease = %s AND ended IS NULL",
        (how, clean(reason), clean(detail), lease),
    )


async def done(made: Connection, schema: str, number: int, lease: UUID, what: Done) -> bool:
    """Write how a job ended, and all it led to; False if it had ended before, and then nothing is written.

    Whoever ends it first ends it, even if the lease has gone to another meanwhile: the work is the same.
    """
    found = await rows(made, "SELECT * FROM job WHERE id = %s FOR UPDATE", number)
    if not found or found[0]["state"] not in {"waiting", "running"}:
        return False
    row = found[0]
    await made.execute(
        "UPDATE job SET state = 'done', ended = now(), outcome = %s, reason = %s, verdict = %s, detail = '',"
        " pgq = NULL WHERE id = %s",
        (what.outcome, what.reason, what.verdict, number),
    )
    await _close(made, lease, "done", what.reason, "")
    await file_jobs(made, schema, what.found)
    for kind, payload in what.tell:
        await tell(made, kind, payload)
    # Who reads results goes on after the last id seen: so they are numbered in the order of their commits.
    await made.execute("SELECT pg_advisory_xact_lock(%s)", (_NUMBERED,))
    await made.execute(
        "INSERT INTO result (job, round, outcome, reason, verdict, key, run_ids, seconds, worker)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)",
        (
            number,
            row["round"],
            what.outcome,
            what.reason,
            what.verdict,
            what.key,
            [*what.run_ids],
            encode(what.seconds).decode(),
            row["worker"],
        ),
    )
    return True


async def tell(made: Connection, kind: str, payload: dict[str, Any]) -> None:
    """Put a message into the box, in the transaction of what it tells of."""
    text = encode(tidy(payload)).decode()
    await made.execute("INSERT INTO message (kind, payload) VALUES (%s, %s::jsonb)", (clean(kind), text))


def tidy(value: Any) -> Any:
    """Give a value of JSON with its texts as the database takes them."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean(str(name)): tidy(inner) for name, inner in value.items()}
        case list() | tuple():
            return [tidy(inner) for inner in value]
    return value


async def again(made: Connection, number: int, lease: UUID, why: Again, most: int) -> float | None:
    """Let a job wait for its next attempt; gives the seconds, None if it is ours no more or was parked."""
    found = await rows(made, "SELECT * FROM job WHERE id = %s AND lease = %s FOR UPDATE", number, lease)
    if not found or found[0]["state"] != "running":
        return None
    if not why.counted:
        await made.execute("UPDATE job SET attempts = attempts - 1 WHERE id = %s", (number,))
    elif found[0]["attempts"] >= most:
        await park(made, number, lease, Park(why.reason, why.detail or f"{most} attempts"))
        return None
    wait = wait_for(found[0]["attempts"], why.after)
    await _close(made, lease, "again", why.reason, why.detail)
    return wait if await _wait(made, number, wait, why.reason, why.detail) else None


async def give_back(made: Connection, number: int, lease: UUID, why: str) -> bool:
    """Put a job back as if it had not been taken; False if it is ours no more."""
    found = await rows(made, "SELECT * FROM job WHERE id = %s AND lease = %s FOR UPDATE", number, lease)
    if not found or found[0]["state"] != "running":
        return False
    await _close(made, lease, "given-back", why, "")
    await made.execute("UPDATE job SET attempts = attempts - 1 WHERE id = %s", (number,))
    return await _wait(made, number, 0.0, "", "")


async def _wait(made: Connection, number: int, seconds: float, reason: str, detail: str) -> bool:
    """Let a job wait; a look that waits already is enough, and this one is done with."""
    try:
        async with made.transaction():
            await made.execute(
                "UPDATE job SET state = 'waiting', ready = now() + make_interval(secs => %s), reason = %s,"
                " detail = %s, lease = NULL WHERE id = %s",
                (seconds, clean(reason), clean(detail), number),
            )
    except psycopg.errors.UniqueViolation:
        await made.execute(
            "UPDATE job SET state = 'cancelled', reason = 'superseded', ended = now(), pgq = NULL"
            " WHERE id = %s",
            (number,),
        )
        return False
    return True


async def park(made: Connection, number: int, lease: UUID, why: Park) -> bool:
    """Put a job aside, and tell of it; False if it is ours no more."""
    held = await rows(
        made,
        "SELECT id FROM job WHERE id = %s AND lease = %s AND state = 'running' FOR UPDATE",
        number,
        lease,
    )
    if not held:
        return False
    await _close(made, lease, "parked", why.reason, why.detail)
    await _aside(made, number, why)
    return True


async def _aside(made: Connection, number: int, why: Park) -> None:
    found = await rows(
        made,
        "UPDATE job SET state = 'parked', reason = %s, detail = %s, ended = now(), pgq = NULL, lease = NULL"
        " WHERE id = %s RETURNING *",
        clean(why.reason),
        clean(why.detail),
        number,
    )
    purl = job_of(found[0]).release.purl
    await tell(
        made, "parked", {"job": number, "purl": purl, "reason": why.reason, "detail": why.detail[:MAX_DETAIL]}
    )
