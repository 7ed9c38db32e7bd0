"""What a burst costs: so many packages change at once in a feed, and become jobs.

python -m bench.following [--feed npm/changes] [--packages 100000]

The registry is the tests' stand-in, in this process; the queue an embedded PostgreSQL, thrown away after.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from pathlib import Path

from tests.registry import StandIn

from biopsy import queue
from biopsy.ecosystems import feeds
from biopsy.pipeline.follow import pace
from biopsy.pipeline.follow.following import Follower, Options
from biopsy.pipeline.follow.policy import Policies

ALL = 10_000_000


async def burst(name: str, packages: int, home: Path) -> None:
    """Follow a burst to its end, and say what it took."""
    feed = feeds.by_name(name)
    with StandIn() as registry:
        where = registry.url(feed.ecosystem) + ("registry/" if name == "npm/changes" else "")
        options = Options(high=ALL, low=ALL - 1, endpoints={name: where})
        async with queue.open(queue.Settings(home)) as held:
            one = Follower(feed, held, pace.client(apart=0.0), Policies(home), options)
            await one.turn()
            registry.world.burst(feed.ecosystem, packages)
            began, jobs, polls, longest = time.monotonic(), 0, 0, 0.0
            while jobs < packages:
                since = time.monotonic()
                turn = await one.turn()
                if turn.state != "read":
                    raise SystemExit(f"{turn.state}: {turn.detail}")
                jobs, polls = jobs + turn.moved.jobs.new, polls + 1
                longest = max(longest, time.monotonic() - since)
            took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    speed = f"{jobs} jobs in {took:.1f} s, {jobs / took:.0f}/s"
    print(f"{name}: {speed}, {polls} polls, longest {longest:.1f} s, {peak} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feed", default="npm/changes")
    parser.add_argument("--packages", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(burst(asked.feed, asked.packages, Path(folder)))
