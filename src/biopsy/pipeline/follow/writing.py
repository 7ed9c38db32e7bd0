"""Writing what a poll led to, whatever is in it: one entry that cannot be written must not stop a feed."""

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from biopsy.errors import BiopsyError
from biopsy.pipeline.follow.judging import Judged
from biopsy.queue import Counted, CursorMoved, Moved, Queue, Seen

log = logging.getLogger("biopsy.follow")


async def write(
    queue: Queue, feed: str, cursors: tuple[str, str], judged: Judged, seen: Seen
) -> tuple[Moved, int]:
    """Advance a feed by a poll, from one cursor to another, in one transaction.

    Gives what that did, and how many items were left out.

    Where the database refuses the whole for what is in it, it is written in halves, with the cursor where it
    was; an item that is refused alone is logged and left out, and the cursor moves last. Raises CursorMoved
    and QueueError as `Queue.advance` does.
    """
    before, after = cursors
    try:
        return await queue.advance(feed, before, after, judged.items, judged.jobs, seen, judged.of), 0
    except (BiopsyError, CursorMoved):
        raise
    except Exception as err:
        if not judged.items:
            raise
        log.warning("%s: a poll cannot be written as a whole: %s", feed, _line(err))
    parts = await _halves(queue, feed, before, judged, seen)
    last = await queue.advance(feed, before, after, (), (), seen)
    every = [*(moved for moved in parts if moved is not None), last]
    return _sum(every), sum(moved is None for moved in parts)


async def _halves(queue: Queue, feed: str, cursor: str, judged: Judged, seen: Seen) -> list[Moved | None]:
    """Write a poll in halves of halves; None stands for an item that is refused alone."""
    same = Seen(seen.validators)
    try:
        return [await queue.advance(feed, cursor, cursor, judged.items, judged.jobs, same, judged.of)]
    except (BiopsyError, CursorMoved):
        raise
    except Exception as err:
        if len(judged.items) == 1:
            log.error("%s: an item is left out: %s: %r", feed, _line(err), judged.items[0])  # noqa: TRY400 - a line
            return [None]
    middle = len(judged.items) // 2
    first = await _halves(queue, feed, cursor, _part(judged, 0, middle), seen)
    return first + await _halves(queue, feed, cursor, _part(judged, middle, len(judged.items)), seen)


def _part(judged: Judged, start: int, end: int) -> Judged:
    """Some items with the jobs that they led to."""
    jobs = [(job, to) for job, to in zip(judged.jobs, judged.led, strict=True) if start <= to < end]
    known = dict(zip(judged.led, judged.of, strict=True))
    return replace(
        judged,
        items=judged.items[start:end],
        jobs=tuple(job for job, _ in jobs),
        led=tuple(to - start for _, to in jobs),
        of=tuple(to - start if known[to] >= 0 else -1 for _, to in jobs),
    )


def _sum(every: Sequence[Moved]) -> Moved:
    jobs = [moved.jobs for moved in every]
    counted = Counted(
        sum(one.new for one in jobs), sum(one.known for one in jobs), sum(one.sooner for one in jobs)
    )
    return Moved(
        sum(one.items for one in every),
        sum(one.repeated for one in every),
        sum(one.linked for one in every),
        counted,
    )


def _line(err: Exception) -> str:
    return " ".join(f"{type(err).__name__}: {err}".split())[:500]
