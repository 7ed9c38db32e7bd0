"""Trends: what is counted by day, in words, as JSON and as a chart."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from biopsy.cli import app
from biopsy.cli.commands.trends import sparks
from biopsy.model.dossier import Call
from biopsy.warehouse import Warehouse
from made_dossiers import analysis, dossier

pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trends")
    warehouse = Warehouse(home)
    for number, (day, ecosystem, call) in enumerate(
        [
            ("2026-11-18", "npm", Call.BENIGN),
            ("2026-11-20", "npm", Call.MALICIOUS),
            ("2026-11-20", "pypi", Call.MALICIOUS),
            ("2026-11-20", "pypi", Call.BENIGN),
        ]
    ):
        one = dossier(number, ecosystem=ecosystem, day=day)
        warehouse.add(one)
        warehouse.judged(analysis(one, call), one.created, published=f"{day}T11:00:00Z")
    return home


def told(home: Path, *args: str) -> str:
    done = CliRunner().invoke(app.biopsy, ["trends", "--home", str(home), "--days", "3", *args])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_count_is_there_by_day(home: Path) -> None:
    found = json.loads(told(home, "-f", "json"))
    counts = {
        part: {one["name"]: one["by_day"] for one in found[part]}
        for part in ("verdicts", "categories", "techniques", "triggers", "ecosystems")
    }
    assert found["days"] == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert counts["verdicts"] == {
        "malicious": [0, 0, 2],
        "suspicious": [0, 0, 0],
        "unknown": [0, 0, 0],
        "benign": [1, 0, 1],
    }
    assert counts["ecosystems"] == {"npm": [1, 0, 1], "pypi": [0, 0, 2]}
    assert counts["categories"] == {"exfil": [0, 0, 2]}
    assert counts["techniques"] == {"T1041": [0, 0, 2], "T1552.001": [0, 0, 2]}
    assert counts["triggers"] == {"install": [0, 0, 2]}
    assert [(one["dossiers"], one["p50"]) for one in found["times"]] == [(1, 3600.0), (0, None), (3, 3600.0)]


def test_one_ecosystem_can_be_looked_at(home: Path) -> None:
    found = json.loads(told(home, "-f", "json", "-e", "pypi"))
    assert {one["name"]: one["total"] for one in found["verdicts"]}["malicious"] == 1


def test_a_verdict_that_changed_shows_on_its_old_day(home: Path) -> None:
    warehouse = Warehouse(home)
    (benign,) = [
        d for d in warehouse.recent(9) if d.release.ecosystem == "npm" and d.created.startswith("2026-11-18")
    ]
    warehouse.judged(analysis(benign, Call.SUSPICIOUS), "2026-11-22T00:00:00Z", rules="newer")
    found = json.loads(told(home, "-f", "json", "--until", "2026-11-20"))
    assert {one["name"]: one["by_day"] for one in found["verdicts"]}["suspicious"] == [1, 0, 0]
    assert found["times"][0]["p50"] == 3600.0  # the first verdict, not the later one


def test_the_chart_is_an_svg_that_runs_nothing_and_fetches_nothing(home: Path, tmp_path: Path) -> None:
    told(home, "-o", str(tmp_path / "t.svg"))
    text = (tmp_path / "t.svg").read_text()
    names = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}
    assert names == {"svg", "style", "rect", "text", "path", "circle", "title"}
    assert "href" not in text
    assert "2 malicious" in text


def test_text_is_for_people(home: Path) -> None:
    shown = told(home)
    assert "Verdicts" in shown
    assert "half in 1.0 h" in shown


def test_an_empty_warehouse_has_no_trends_and_no_fault(tmp_path: Path) -> None:
    assert "none" in told(tmp_path)
    assert told(tmp_path, "-f", "svg").startswith("<svg")


def test_many_days_fit_into_one_line() -> None:
    assert (sparks([0, 1, 8]), len(sparks([1] * 300))) == (" ▁█", 30)
