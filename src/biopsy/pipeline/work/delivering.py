"""Delivering: messages go from the queue's box to each place that wants them, until they arrive there."""

import asyncio
import logging

from biopsy.pipeline.work import messages
from biopsy.pipeline.work.logs import say
from biopsy.pipeline.work.messages import Place
from biopsy.pipeline.work.metrics import Metrics
from biopsy.queue import Message, Queue

AT_ONCE = 20
"""Messages that one worker takes from the box at a time."""

log = logging.getLogger("biopsy.worker")


class Sender:
    """Sends what is due. Who got a message already is remembered while we live: others then get it again."""

    def __init__(self, queue: Queue, places: dict[str, Place], metrics: Metrics) -> None:
        """Take note; nothing is sent yet."""
        self.queue, self.places, self.metrics = queue, places, metrics
        self._arrived: dict[int, set[str]] = {}

    async def deliver(self) -> None:
        """Send what waits in the box; what nobody wants to hear is told as well."""
        while found := await self.queue.untold(AT_ONCE):
            for message in found:
                await self._send(message)

    async def _send(self, message: Message) -> None:
        arrived = self._arrived.setdefault(message.id, set())
        trouble: dict[str, str] = {}
        for name, place in self.places.items():
            if name in arrived or not place.wants(message.kind, message.payload):
                continue
            wrong = await asyncio.to_thread(
                messages.send, place, message.id, message.kind, message.payload, message.made.timestamp()
            )
            self.metrics.messages.labels(name, "failed" if wrong else "sent").inc()
            if wrong:
                trouble[name] = wrong
            else:
                arrived.add(name)
        if trouble and message.tries < messages.MAX_TRIES:
            detail = "; ".join(f"{name}: {wrong}" for name, wrong in trouble.items())
            say(
                log,
                logging.WARNING,
                "message not sent",
                message=message.id,
                tries=message.tries,
                detail=detail,
            )
            await self.queue.not_told(message.id, detail, messages.wait(message.tries))
            return
        if trouble:
            say(log, logging.ERROR, "message given up", message=message.id, detail=str(trouble))
        self._arrived.pop(message.id, None)
        await self.queue.told(message.id)
