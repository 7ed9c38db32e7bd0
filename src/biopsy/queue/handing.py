"""PgQueuer's manager, made to hand out only what a worker has slots for."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Context
from pgqueuer.domain.models import Job as Handed
from pgqueuer.queries import EntrypointExecutionParameter
from pgqueuer.types import QueueEntrypoint

from biopsy.model.job import Lane
from biopsy.queue.gate import Gate, Offer

_LIMITS = 0x62696F71  # the lock of who counts and takes


class Manager(QueueManager):
    """PgQueuer's manager, asking only for what there are slots for."""

    gate: Gate

    async def fetch_jobs(
        self,
        batch_size: int,
        global_concurrency_limit: int | None,  # noqa: ARG002 - the gate limits us
        heartbeat_timeout: timedelta,
    ) -> AsyncGenerator[Handed, None]:
        """Hand out jobs as long as there are some and slots for them."""
        while await self.gate.slot(self.shutdown.is_set):
            offer = await self.gate.offer()
            if offer.bounded:
                async with self._alone():
                    jobs = await self._take(await self.gate.offer(), batch_size, heartbeat_timeout)
            else:
                jobs = await self._take(offer, batch_size, heartbeat_timeout)
            for job in jobs:
                yield job
            if not jobs:
                return

    async def _take(self, offer: Offer, most: int, heartbeat_timeout: timedelta) -> list[Handed]:
        if not offer.entrypoints or self.shutdown.is_set():
            return []
        jobs = await self.queries.dequeue(
            batch_size=min(offer.batch, most),
            entrypoints={
                QueueEntrypoint(name): EntrypointExecutionParameter(0) for name in offer.entrypoints
            },
            queue_manager_id=self.queue_manager_id,
            global_concurrency_limit=None,
            heartbeat_timeout=heartbeat_timeout,
        )
        for job in jobs:
            self.gate.hold(job.id, Lane(job.entrypoint.partition("/")[0]))
        return jobs

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None, None]:
        """Let one worker at a time count and take, where a limit over all of them is to hold."""
        await self.queries.driver.execute("SELECT pg_advisory_lock($1)", _LIMITS)
        try:
            yield
        finally:
            await self.queries.driver.execute("SELECT pg_advisory_unlock($1)", _LIMITS)

    def forget_job(self, job_id: Any, context: Context, task: "asyncio.Task[None]") -> None:
        """A job's dispatch has ended, however it did: its slot is free."""
        super().forget_job(job_id, context, task)
        if job_id not in self.job_context:
            self.gate.release(job_id)
