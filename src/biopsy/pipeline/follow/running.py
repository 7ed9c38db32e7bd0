"""Following several feeds at once, unattended: until told to stop, or `once` until nothing more is there."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from biopsy import queue
from biopsy.ecosystems.feeds import Feed
from biopsy.errors import QueueError
from biopsy.pipeline.follow.following import Follower, Options, Turn
from biopsy.pipeline.follow.policy import Policies

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("biopsy.follow")

AGAIN = 10.0
"""Seconds until a feed goes on after the queue's database stayed away."""

GRACE = 15.0
"""Seconds that a poll under way has to end when following is stopped; what it read then is read again."""


async def watch(
    settings: queue.Settings,
    chosen: Sequence[Feed],
    policies: Policies,
    client: "httpx.Client",
    options: Options,
    *,
    stop: asyncio.Event,
    once: bool = False,
    told: Callable[[Turn], None] = lambda _turn: None,
) -> None:
    """Follow feeds. `once`: QueueError where the database stays away; else it is waited for."""
    async with queue.open(settings) as held:
        followers = [Follower(feed, held, client, policies, options, told=told) for feed in chosen]
        tasks = [asyncio.create_task(_unattended(one, stop, once=once)) for one in followers]
        stopping = asyncio.create_task(stop.wait())
        try:
            await _all(tasks, stopping)
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
            client.close()  # a thread that still reads fails at once, instead of holding up our end


async def _all(tasks: Sequence["asyncio.Task[None]"], stopping: "asyncio.Task[bool]") -> None:
    waiting: set[asyncio.Task[None]] = set(tasks)
    while waiting:
        done, _ = await asyncio.wait({*waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stopping in done:
            await asyncio.wait(waiting, timeout=GRACE)
            return
        for task in done & waiting:
            task.result()  # an error of ours ends the whole: better than one feed that is silently missing
        waiting -= done


async def _unattended(follower: Follower, stop: asyncio.Event, *, once: bool) -> None:
    while True:
        try:
            return await follower.follow(stop, once=once)
        except QueueError as err:
            if once or stop.is_set():
                raise
            log.warning("%s: %s; waiting for it", follower.feed.name, err)
        try:
            await asyncio.wait_for(stop.wait(), AGAIN)
        except TimeoutError:
            continue
