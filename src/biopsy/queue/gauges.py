"""What Prometheus is told of the queue, by whoever looks at it: workers, and the site."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from biopsy.queue.records import Depth, FeedState, WorkerState


class View(Collector):
    """What was last seen of the queue: one answer a scrape, without asking the database anew."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.feeds: Sequence[FeedState] = ()
        self.depth: Sequence[Depth] = ()
        self.workers: Sequence[WorkerState] = ()
        self.now = 0.0

    def collect(self) -> Iterator[Metric]:
        """Give it in Prometheus's shape."""
        yield from self._feeds()
        jobs = GaugeMetricFamily(
            "biopsy_queue_jobs", "Jobs that have not ended well", labels=("lane", "ecosystem", "state")
        )
        oldest = GaugeMetricFamily(
            "biopsy_queue_oldest_seconds", "Age of the oldest of them", labels=("lane", "ecosystem", "state")
        )
        for row in self.depth:
            jobs.add_metric((row.lane, row.ecosystem, row.state), row.jobs)
            oldest.add_metric((row.lane, row.ecosystem, row.state), row.oldest)
        workers = GaugeMetricFamily("biopsy_workers", "Workers that live", labels=("state",))
        for state in sorted({one.state for one in self.workers}):
            workers.add_metric((state,), sum(one.state == state for one in self.workers))
        yield from (jobs, oldest, workers)

    def _feeds(self) -> Iterator[Metric]:
        shapes = {
            "lag_seconds": "Age of the newest thing that a feed has told",
            "silence_seconds": "Seconds since a feed was last read",
            "gaps": "Stretches of a feed that were not seen, and are still open",
            "failures": "Failures of a feed in a row",
            "items": "Things that a feed has told",
            "paused": "1 while a person has stopped a feed",
        }
        made = {
            name: GaugeMetricFamily(f"biopsy_feed_{name}", text, labels=("feed",))
            for name, text in shapes.items()
        }
        for feed in self.feeds:
            told = {
                "lag_seconds": self.now - feed.newest.timestamp() if feed.newest else None,
                "silence_seconds": self.now - feed.polled.timestamp() if feed.polled else None,
                "gaps": feed.gaps, "failures": feed.failures, "items": feed.items, "paused": int(feed.paused),
            }  # fmt: skip
            for name, value in told.items():
                if value is not None:
                    made[name].add_metric((feed.name,), max(0.0, float(value)))
        yield from made.values()
