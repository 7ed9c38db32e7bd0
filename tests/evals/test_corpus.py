import json
from pathlib import Path

import httpx
import pytest
from evals.corpus_kept import Keeping

from evals import corpus, corpus_one, corpus_table, sweep

ENTRIES = list(corpus.entries())


def test_the_list_is_pinned_and_wide_enough() -> None:
    assert len({one.key for one in ENTRIES}) == len(ENTRIES) >= 160
    assert sum(one.dynamic for one in ENTRIES) >= 60
    assert all(len(one.sha256) == 64 for one in ENTRIES)
    python = sum(one.ecosystem == "pypi" for one in ENTRIES)
    assert 0.4 <= python / len(ENTRIES) <= 0.6


WILSON = [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("hits", "total", "low", "high"), WILSON)
def test_intervals_are_those_of_the_literature(hits: int, total: int, low: float, high: float) -> None:
    assert corpus_table.wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


def row(static: str, dynamic: str = "") -> corpus_table.Row:
    made = {"static": {"verdict": static, "seconds": 1.0, "cpu": 1.0, "peak_mb": 90, "why": "because"}}
    return made | ({"dynamic": {**made["static"], "verdict": dynamic}} if dynamic else {})


@pytest.mark.parametrize(
    ("one", "verdict", "good"),
    [
        (row("unknown"), "unknown", True),
        (row("unknown", "benign"), "benign", True),
        (row("suspicious", "benign"), "suspicious", True),
        (row("unknown", "malicious"), "malicious", False),
        (row("error"), "error", False),
    ],
)
def test_the_worse_of_reading_and_running_counts(one: corpus_table.Row, verdict: str, good: bool) -> None:
    assert corpus_table.verdict(one) == verdict
    assert corpus_table.good([one]) is good


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert corpus_table.percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0
    assert corpus_table.percentile([1.0], 0.95) == 1.0


def test_a_registry_is_asked_once(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"name": "x"}, headers={"etag": "1"})

    for _ in range(2):
        with httpx.Client(transport=Keeping(httpx.MockTransport(answer), tmp_path)) as client:
            assert client.get("https://registry.example/x").json() == {"name": "x"}
    assert asked == ["https://registry.example/x"]


def test_an_answer_that_is_no_answer_is_not_kept(tmp_path: Path) -> None:
    transport = Keeping(httpx.MockTransport(lambda _: httpx.Response(503)), tmp_path)
    with httpx.Client(transport=transport) as client:
        assert client.get("https://registry.example/x").status_code == 503
    assert not list(tmp_path.iterdir())


def test_installed_packages_are_found_and_packed(tmp_path: Path) -> None:
    site, modules = tmp_path / "site-packages", tmp_path / "node_modules"
    info = site / "thing-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "thing.py").write_text("x = 1\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text("thing.py,,\nthing-1.0.dist-info/METADATA,,\n../../bin/thing,,\n")
    (modules / "@a" / "b").mkdir(parents=True)
    (modules / "@a" / "b" / "package.json").write_text(json.dumps({"name": "@a/b", "version": "2.0.0"}))
    (modules / "@a" / "b" / "fixtures").mkdir()
    (modules / "@a" / "b" / "fixtures" / "package.json").write_text("{}")
    found = list(sweep.packages((tmp_path,)))
    assert [(name, version) for name, version, _ in found] == [("pypi:thing", "1.0"), ("npm:@a/b", "2.0.0")]
    assert all(maker(tmp_path) for _, _, maker in found)


def test_a_release_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"name": "thing", "version": "1.0.0"}))
    (folder / "index.js").write_text("exports.add = (a, b) => a + b;\n")
    seen = corpus_one.measure(str(folder), "tgz", "-", corpus_one.prepare(tmp_path / "home"), "static")
    assert seen["verdict"] == "unknown"
    assert seen["findings"] == []
    assert 0 < seen["peak_mb"] < 400
