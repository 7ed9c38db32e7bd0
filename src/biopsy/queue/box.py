"""Messages that wait to be told, and tokens that are taken: what workers and feeds share besides jobs."""

from typing import Any

from biopsy.queue import ends
from biopsy.queue.filing import clean
from biopsy.queue.line import Connection, Line
from biopsy.queue.records import Message

LEASE_SECONDS = 60


class Box:
    """The messages, and the buckets of tokens."""

    line: Line

    async def tell(self, kind: str, payload: dict[str, Any]) -> None:
        """Put a message into the box by itself. What tells of a job goes with its Done."""

        async def body(made: Connection) -> None:
            await ends.tell(made, kind, payload)

        await self.line.do(body)

    async def untold(self, limit: int = 100) -> tuple[Message, ...]:
        """Take messages that are due, oldest first, for a minute; what is not told by then is due again."""
        found = await self.line.rows(
            "UPDATE message SET tries = tries + 1, due = now() + make_interval(secs => %s) WHERE id IN"
            " (SELECT id FROM message WHERE told IS NULL AND due <= now() ORDER BY id LIMIT %s"
            " FOR UPDATE SKIP LOCKED) RETURNING id, kind, payload, made, tries",
            LEASE_SECONDS,
            limit,
        )
        return tuple(Message(**row) for row in sorted(found, key=lambda row: row["id"]))

    async def told(self, number: int) -> None:
        """A message has arrived."""
        await self.line.rows("UPDATE message SET told = now(), detail = '' WHERE id = %s", number)

    async def not_told(self, number: int, detail: str, after: float) -> None:
        """A message could not be told; it is due again in so many seconds."""
        await self.line.rows(
            "UPDATE message SET due = now() + make_interval(secs => %s), detail = %s WHERE id = %s",
            after,
            clean(detail[: ends.MAX_DETAIL]),
            number,
        )

    async def waiting_messages(self) -> int:
        """How many messages are not told yet."""
        found = await self.line.rows("SELECT count(*) AS n FROM message WHERE told IS NULL")
        return int(found[0]["n"])
