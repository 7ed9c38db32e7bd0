"""What reports say beyond OSV: indicators in one shape, with who names each, and a severity."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from biopsy.reports import content, validate
from biopsy.reports.database import Database

AT = "2026-11-01T00:00:00Z"
SHA = "0123456789abcdef" * 4


def record(**parts: Any) -> dict[str, Any]:
    inner = parts.pop("inner", {})
    about = {"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1.0.0"], "database_specific": inner}
    return {"modified": AT, "details": "Words.", "affected": [about], "database_specific": parts}


def test_both_shapes_are_read_into_one_with_every_source() -> None:
    first = record(
        iocs={"domains": ["C2.badhost.dev"], "files": [{"paths": ["a.js"], "digests": {"sha256": SHA}}]}
    )
    second = record(inner={"indicators": {
        "domains": ["c2.badhost.dev"], "urls": ["https://c2.badhost.dev/x"],
        "evidence_files": [{"path": "b.js", "sha256": SHA.upper(), "tlsh": "T1"}],
        "package_integrity": [{"filename": "x-1.0.0.tgz", "hashes": {"sha256": "ff" * 32, "sha512_sri": "sha512-q"}}],
    }})  # fmt: skip
    found = {(i.type, i.value): i.data() for i in content.indicators([("one", first), ("two", second)])}
    assert found["domain", "c2.badhost.dev"]["sources"] == ["one", "two"]
    assert found["url", "https://c2.badhost.dev/x"]["sources"] == ["two"]
    assert found["file", SHA]["paths"] == ["a.js", "b.js"]
    assert found["file", SHA]["digests"] == {"sha256": SHA, "tlsh": "T1"}
    assert found["artifact", "ff" * 32]["digests"]["sha512_sri"] == "sha512-q"


@pytest.mark.parametrize(
    ("defanged", "whole"),
    [
        ("hxxps://x[.]badhost[.]dev/a", "https://x.badhost.dev/a"),
        ("hXXp://x.badhost.dev", "http://x.badhost.dev"),
        ("x(.)badhost[dot]dev", "x.badhost.dev"),
        ("https[:]//x.badhost.dev", "https://x.badhost.dev"),
        ("https://badhost.dev/hxxp[1]", "https://badhost.dev/hxxp[1]"),
    ],
)
def test_a_defanged_value_is_read_as_it_was(defanged: str, whole: str) -> None:
    assert content.refang(defanged) == whole


@pytest.mark.parametrize(
    "odd", [None, [], "x", {"domains": "x"}, {"domains": [None, 1, ""]}, {"files": [1, {}]}]
)
def test_what_is_no_list_of_indicators_gives_none(odd: Any) -> None:
    assert (
        content.indicators([("one", record(iocs=odd)), ("two", {"database_specific": odd, "affected": odd})])
        == []
    )


def test_a_report_of_two_sources_names_both_for_what_both_name(tmp_path: Path) -> None:
    made = []
    for order in (1, -1):
        database = Database(tmp_path / f"{order}.db", create=True)
        given = [
            ("one", record(iocs={"domains": ["c2.badhost.dev"]}) | {"id": "ONE-1"}),
            ("two", record(iocs={"domains": ["c2.badhost.dev", "d.badhost.dev"]}) | {"id": "TWO-1"}),
        ][::order]
        for source, held in given:
            database.take(source, [(source, json.dumps(held).encode())], AT)
        ((package, _, _),) = database.documents()
        database.settle(database.lookup(f"npm/{package.name}").items(), _act())
        ((_, _, report),) = database.documents()
        made.append(report)
    assert made[0] == made[1]
    iocs = made[0]["database_specific"]["malware"]["iocs"]
    assert [(i["value"], i["sources"]) for i in iocs] == [
        ("c2.badhost.dev", ["one", "two"]), ("d.badhost.dev", ["two"]),
    ]  # fmt: skip
    assert validate.check(made[0]) == ()


def _act() -> Any:
    from biopsy.reports.database import Act

    return Act("tester", AT, "seen")


def test_consumers_are_shown_a_severity_and_the_report_stays_valid() -> None:
    report = record() | {"id": "MAL-2026-1"}
    before = copy.deepcopy(report)
    made = content.shown(report)
    assert made["severity"] == [{"type": "CVSS_V3", "score": content.VECTORS["critical"]}]
    assert made["database_specific"]["severity"] == "CRITICAL"
    assert validate.check(made) == ()
    assert report == before


def test_a_severity_that_a_report_has_stays() -> None:
    own = [{"type": "CVSS_V3", "score": content.VECTORS["low"]}]
    assert content.shown(record() | {"severity": own})["severity"] == own
    made = content.shown(record(malware={"category": "spam", "severity": "medium"}))
    assert (made["severity"][0]["score"], made["database_specific"]["severity"]) == (
        content.VECTORS["medium"], "MEDIUM",
    )  # fmt: skip
