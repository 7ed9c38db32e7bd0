"""What the existing tools do, case by case, and what we do: side by side, with the reason where they differ."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from biopsy.reports import additive, details, layout
from biopsy.reports.claim import ORIGINS, Claim, Package, claims, origins
from biopsy.reports.compute import Decisions, compute
from biopsy.reports.database import Database
from biopsy.reports.policy import Policy
from biopsy.reports.record import RecordError, compact

FOLDER = Path(__file__).parent / "cases"
MERGE, DETAILS, RECORDS = (
    yaml.safe_load((FOLDER / f"{n}.yml").read_text()) for n in ("merge", "details", "records")
)
HEADER = "\n" + details.HEADER
NOW = "2026-01-01T00:00:00Z"


def named(cases: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case["case"] for case in cases])


def record(given: dict[str, Any]) -> dict[str, Any]:
    parts = copy.deepcopy(given)
    about = parts.pop("affected", {})
    about["package"] = {"ecosystem": parts.pop("ecosystem", "npm"), "name": parts.pop("name", "example")}
    about |= {name: parts.pop(name) for name in ("ranges", "versions") if name in parts}
    made = {"modified": NOW, "details": "", **parts, "affected": [about]}
    if "origins" in made:
        made["database_specific"] = {**made.get("database_specific", {}), ORIGINS: made.pop("origins")}
    made["details"] = made["details"].replace("HEADER", HEADER)
    return made


def said(case: dict[str, Any]) -> tuple[Package, list[Claim]]:
    made: list[tuple[Package, Claim]] = []
    for number, given in enumerate(case["records"]):
        parts = dict(given)
        source, sha256 = parts.pop("source"), parts.pop("sha256", f"{number:064x}")
        imported = parts.pop("imported", f"2026-03-0{number + 1}T00:00:00Z")
        made += claims(source, record(parts), sha256, imported, f"{source}/{sha256}.json")
    assert len({package for package, _ in made}) == 1
    return made[0][0], [claim for _, claim in made]


def part(report: dict[str, Any], name: str) -> Any:
    about, specific = report["affected"][0], report.get("database_specific", {})
    match name:
        case "ranges" | "versions" | "ecosystem_specific":
            return about.get(name)
        case "name":
            return about["package"]["name"]
        case "affected_specific":
            return about.get("database_specific")
        case "cwes":
            return [one["cweId"] for one in about["database_specific"]["cwes"]]
        case "origins":
            return [one["source"] for one in origins(report)]
        case "sections":
            return [[one.source, one.text] for one in details.parse(report["details"]).sections]
        case "iocs":
            return specific.get("iocs")
        case "disputed":
            return [one["source"] for one in specific.get("malware", {}).get("disputed", ())]
        case "database_specific":
            return {k: v for k, v in specific.items() if k not in {ORIGINS, "malware"}}
    return report.get(name)


def expected(case: dict[str, Any], way: str) -> dict[str, Any]:
    wanted: dict[str, Any] = case.get("both") or case[way]
    return wanted


def check(report: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    assert report is not None
    assert {name: part(report, name) for name in wanted if name != "refused"} == {
        n: v for n, v in wanted.items() if n != "refused"
    }


@named(MERGE)
def test_records_merge_as_the_existing_tools_merge_them(case: dict[str, Any]) -> None:
    _, held = said(case)
    made, left = additive.added(held, Decisions())
    wanted = expected(case, "compat")
    check(made, wanted)
    assert len(left) == wanted.get("refused", 0)


@named(MERGE)
def test_records_make_a_report_in_our_own_way_in_whatever_order(case: dict[str, Any]) -> None:
    package, held = said(case)
    made = compute(package, held)
    check(made, expected(case, "ours"))
    assert made is not None
    assert {compact(compute(package, order) or {}) for order in (held[::-1], held[1:] + held[:1])} == {
        compact(made)
    }


def test_where_the_two_ways_differ_a_reason_is_given() -> None:
    for case in MERGE:
        assert ("both" in case) != ("reason" in case), case["case"]
        if "reason" in case:
            assert case["compat"] != case["ours"], case["case"]


@named(DETAILS["parse"])
def test_details_are_taken_apart(case: dict[str, Any]) -> None:
    text = case["text"].replace("HEADER", HEADER)
    known = {("a", "aa"), ("c", "cc")}
    if "fails" in case:
        with pytest.raises(details.DetailsError, match=case["fails"]):
            details.parse(text, known)
        return
    made = details.parse(text, known)
    assert (made.user, [[s.source, s.sha256, s.text] for s in made.sections]) == (
        case["user"],
        case["sections"],
    )


@named(DETAILS["render"])
def test_details_are_put_together_and_taken_apart_again(case: dict[str, Any]) -> None:
    text = details.render(case["user"], [details.Section(*one) for one in case["sections"]])
    assert text == case["text"].replace("HEADER", HEADER)
    parsed = details.parse(text)
    assert details.render(parsed.user, parsed.sections) == text


@named(RECORDS["normalize"])
def test_a_record_is_brought_into_the_common_form(case: dict[str, Any]) -> None:
    given = record(case["record"])
    if "fails" in case:
        with pytest.raises(additive.NormalizeError, match=case["fails"]):
            additive.normalize(given)
        return
    made = additive.normalize(given)
    wanted = {n: v.replace("HEADER", HEADER) if isinstance(v, str) else v for n, v in case["gives"].items()}
    assert {name: part(made, name) for name in wanted} == wanted


@named(RECORDS["alias"])
def test_an_id_of_a_source_becomes_an_alias(case: dict[str, Any]) -> None:
    assert Policy(alias=True).shaped(case["record"]).get("aliases") == case["aliases"]


@named(RECORDS["drop"])
def test_what_a_source_should_not_say_is_left_out(case: dict[str, Any]) -> None:
    policy = Policy(drops=((case["field"], re.compile(case["pattern"])),))
    assert policy.shaped(case["record"]) == case["gives"]


@named(RECORDS["split"])
def test_a_record_on_several_packages_is_taken_apart(case: dict[str, Any], tmp_path: Path) -> None:
    given = {"id": case.get("id", "ONE-1"), "modified": NOW, "details": "", "affected": case["affected"]}
    if "fails" in case:
        with pytest.raises(RecordError) as error:
            list(claims("one", given, "aa", NOW))
        assert error.value.code == case["fails"]
        return
    made = [
        [p.ecosystem, p.name, c.record["affected"][0]["versions"]] for p, c in claims("one", given, "aa", NOW)
    ]
    assert made == case["gives"]
    database = Database(tmp_path / "reports.db", create=True)
    assert [one.code for one in database.take("one", [("k", compact(given))], NOW)] == [""]
    held = [version for _, _, report in database.documents() for version in report["affected"][0]["versions"]]
    assert sorted(held) == sorted(version for _, _, versions in case["gives"] for version in versions)


def test_names_of_files_that_may_be_reports() -> None:
    assert [name for name in RECORDS["possible"]["good"] if not layout.possible(name)] == []
    assert [name for name in RECORDS["possible"]["bad"] if layout.possible(name)] == []
