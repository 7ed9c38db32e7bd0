"""Start a worker with all that it needs, and see it to its end."""

import asyncio
import logging
import signal
import socket
from pathlib import Path

import msgspec
from msgspec import Struct

from biopsy import queue
from biopsy.pipeline.work import messages
from biopsy.pipeline.work.coming import Setting
from biopsy.pipeline.work.doing import DOER
from biopsy.pipeline.work.logs import say
from biopsy.pipeline.work.metrics import Metrics
from biopsy.pipeline.work.processes import Processes
from biopsy.pipeline.work.worker import Bounds, Worker

log = logging.getLogger("biopsy.worker")


class Wanted(Struct, frozen=True):
    """What sort of worker. `metrics` is HOST:PORT, empty for none."""

    home: Path
    dsn: str
    me: queue.Worker
    setting: Setting
    bounds: Bounds
    metrics: str = ""


def own_name() -> str:
    """What a worker is called unless it is told: this machine's name."""
    return socket.gethostname() or "worker"


async def work(wanted: Wanted) -> None:
    """Work until told to stop by SIGTERM or SIGINT; told a second time, give back what runs and end at once.

    Raises UsageError where a file or an address is wrong, RuleError for wrong rules, QueueError without a
    database, NoServerError where analyses cannot be started.
    """
    places = messages.read(wanted.home)
    metrics = Metrics()
    if wanted.metrics:
        say(log, logging.INFO, "metrics", port=metrics.serve(wanted.metrics))
    setting = msgspec.json.encode(wanted.setting).decode()
    async with (
        queue.open(queue.Settings(wanted.home, wanted.dsn)) as opened,
        Processes(wanted.home, DOER, setting, name=wanted.me.name) as processes,
    ):
        worker = Worker(opened, processes, wanted.home, bounds=wanted.bounds, places=places, metrics=metrics)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.drain)
        try:
            await worker.run(wanted.me)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
