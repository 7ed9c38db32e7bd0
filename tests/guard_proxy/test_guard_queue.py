"""What the guard has analysed goes through the queue, and comes back from it."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("pgqueuer", reason="needs biopsy[queue]")

from biopsy import queue
from biopsy.model.release import Release
from biopsy.web.guard.analysing import Analysing

BAD, ODD = Release("npm", "bad-js", "1.0.0"), Release("npm", "odd-js", "1.0.0")


def test_a_held_release_is_analysed_before_others_and_its_verdict_is_heard(dsn: str, tmp_path: Path) -> None:
    async def handle(taken: queue.Taken) -> queue.Done:
        if taken.job.release.name == "odd-js":
            raise queue.Park("too-large")
        assert (taken.job.why, taken.lane.value) == ("guard", "manual")
        return queue.Done(verdict="malicious")

    async def main() -> None:
        analysing = Analysing(tmp_path, dsn)
        try:
            assert await analysing.verdict(BAD, "", 0.1) is None  # nobody works yet
            stop = asyncio.Event()
            async with queue.open(queue.Settings(tmp_path, dsn, patience=20.0)) as q:
                working = asyncio.create_task(q.run(queue.Worker("w", ("npm",)), handle, stop))
                found = await asyncio.gather(*(analysing.verdict(one, "", 30) for one in (BAD, BAD, ODD)))
                stop.set()
                await working
            assert [one.verdict for one in found if one] == ["malicious", "malicious", "unknown"]
        finally:
            await analysing.close()

    asyncio.run(main())
