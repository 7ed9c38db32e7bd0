"""Feeds: how far each was read, what it said, and that both are written with the jobs they lead to."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from msgspec.json import decode, encode

from biopsy.model.feed import Change, Item
from biopsy.model.job import Job
from biopsy.queue.filing import clean, clock, file_jobs
from biopsy.queue.line import Access, Connection, Line, line, rows
from biopsy.queue.records import CursorMoved, FeedState, Gap, Moved, Seen, Settings, Withdrawal

_HELD = 0x62696F  # the class of the locks that hold feeds
WITHDRAWN = {Change.YANKED, Change.UNYANKED, Change.DELETED}

_STATE = (
    "name, cursor, validators, polled, moved, newest, items, repeated, late, jobs, failures, trouble, detail,"
    " paused,"
    " (SELECT count(*) FROM gap WHERE gap.feed = feed.name AND closed IS NULL) AS gaps"
)


class Feeds:
    """What the queue knows of feeds."""

    settings: Settings
    line: Line
    access: Access

    async def feeds(self) -> tuple[FeedState, ...]:
        """Every feed that was ever polled, by name."""
        found = await self.line.rows(f"SELECT {_STATE} FROM feed ORDER BY name")  # noqa: S608
        return tuple(FeedState(**row) for row in found)

    async def feed(self, name: str) -> FeedState:
        """One feed; without a cursor if it was never polled."""
        found = await self.line.rows(f"SELECT {_STATE} FROM feed WHERE name = %s", name)  # noqa: S608
        return FeedState(**found[0]) if found else FeedState(name)

    async def advance(  # noqa: PLR0917 - a poll, in the order of its parts
        self,
        name: str,
        before: str,
        after: str,
        items: Sequence[Item],
        jobs: Sequence[Job],
        seen: Seen,
        of: Sequence[int] = (),
    ) -> Moved:
        """Write all that one poll led to, or nothing: items, jobs, and the cursor from `before` to `after`.

        `of` says of each job which item led to it, by its index, or -1 for none: a job whose item was said
        before is not enqueued again. Raises CursorMoved when the cursor is not `before`: somebody else polls
        this feed, read it anew.
        """
        move = uuid4()

        async def body(made: Connection) -> Moved:
            state = await self._state(made, name)
            if state["move"] == move:  # it was written, only the answer was lost
                return decode(encode(state["moved_by"]), type=Moved)
            if state["cursor"] != before:
                raise CursorMoved(name)
            new, fresh = await _record(made, name, items)
            led = [
                job for job, item in zip(jobs, of or [-1] * len(jobs), strict=True) if item < 0 or fresh[item]
            ]
            counted = await file_jobs(made, self.settings.schema, led)
            moved = Moved(len(new), len(items) - len(new), await _linked(made, new), counted)
            await made.execute(_ADVANCE, _advance(name, after, seen, moved) | {"move": move})
            return moved

        return await self.line.do(body)

    async def _state(self, made: Connection, name: str) -> dict[str, Any]:
        await made.execute("INSERT INTO feed (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,))
        found = await rows(made, "SELECT cursor, move, moved_by FROM feed WHERE name = %s FOR UPDATE", name)
        return found[0]

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[bool]:
        """Hold a feed as the only one: whether it was free. Whoever dies holding it no longer does.

        It is held by a connection; should that break, the cursor still moves for one of two only.
        """
        async with line(self.access) as own:
            found = await own.rows("SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS got", _HELD, name)
            yield bool(found[0]["got"])

    async def troubled(self, name: str, reason: str, detail: str = "") -> int:
        """Note that a poll failed; gives how many in a row."""
        found = await self.line.rows(
            "INSERT INTO feed (name, failures, trouble, detail, polled) VALUES (%s, 1, %s, %s, now())"
            " ON CONFLICT (name) DO UPDATE SET failures = feed.failures + 1, trouble = excluded.trouble,"
            " detail = excluded.detail, polled = now() RETURNING failures",
            name,
            clean(reason),
            clean(detail),
        )
        return int(found[0]["failures"])

    async def pause_feed(self, name: str, *, paused: bool = True) -> None:
        """Let a feed rest, or go on. What follows feeds minds it."""
        await self.line.rows(
            "INSERT INTO feed (name, paused) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
            name,
            paused,
        )

    async def gap(self, name: str, start: str, end: str, expected: int | None = None) -> int:
        """Note that a feed left something out between two cursors, once; gives the gap's id."""
        await self.line.rows("INSERT INTO feed (name) VALUES (%s) ON CONFLICT DO NOTHING", name)
        found = await self.line.rows(
            "INSERT INTO gap (feed, begins, ends, expected) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (feed, begins, ends) DO UPDATE SET expected = excluded.expected RETURNING id",
            name,
            start,
            end,
            expected,
        )
        return int(found[0]["id"])

    async def close_gap(self, number: int, found: int) -> None:
        """Note that a gap was caught up, and how much was found in it."""
        await self.line.rows(
            "UPDATE gap SET closed = now(), found = %s WHERE id = %s AND closed IS NULL", found, number
        )

    async def gaps(self, name: str = "", *, closed: bool = False) -> tuple[Gap, ...]:
        """The gaps of a feed, or of all, oldest first: those open, or with `closed` every one."""
        found = await self.line.rows(
            "SELECT id, feed, begins AS start, ends AS end, noticed, expected, found, closed FROM gap"
            " WHERE (%s = '' OR feed = %s) AND (%s OR closed IS NULL) ORDER BY id",
            name,
            name,
            closed,
        )
        return tuple(Gap(**row) for row in found)

    async def withdrawals(self, job: int) -> tuple[Withdrawal, ...]:
        """What registries took back of the release of a job, oldest first."""
        found = await self.line.rows(
            "SELECT job, change, reason, seen, feed FROM withdrawal WHERE job = %s ORDER BY item", job
        )
        return tuple(Withdrawal(**row) for row in found)


