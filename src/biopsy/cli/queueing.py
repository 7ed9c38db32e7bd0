"""What commands share that open the queue: how it is named, and that its coroutines run to their end."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import rich_click as click

from biopsy.errors import QueueError

if TYPE_CHECKING:
    from biopsy.queue import Queue

Answer = TypeVar("Answer")

dsn_option = click.option(
    "--dsn",
    envvar="BIOPSY_DSN",
    default="",
    metavar="DSN",
    help="The PostgreSQL of the queue; default: one of our own in BIOPSY_HOME. Also: BIOPSY_DSN.",
)


def ask(home: Path, dsn: str, body: "Callable[[Queue], Awaitable[Answer]]") -> Answer:
    """Open the queue, run `body` with it, close it. Raises QueueError where there is no queue to be had."""
    try:
        from biopsy import queue  # noqa: PLC0415 - slow to import, and --help is not
    except ImportError as err:
        raise QueueError(
            f"the queue needs more than is installed ({err.name}): pip install 'biopsy[queue]'"
        ) from err

    import asyncio  # noqa: PLC0415 - slow to import, and --help is not

    async def main() -> Answer:
        async with queue.open(queue.Settings(home, dsn)) as opened:
            return await body(opened)

    return asyncio.run(main())
