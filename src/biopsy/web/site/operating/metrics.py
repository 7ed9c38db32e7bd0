"""What Prometheus is told of the site: analyses and reports there are, how far the index is, the queue.

Names and meanings stand in docs/site.md.
"""

import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from biopsy.web.site.index.reading import Index
from biopsy.web.site.index.words import seconds


class _Site(Collector):
    """The numbers of one moment."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def collect(self) -> Iterator[Metric]:
        """Give them in Prometheus's shape."""
        analyses = GaugeMetricFamily(
            "biopsy_site_analyses",
            "Analyses in the index, by the verdict that holds",
            labels=("ecosystem", "verdict"),
        )
        for one in self._index.totals("verdict"):
            analyses.add_metric((one.ecosystem, one.call or "unjudged"), one.n)
        reports = GaugeMetricFamily(
            "biopsy_site_reports", "Reports that are out", labels=("ecosystem", "state")
        )
        for one in self._index.totals("report"):
            reports.add_metric((one.ecosystem, one.value), one.n)
        fresh = self._index.fresh()
        behind = GaugeMetricFamily(
            "biopsy_site_index_behind", "Parts of the warehouse that the index has yet to read"
        )
        behind.add_metric((), fresh.behind)
        age = GaugeMetricFamily("biopsy_site_index_age_seconds", "Since something came to the index last")
        if fresh.at:
            age.add_metric((), max(time.time() - seconds(fresh.at), 0))
        yield from (analyses, reports, behind, age)


def written(index: Index, queue: Any = None) -> tuple[bytes, str]:
    """The numbers as text, and its media type; `queue` is feeds, depth and workers, where there is one."""
    registry = CollectorRegistry()
    registry.register(_Site(index))
    if queue is not None:
        from biopsy.queue.gauges import View  # noqa: PLC0415

        view = View()
        view.feeds, view.depth, view.workers = queue
        view.now = time.time()
        registry.register(view)
    return generate_latest(registry), CONTENT_TYPE_LATEST
