"""What Prometheus is told: how far behind feeds and queue are, how long stages take, what jobs come to.

Names and meanings are listed in docs/worker.md, which a test compares with what is here.
"""

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    start_http_server,
)

from biopsy.errors import UsageError
from biopsy.queue.gauges import View

_STAGES = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200)
_WAITS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600)
_BYTES = tuple(float(1 << power) for power in range(25, 35))
SANDBOX = ("sandbox-broken", "no-sandbox")


class Metrics:
    """One worker's numbers, and what it last saw of the queue."""

    def __init__(self) -> None:
        """Begin at nothing."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a series began is nothing that anybody asks
        self.registry = registry = CollectorRegistry()
        self.view = View()
        registry.register(self.view)
        self.jobs = Counter(
            "biopsy_jobs", "Jobs that ended here or were put back",
            ("ecosystem", "lane", "outcome", "reason"), registry=registry,
        )  # fmt: skip
        self.verdicts = Counter("biopsy_verdicts", "Verdicts", ("ecosystem", "verdict"), registry=registry)
        self.stages = Histogram(
            "biopsy_stage_seconds", "How long stages of jobs took", ("ecosystem", "stage"), buckets=_STAGES,
            registry=registry,
        )  # fmt: skip
        self.to_verdict = Histogram(
            "biopsy_verdict_delay_seconds", "From publication to verdict", ("ecosystem", "lane"),
            buckets=_WAITS, registry=registry,
        )  # fmt: skip
        self.memory = Histogram(
            "biopsy_job_peak_bytes", "Memory that jobs held at most", ("ecosystem",), buckets=_BYTES,
            registry=registry,
        )  # fmt: skip
        self.processor = Counter(
            "biopsy_job_processor_seconds", "Processor time of jobs", ("ecosystem",), registry=registry
        )
        self.sandboxes = Counter(
            "biopsy_sandbox_failures",
            "Sandboxes that broke or could not be had",
            ("reason",),
            registry=registry,
        )
        self.messages = Counter(
            "biopsy_messages",
            "Messages to people, by how sending them ended",
            ("to", "result"),
            registry=registry,
        )
        self.busy = Gauge("biopsy_worker_busy", "Jobs that run here now", registry=registry)
        self.slots = Gauge("biopsy_worker_slots", "Jobs that can run here at once", registry=registry)
        self.draining = Gauge("biopsy_worker_draining", "1 while this worker ends", registry=registry)

    def ended(self, ecosystem: str, lane: str, outcome: str, reason: str) -> None:
        """Count how a job ended."""
        self.jobs.labels(ecosystem, lane, outcome, reason).inc()
        if reason in SANDBOX:
            self.sandboxes.labels(reason).inc()

    def spent(self, ecosystem: str, seconds: Mapping[str, float]) -> None:
        """Take note of how long stages took."""
        for stage, took in seconds.items():
            self.stages.labels(ecosystem, stage).observe(took)

    def serve(self, where: str) -> int:
        """Answer at HOST:PORT from now on; give the port. UsageError where that cannot be."""
        host, _, port = where.rpartition(":")
        if not port.isdecimal() or int(port) > 65535:
            raise UsageError(f"--metrics wants HOST:PORT, such as 127.0.0.1:9600, not {where!r}")
        try:
            server, _thread = start_http_server(int(port), host.strip("[]") or "127.0.0.1", self.registry)
        except OSError as err:
            raise UsageError(f"cannot listen at {where}: {err.strerror or err}") from err
        return int(server.server_port)
