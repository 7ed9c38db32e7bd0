"""The report on rules: counts what fired where, once a package, and times every rule."""

import json
from pathlib import Path

from evals.rules_report import report

from biopsy import detect
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Dossier
from biopsy.model.release import Artifact, Release
from evals import rules_page

RULES = detect.load()


def _results(folder: Path) -> None:
    case = {"expected": "malicious", "seen": {"findings": ["impact/miner"]}, "twin": {"findings": []}}
    control = {"expected": "benign", "seen": {"findings": ["install/network"]}, "twin": None}
    (folder / "latest.json").write_text(json.dumps({"results": [case, control]}))
    static = {"findings": [{"rule": "install/npm-script"}]}
    rows = [{"static": static, "dynamic": static}, {"static": {"findings": []}}]
    (folder / "corpus.json").write_text(json.dumps({"rows": rows}))
    (folder / "broken.json").write_text("{")
    (folder / "old.json").write_text("[]")


def test_each_rule_is_counted_once_a_package_by_what_the_package_is(tmp_path: Path) -> None:
    _results(tmp_path)
    made = report(RULES, tmp_path, ())
    assert made.packages == {"malicious": 1, "harmless": 2, "benign": 2}
    rows = {row.rule: row for row in made.rows}
    assert (rows["impact/miner"].malicious, rows["impact/miner"].benign) == (1, 0)
    assert rows["install/network"].harmless == 1
    assert rows["install/npm-script"].benign == 1


def test_a_rule_that_never_fires_is_told(tmp_path: Path) -> None:
    made = report(RULES, tmp_path, ())
    assert not any(row.fires for row in made.rows)
    assert len(made.rows) == sum(rule.status != "retired" for rule in RULES)


def test_every_rule_is_timed(tmp_path: Path) -> None:
    artifact = Artifact("thing-1.tgz", "tgz", Path("thing-1.tgz"), 1, "0" * 64)
    seen = Behaviour.parse("process.exec ./xmrig @ import#3")
    made = report(RULES, tmp_path, [Dossier("run", Release("npm", "thing", "1"), artifact, (seen,), ())])
    assert sum(row.cost_ms for row in made.rows) > 0


def test_the_page_shows_every_rule(tmp_path: Path) -> None:
    text = rules_page.page({"packages": {"malicious": 1, "harmless": 1, "benign": 1}, "dossiers": 0, "rules": [
        {"rule": "a/b", "title": "<b>", "status": "stable", "weight": "convicts", "malicious": 0, "harmless": 1, "benign": 0, "cost_ms": 0.5}
    ]})  # fmt: skip
    assert "a/b" in text
    assert "&lt;b&gt;" in text