_ADVANCE = """
UPDATE feed SET cursor = %(cursor)s, validators = %(validators)s::jsonb, polled = now(), moved = CASE
    WHEN cursor <> %(cursor)s OR %(items)s > 0 THEN now() ELSE moved END,
    newest = greatest(newest, CASE WHEN %(newest)s < now() + interval '1 day' THEN %(newest)s END),
    items = items + %(items)s, repeated = repeated + %(repeated)s,
    late = late + %(late)s, jobs = jobs + %(jobs)s, failures = 0, trouble = '', detail = '',
    move = %(move)s, moved_by = %(moved)s::jsonb
WHERE name = %(name)s
"""


def _advance(name: str, after: str, seen: Seen, moved: Moved) -> dict[str, Any]:
    return {
        "name": name,
        "cursor": after,
        "validators": encode(seen.validators).decode(),
        "newest": clock(seen.newest),
        "items": moved.items,
        "repeated": moved.repeated,
        "late": seen.late,
        "jobs": moved.jobs.new,
        "moved": encode(moved).decode(),
    }


_RECORD = """
INSERT INTO item (said, feed, ecosystem, name, version, change, filename, digest, published, serial, reason)
SELECT t.said, %s, t.ecosystem, t.name, t.version, t.change, t.filename, t.digest, t.published, t.serial,
       t.reason
FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::timestamptz[], %s::bigint[], %s::text[])
     AS t(said, ecosystem, name, version, change, filename, digest, published, serial, reason)
ON CONFLICT (said) DO NOTHING RETURNING id, change, said
"""


async def _record(
    made: Connection, feed: str, items: Sequence[Item]
) -> tuple[list[dict[str, Any]], list[bool]]:
    """Write down what a feed says, each thing once; gives what is new, and of each item whether it is."""
    if not items:
        return [], []
    told = [
        (
            clean(item.ecosystem),
            clean(item.name),
            clean(item.version),
            item.change,
            clean(item.filename),
            clean(item.digest),
            clock(item.published),
            item.serial,
            clean(item.reason),
        )
        for item in items
    ]
    table = [(hashlib.sha256(encode((feed, *row))).digest(), *row) for row in told]
    new = await rows(made, _RECORD, feed, *([*column] for column in zip(*table, strict=True)))
    said = {bytes(row["said"]) for row in new}
    return new, [row[0] in said for row in table]


async def _linked(made: Connection, new: Sequence[dict[str, Any]]) -> int:
    """How many releases known here were taken back by new items."""
    told = [row["id"] for row in new if row["change"] in WITHDRAWN]
    if not told:
        return 0
    found = await rows(made, "SELECT count(DISTINCT job) AS n FROM withdrawal WHERE item = ANY(%s)", told)
    return int(found[0]["n"])
