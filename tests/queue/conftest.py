"""A queue of the test's own."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pgqueuer", reason="needs biopsy[queue]")
sys.path.insert(0, str(Path(__file__).parent))

from biopsy import queue

Body = Callable[[queue.Queue], Awaitable[Any]]
SECONDS = 60


@pytest.fixture
def with_queue(dsn: str, tmp_path: Path) -> Callable[[Body], Any]:
    """Run a coroutine with an open queue."""

    def run(body: Body) -> Any:
        async def main() -> Any:
            async with queue.open(queue.Settings(tmp_path, dsn, patience=20.0)) as q:
                return await asyncio.wait_for(body(q), SECONDS)

        return asyncio.run(main())

    return run
