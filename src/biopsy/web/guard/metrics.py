"""What Prometheus is told of the guard: what it decided, how long answers took, how registries fare.

Names and meanings stand in docs/guard.md, which a test compares with what is here. No label holds anything
that a client or a registry said: there are as many series on the last day as on the first.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from biopsy.web.guard.decisions import Decision

if TYPE_CHECKING:
    from biopsy.guard.ruling import State

_WAITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
SIDES = ("pypi", "npm")
_METHODS = ("GET", "HEAD", "POST")


class Metrics:
    """One guard's numbers. `state` says how old reports are, `waiting` how many files are being analysed."""

    def __init__(self, state: "Callable[[], State]", waiting: Callable[[], int]) -> None:
        """Begin at nothing."""
        from prometheus_client import (  # noqa: PLC0415 - slow to import
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a series began is nothing that anybody asks
        self.registry = own = CollectorRegistry()
        self.decisions = Counter(
            "biopsy_guard_decisions", "Listings and files that were decided on",
            ("ecosystem", "asked", "action", "rule"), registry=own,
        )  # fmt: skip
        self.answers = Counter("biopsy_guard_answers", "Answers", ("side", "method", "status"), registry=own)
        self.seconds = Histogram(
            "biopsy_guard_answer_seconds", "Until an answer began", ("side",), buckets=_WAITS, registry=own
        )
        self.upstream = Counter(
            "biopsy_guard_upstream", "Requests to registries, by what came of them",
            ("ecosystem", "outcome"), registry=own,
        )  # fmt: skip
        self.cache = Counter(
            "biopsy_guard_cache", "Listings and files that were wanted, and whether they were here",
            ("what", "found"), registry=own,
        )  # fmt: skip
        stale = Gauge("biopsy_guard_reports_stale", "1 where reports are too old by the policy", registry=own)
        stale.set_function(lambda: bool(state().stale))
        held = Gauge("biopsy_guard_held", "Files that wait for an analysis", registry=own)
        held.set_function(waiting)

    def decided(self, one: Decision) -> None:
        """Count a decision."""
        self.decisions.labels(one.ecosystem, one.asked, one.action, one.rule).inc()

    def answered(self, side: str, method: str, status: int, seconds: float) -> None:
        """Count an answer, and how long it took until it began."""
        side = side if side in SIDES else "guard"
        self.answers.labels(side, method if method in _METHODS else "other", str(status)).inc()
        self.seconds.labels(side).observe(seconds)

    def heard(self, ecosystem: str, outcome: str) -> None:
        """Count what came of a request to a registry: the class of its status, or `failed`."""
        self.upstream.labels(ecosystem, outcome).inc()

    def kept(self, what: str, *, here: bool) -> None:
        """Count a listing or a file that was wanted."""
        self.cache.labels(what, "yes" if here else "no").inc()

    def written(self) -> tuple[bytes, str]:
        """The numbers as text, and its media type."""
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

        return generate_latest(self.registry), CONTENT_TYPE_LATEST
