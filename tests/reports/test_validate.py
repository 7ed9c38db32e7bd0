"""What a report may say: the tables of what is accepted and refused, and the real ones."""

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.reports import naming, validate

DATA = Path(__file__).parent / "data"
TABLES = yaml.safe_load((DATA / "checks.yml").read_text(encoding="utf-8"))
PLACES = yaml.safe_load((DATA / "places.yml").read_text(encoding="utf-8"))
SHARED = Path(__file__).parents[3] / "shared/data"
REAL = [SHARED / "osv-reports.jsonl.gz", SHARED / "osv-reports-2026.jsonl.gz"]
THEIRS = SHARED / "osv-schema-1.7.5.json"

GOOD: dict[str, Any] = {
    "id": "MAL-2026-1",
    "modified": "2026-01-01T00:00:00Z",
    "details": "It sends the environment away.",
    "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1.0.0"]}],
    "database_specific": {"malicious-packages-origins": [{"source": "test-origin", "sha256": "deadbeef"}]},
}


def report(table: dict[str, Any], value: Any) -> dict[str, Any]:
    """The good report, with a value put where a table says."""
    made = copy.deepcopy(GOOD)
    if ecosystem := table.get("ecosystem"):
        name = "owner/repo" if ecosystem == "GitHub Actions" else "x"
        made["affected"][0] = {"package": {"ecosystem": ecosystem, "name": name}, "versions": ["v1.0.0"]}
    *path, last = table["set"].strip("/").split("/")
    holder: Any = made
    for part in path:
        holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
    holder[int(last) if isinstance(holder, list) else last] = value
    return made


def rows(kind: str) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}: {json.dumps(case)[:60]}")
        for name, table in TABLES.items()
        for case in table.get(kind, ())
    ]


def errors(made: dict[str, Any]) -> set[str]:
    return {fault.code for fault in validate.check(made) if not fault.warning}


def test_a_report_that_is_right_has_no_faults() -> None:
    assert validate.check(GOOD) == ()


@pytest.mark.parametrize(("name", "case"), rows("good"))
def test_what_is_right_is_accepted(name: str, case: Any) -> None:
    assert errors(report(TABLES[name], case)) == set()


@pytest.mark.parametrize(("name", "case"), rows("bad"))
def test_what_is_wrong_is_refused_with_its_code(name: str, case: Any) -> None:
    table = TABLES[name]
    if "code" in table:
        code, value = table["code"] if case else table.get("empty", table["code"]), case
    else:
        code, value = case["code"], case["with"]
    assert code in errors(report(table, value))


@pytest.mark.parametrize(("name", "case"), rows("differ"))
def test_where_we_differ_from_the_existing_tools_it_is_for_a_reason(name: str, case: Any) -> None:
    assert bool(errors(report(TABLES[name], case["with"]))) is (case["theirs"] == "good")
    assert case["reason"]


def test_a_fault_says_where_it_is() -> None:
    made = report({"set": "/database_specific/iocs"}, {"domains": ["ok.badhost.dev", "not ok"]})
    (fault,) = validate.check(made)
    assert (fault.code, fault.where) == ("ioc-domain", "/database_specific/iocs/domains/1")
    assert "'not ok'" in fault.why


@pytest.mark.parametrize(("ecosystem", "name", "folder"), PLACES["folder"])
def test_a_package_has_its_folder(ecosystem: str, name: str, folder: str) -> None:
    assert naming.folder(ecosystem, name) == folder


@pytest.mark.parametrize("path", PLACES["local"]["good"])
def test_a_path_that_stays_inside_is_safe(path: str) -> None:
    assert naming.local(path)


@pytest.mark.parametrize("path", PLACES["local"]["bad"])
def test_a_path_that_leads_out_or_to_no_name_is_not_safe(path: str) -> None:
    assert not naming.local(path)


@pytest.mark.parametrize(("path", "own", "withdrawn", "codes"), PLACES["placed"])
def test_a_report_stands_where_it_belongs(path: str, own: str, withdrawn: str, codes: list[str]) -> None:
    made = copy.deepcopy(GOOD) | {"id": own, "withdrawn": withdrawn}
    assert [fault.code for fault in validate.placement(path, made)] == codes


def test_two_reports_on_one_package_or_with_one_id_are_told() -> None:
    between = validate.Between()
    paths = [
        "malicious/npm/x/MAL-2026-1.json",
        "withdrawn/npm/x/MAL-2026-2.json",
        "malicious/npm/y/MAL-2026-1.json",
    ]
    codes = [[f.code for f in between.check(validate.Checked(path)).faults] for path in paths]
    assert codes == [[], ["package-twice"], ["id-twice"]]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from([
            "affected", "package", "ecosystem", "name", "purl", "ranges", "type", "repo", "events", "introduced",
            "fixed", "versions", "database_specific", "iocs", "indicators", "domains", "urls", "ips", "files",
            "paths", "digests", "malware", "malicious-packages-origins", "source", "sha256", "details",
            "references", "url", "credits", "contact", "modified", "published", "withdrawn", "id",
        ]),
        inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ANY, st.sampled_from(["/affected/0/package", "/affected/0/ranges", "/affected", "/database_specific", "/details",
                             "/references", "/credits", "/affected/0/database_specific/indicators", "/published"]))  # fmt: skip
