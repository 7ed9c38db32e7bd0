"""What docs/worker.md says of metrics, reasons and stages is what there is."""

import re
from pathlib import Path

import pytest

from biopsy.errors import UsageError
from biopsy.pipeline.work.metrics import Metrics

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "worker.md").read_text()
WORK = ROOT / "src" / "biopsy" / "pipeline" / "work"


def _exported() -> set[str]:
    found = set()
    for metric in Metrics().registry.collect():
        found.add(f"{metric.name}_total" if metric.type == "counter" else metric.name)
    return found


def test_every_metric_is_described_and_no_other() -> None:
    assert set(re.findall(r"`(biopsy_[a-z_]+)`", PAGE)) == _exported()


def _codes() -> set[str]:
    said = re.compile(
        r'(?:again|nothing|park|missing|_told|Again|Ending|Came|BadArtifact)\([^()"]*"([a-z]+(?:-[a-z]+)+)"'
    )
    sources = [*WORK.glob("*.py"), ROOT / "src" / "biopsy" / "fetch.py"]
    return {code for file in sources for code in said.findall(file.read_text())}


def test_every_reason_is_described() -> None:
    codes = _codes()
    assert {"registry-down", "timed-out", "digest-differs", "disk-full"} <= codes
    assert codes <= set(re.findall(r"`([a-z-]+)`", PAGE))


def test_every_stage_is_named() -> None:
    marks = re.compile(r'mark\("([a-z]+)"\)')
    sources = [*WORK.glob("*.py"), WORK.parent / "analyze.py"]
    stages = {stage for file in sources for stage in marks.findall(file.read_text())}
    assert stages <= set(PAGE.replace("`", " ").split())


def test_metrics_are_served_where_they_are_asked_for() -> None:
    import urllib.request

    metrics = Metrics()
    metrics.ended("npm", "realtime", "again", "sandbox-broken")
    port = metrics.serve("127.0.0.1:0")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as said:
        text = said.read().decode()
    assert (
        'biopsy_jobs_total{ecosystem="npm",lane="realtime",outcome="again",reason="sandbox-broken"} 1.0'
        in text
    )
    assert 'biopsy_sandbox_failures_total{reason="sandbox-broken"} 1.0' in text


@pytest.mark.parametrize("where", ["", "localhost:", "localhost:x", "127.0.0.1:99999", "192.0.2.1:1"])
def test_an_address_that_is_none_is_said(where: str) -> None:
    with pytest.raises(UsageError):
        Metrics().serve(where)