def test_no_report_is_too_odd_to_be_checked(value: Any, place: str) -> None:
    made = report({"set": place}, value)
    validate.check(made)
    list(validate.placement("malicious/npm/x/MAL-2026-1.json", made))


def real() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in REAL:
        for line in gzip.decompress(file.read_bytes()).splitlines():
            row = json.loads(line)
            yield row["path"], row["report"]


@pytest.mark.skipif(not REAL[0].is_file(), reason="the real reports are not on this machine")
def test_the_real_reports_are_valid_but_for_one_that_its_keepers_know() -> None:
    wrong = {
        path: faults
        for path, made in real()
        if (faults := [f for f in (*validate.check(made), *validate.placement(path, made)) if not f.warning])
    }
    ((path, (fault,)),) = wrong.items()
    assert (path.rsplit("/", 1)[1], fault.code, fault.where) == (
        "MAL-0000-rxpermissions.json", "schema", "/references/1/type",
    )  # fmt: skip


BROKEN = [
    {"extra": 1}, {"modified": "now"}, {"aliases": None}, {"aliases": "x"}, {"related": None}, {"affected": None},
    {"affected": [{"package": {"ecosystem": "Nowhere", "name": "x"}}]}, {"affected": [{"package": {"name": "x"}}]},
    {"affected": [{"package": {"ecosystem": "GIT", "name": "x"}}]}, {"affected": [{"versions": [1]}]},
    {"affected": [{"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]},
    {"affected": [{"ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "1"}]}]}]},
    {"affected": [{"ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}, {"fixed": "0"}]}]}]},
    {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"fixed": "1"}]}]}]},
    {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0", "fixed": "1"}]}]}]},
    {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"x": "1"}]}]}]},
    {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1"}, {"last_affected": "1"}]}]}]},
    {"affected": [{"ranges": [{"type": "SEMVER", "events": []}]}]}, {"affected": [{"ecosystem_specific": None}]},
    {"severity": None}, {"severity": [], "affected": [{"severity": []}]}, {"severity": [], "affected": [{"severity": None}]},
    {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}]},
    {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:Z"}]},
    {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:N/E:F/RL:X/MAV:X/MS:C"}]}, {"severity": [{"type": "CVSS_V2"}]},
    {"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P/TD:ND"}]},
    {"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:H"}]}, {"severity": [{"type": "Ubuntu", "score": "high"}]},
    {"severity": [{"type": "Ubuntu", "score": "High"}]}, {"severity": [{"type": "Other", "score": "high"}]},
    {"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/U:Red"}]},
    {"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/R:I/V:C/RE:M"}]},
    {"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"}]},
    {"references": None}, {"references": [{"type": "ISSUE", "url": "x"}]}, {"references": [{"type": "WEB"}]},
    {"credits": None}, {"credits": [{"type": "FINDER"}]}, {"credits": [{"name": "x", "type": "finder"}]},
    {"credits": [{"name": "x", "contact": "y"}]}, {"database_specific": None}, {"withdrawn": None}, {"summary": 1},
]  # fmt: skip


@pytest.mark.skipif(not THEIRS.is_file(), reason="the OSV project's schema is not on this machine")
@pytest.mark.parametrize("change", BROKEN, ids=lambda change: json.dumps(change)[:70])
def test_our_schema_accepts_and_refuses_what_that_of_the_osv_project_does(change: dict[str, Any]) -> None:
    import jsonschema

    theirs = jsonschema.Draft202012Validator(json.loads(THEIRS.read_text(encoding="utf-8")))
    made = copy.deepcopy(GOOD) | change
    ours = not any(fault.code == "schema" for fault in validate.check(made))
    assert ours is theirs.is_valid(made)


def run(*words: str, given: bytes = b"") -> tuple[int, str]:
    from biopsy.cli.reports.validate import command

    done = CliRunner().invoke(command, words, input=given, standalone_mode=False)
    assert done.exception is None, done.output
    return done.return_value, done.output


def test_a_contributor_is_told_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "osv/malicious/npm/x"
    folder.mkdir(parents=True)
    (folder / "MAL-2026-1.json").write_text(json.dumps(GOOD))
    assert run(str(tmp_path)) == (0, "1 reports, 0 invalid: 0 errors, 0 warnings\n")
    (folder / "MAL-2026-2.json").write_text("{")
    status, text = run(str(tmp_path), "-f", "json")
    told = json.loads(text)
    assert (status, told["invalid"], [f["code"] for f in told["faults"]]) == (
        1,
        1,
        ["not-json", "package-twice"],
    )


def test_reports_are_read_from_standard_input_a_line_each_or_one() -> None:
    line = json.dumps(GOOD).encode()
    assert run("-", given=line + b"\n\n" + line)[1].startswith("2 reports, 0 invalid")
    assert run("-", given=json.dumps(GOOD, indent=2).encode())[1].startswith("1 reports, 0 invalid")
    assert run("-", given=b"nothing")[0] == 1


def test_many_files_are_checked_like_one_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "STEP", 10)
    files = []
    for number in range(75):
        file = tmp_path / f"malicious/npm/p{number}/MAL-2026-{number}.json"
        file.parent.mkdir(parents=True)
        file.write_text("{" if number % 10 == 7 else json.dumps(GOOD))
        files.append(file)
    together = [one for some in validate.check_many(tmp_path, files) for one in some]
    assert together == validate.check_files(tmp_path, files)
