"""What is no report, or pretends to be one: quarantined with a reason, never a crash, never outside its folder."""

import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import fuzzing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biopsy.reports import collect, layout, ledger, shapes, sources, validate
from biopsy.reports import record as record_
from biopsy.reports.config import Source
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy
from biopsy.reports.record import MAX_BYTES, RecordError, compact, decode, encode
from biopsy.reports.sources import Settings, ghsa

AT = "2026-11-01T00:00:00Z"


def record(**parts: Any) -> dict[str, Any]:
    about = {"package": {"ecosystem": "npm", "name": parts.pop("name", "thing")}, **parts.pop("about", {})}
    return {"id": "ONE-1", "modified": AT, "details": "x", "affected": [about], **parts}


def raw(**parts: Any) -> bytes:
    return json.dumps(record(**parts)).encode()


def put(text: str) -> bytes:
    """A report with a text put in where JSON has a value."""
    return raw(summary="@@").replace(b'"@@"', text.encode("utf-8", "surrogatepass"))


GOOD = raw(name="good", id="GOOD-1")

HOSTILE = {
    "nothing": (b"", "not-json"),
    "half of one": (raw()[:-20], "not-json"),
    "two of them": (raw() + raw(), "not-json"),
    "deep lists": (put("[" * 5000 + "]" * 5000), "too-deep"),
    "deep objects": (put('{"a":' * 500 + "1" + "}" * 500), "too-deep"),
    "just too deep": (put("[" * 64 + "]" * 64), "too-deep"),
    "huge": (b" " * (MAX_BYTES + 1), "too-large"),
    "a huge number": (put("1" + "0" * 5000), "not-a-number"),
    "a number too large": (put("1e999"), "not-a-number"),
    "NaN": (put("NaN"), "not-a-number"),
    "infinity": (put("-Infinity"), "not-a-number"),
    "a name twice": (raw().replace(b'"details"', b'"id": "TWO-1", "details"'), "duplicate-name"),
    "a name twice inside": (put('{"a": [{"b": 1, "b": 2}]}'), "duplicate-name"),
    "half a surrogate pair": (put(r'"\ud800"'), "surrogate"),
    "half a pair as a name": (put(r'{"\udfff": 1}'), "surrogate"),
    "a surrogate as bytes": (put('"\ud800"'), "not-utf-8"),
    "no UTF-8": (raw().replace(b'"x"', b'"\xff\xfe"'), "not-utf-8"),
    "UTF-16": (raw().decode().encode("utf-16"), "not-utf-8"),
    "a list": (b"[]", "not-an-object"),
    "null": (b"null", "not-an-object"),
    "null for affected": (raw(affected=None), "no-package"),
    "nobody affected": (raw(affected=[]), "no-package"),
    "null for versions": (raw(about={"versions": None}), "bad-shape"),
    "null for ranges": (raw(about={"ranges": None}), "bad-shape"),
    "null for events": (raw(about={"ranges": [{"type": "SEMVER", "events": None}]}), "bad-shape"),
    "null for credits": (raw(credits=None), "bad-shape"),
    "null among versions": (raw(about={"versions": ["1", None]}), "bad-shape"),
    "an object for aliases": (raw(aliases={"0": "A-1"}), "bad-shape"),
    "a text for references": (raw(references="https://a.example"), "bad-shape"),
    "a number for details": (raw(details=7), "bad-shape"),
    "a list for what is specific": (raw(database_specific=[1]), "bad-shape"),
    "origins that are none": (raw(database_specific={"malicious-packages-origins": {"a": 1}}), "bad-shape"),
    "a number for an id": (raw(id=7), "bad-type"),
    "a list for a time": (raw(modified=[AT]), "bad-type"),
    "no time": (raw(modified="yesterday"), "bad-time"),
    "no time of publishing": (raw(published="20xx-01-01T00:00:00Z"), "bad-time"),
    "digits that are no ASCII": (raw(published="٢٠٢٦-01-01T00:00:00Z"), "bad-time"),
    "a text for a package": (raw(affected=[{"package": "npm/a"}]), "bad-type"),
    "no name": (raw(name=""), "no-package"),
    "an ecosystem of nobody": (raw(affected=[{"package": {"ecosystem": "Nowhere", "name": "a"}}]), "bad-ecosystem"),
    "up and away": (raw(name="../../../etc/cron.d/x"), "bad-name"),
    "up, and down again": (raw(name="a/../../../b"), "bad-name"),
    "only up": (raw(name=".."), "bad-name"),
    "a backslash": (raw(name="..\\..\\x"), "bad-name"),
    "a null byte": (raw(name="a\x00b"), "bad-name"),
    "a line end": (raw(name="a\nb"), "bad-name"),
    "a name too long for a folder": (raw(name="a" * 256), "bad-name"),
    "a repository that goes up": (raw(affected=[{"ranges": [{"type": "GIT", "repo": "https://h.example/../../../x", "events": []}]}]), "bad-name"),
    "two repositories": (raw(affected=[{"ranges": [{"type": "GIT", "repo": f"https://h.example/a/{n}"} for n in "ab"]}]), "no-package"),
    "an id without end": (raw(id="A" * 5000), "too-long"),
    "too many packages": (raw(affected=[{"package": {"ecosystem": "npm", "name": f"a{n}"}} for n in range(10_001)]), "too-many"),
    "a long text on many packages": (
        raw(details="x" * 100_000, affected=[{"package": {"ecosystem": "npm", "name": f"a{n}"}} for n in range(2000)]), "too-large",
    ),
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "reports.db", create=True)


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_report_goes_to_quarantine_and_the_rest_goes_on(database: Database, what: str) -> None:
    data, code = HOSTILE[what]
    taken = database.take("one", [("bad", data), ("good", GOOD)], AT)
    assert [one.code for one in taken] == [code, ""]
    (row,) = database.refused(9)
    assert (row["code"], len(row["reason"]) > 9, len(row["reason"]) < 1000) == (code, True, True)
    assert [package.name for package, _, _ in database.documents()] == ["good"]
    assert validate.check_bytes("x.json", data).faults


@pytest.mark.parametrize(
    "parts",
    [
        {"aliases": None},
        {"references": None},
        {"withdrawn": None},
        {"database_specific": {"malicious-packages-origins": None}},
        {"modified": "2026-11-01T02:00:00+02:00"},
        {"name": "pattern.json"},
        {"name": "a/pattern.json/b"},
        {"affected": [{"package": {"ecosystem": "Maven:../../..", "name": "a"}}]},
        {"unknown": {"a": [1, 2.5, None, "é", 2**80]}},
    ],
)
def test_what_is_only_odd_is_taken(database: Database, tmp_path: Path, parts: dict[str, Any]) -> None:
    assert [
        one.code for one in database.take("one", [("k", raw(**parts))], AT, Policy("publish", ids=False))
    ] == [""]
    ledger.assign(database, Act("tester", AT))
    exported(database, tmp_path / "out")


def exported(database: Database, place: Path) -> None:
    """Write all, and see that nothing is outside, and that each is read again as it was."""
    around = {p for p in place.parent.iterdir() if p != place}
    layout.write(place, layout.of(database), database.knows)
    assert {p for p in place.parent.iterdir() if p != place} == around
    for file in place.rglob("*.json"):
        if file.is_file():
            assert json.loads(file.read_bytes())["affected"], file


def test_a_folder_that_is_called_like_a_report_is_a_folder(database: Database, tmp_path: Path) -> None:
    inside = tmp_path / "in/osv/malicious/npm/pattern.json"
    inside.mkdir(parents=True)
    (inside / "MAL-2026-1.json").write_bytes(raw(name="pattern.json", id="MAL-2026-1"))
    objects = list(layout.read(tmp_path / "in"))
    assert [one.code for one in database.take("one", objects, AT)] == [""]
    exported(database, tmp_path / "out")
    assert (tmp_path / "out/osv/malicious/npm/pattern.json/MAL-2026-1.json").is_file()
    settings_ = Settings(str(tmp_path / "in"), tmp_path)
    assert [key for batch in sources.kind("directory").read(settings_, {}) for key, _ in batch.objects]


def test_a_file_whose_name_is_no_text_is_taken(database: Database, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(bytes(tmp_path / "in").decode() + "/\udcff\udcfe.json").write_bytes(b"{}")
    (tmp_path / "in/good.json").write_bytes(GOOD)
    run = collect.collect(
        database, Source("one", "directory", Settings(str(tmp_path / "in"), tmp_path), Policy()), lambda: AT
    )
    assert (run.error, run.new, [one.code for one in run.refused]) == ("", 1, ["no-package"])


def test_no_member_of_a_zip_leaves_it(database: Database, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for number, name in enumerate(
            ("../../../up.json", "/etc/absolute.json", "C:\\x.json", "a/../../b.json")
        ):
            archive.writestr(name, raw(name=f"z{number}", id=f"Z-{number}"))
        archive.writestr("bomb.json", b" " * (MAX_BYTES * 4), zipfile.ZIP_DEFLATED)
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    before = set(tmp_path.parent.iterdir())
    run = collect.collect(
        database,
        Source("one", "file", Settings(str(tmp_path / "in.zip"), tmp_path), Policy("publish", ids=False)),
        lambda: AT,
    )
    assert (run.error, run.new, {one.code for one in run.refused}) == ("", 4, {"too-large", "not-json"})
    assert set(tmp_path.parent.iterdir()) == before
    exported(database, tmp_path / "out")


def test_a_link_in_a_folder_is_not_followed(database: Database, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(GOOD)
    inside = tmp_path / "in/osv/malicious/npm/good"
    inside.mkdir(parents=True)
    (inside / "MAL-2026-1.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "in/osv/malicious/npm/there").symlink_to(tmp_path)
    assert list(layout.read(tmp_path / "in")) == []
    assert [
        b for b in sources.kind("directory").read(Settings(str(tmp_path / "in"), tmp_path), {}) if b.objects
    ] == []


def test_names_that_stand_twice_are_found_in_time() -> None:
    names = ", ".join(f'"n{n}": 1' for n in range(200_000))
    with pytest.raises(RecordError, match="twice"):
        decode(put(f'{{{names}, "n199999": 2}}'))


def test_many_versions_in_a_report_and_its_origin_are_compared_in_time(database: Database) -> None:
    versions = [f"1.0.{n}" for n in range(60_000)]
    origin = {
        "source": "lab",
        "sha256": "ab",
        "versions": versions[::2],
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
    }
    data = raw(
        id="MAL-2026-1",
        about={"versions": versions},
        database_specific={"malicious-packages-origins": [origin]},
    )
    assert [one.code for one in database.take("one", [("k", data)], AT)] == [""]


FUZZ = settings(max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)


def swallowed(objects: list[bytes], folder: Path) -> None:
    """Take in what is fuzzed; all is either a claim or in quarantine, and everything after goes on as ever."""
    path = folder / "fuzz.db"
    for left in folder.glob("fuzz.db*"):
        left.unlink()
    database = Database(path, create=True)
    named = [(f"{number}", data) for number, data in enumerate(objects)]
    for source, trust in (
        ("one", Policy("publish")),
        ("two", Policy("publish", ids=False, alias=True)),
        ("one", Policy()),
    ):
        for taken in database.take(source, named, AT, trust):
            assert not taken.code or taken.reason
        collect.tick(database, AT)
    for package, _, report in database.documents():
        assert package.name
        assert report["affected"]
        validate.check(report)
        json.dumps(report).encode()
    exported(database, folder / "fuzzed")
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


@FUZZ
@given(st.lists(fuzzing.allowed(), min_size=1, max_size=4))
def test_whatever_the_schema_allows_is_taken_or_refused_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    swallowed([json.dumps(one).encode() for one in records], tmp_path_factory.mktemp("fuzz"))


@FUZZ
@given(st.lists(fuzzing.broken(), min_size=1, max_size=4))
def test_reports_with_broken_parts_are_taken_or_refused_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    swallowed([json.dumps(one).encode() for one in records], tmp_path_factory.mktemp("fuzz"))


@FUZZ
@given(st.sampled_from(fuzzing.WRITTEN), st.binary(max_size=6), st.integers(0, 5000), st.integers(0, 20))
def test_bytes_that_are_put_into_a_report_or_taken_out_are_no_crash(
    tmp_path_factory: pytest.TempPathFactory, report: dict[str, Any], put_in: bytes, at: int, out: int
) -> None:
    data = json.dumps(report).encode()
    at %= len(data)
    swallowed([data[:at] + put_in + data[at + out :]], tmp_path_factory.mktemp("fuzz"))


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "ghsa_id",
                "vulnerabilities",
                "identifiers",
                "cwes",
                "references",
                "html_url",
                "summary",
                "updated_at",
                "withdrawn_at",
            ]
        ),
        fuzzing._ANYTHING,
    )
)
def test_an_advisory_of_any_form_becomes_osv_or_is_refused(advisory: dict[str, Any]) -> None:
    row = {
        "package": {"ecosystem": "npm", "name": "a"},
        "vulnerable_version_range": advisory.get("summary"),
        "first_patched_version": advisory.get("cwes"),
    }
    for given_ in (
        advisory,
        {
            "ghsa_id": "GHSA-1",
            "vulnerabilities": [row, advisory],
            **{k: v for k, v in advisory.items() if k != "vulnerabilities"},
        },
    ):
        try:
            ghsa.converted(given_)
        except RecordError:
            continue


@FUZZ
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"[", b'{"a":', b"\xef\xbb\xbf"]),
)
def test_a_file_of_any_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "in"
    path.write_bytes(start + data)
    try:
        assert all(isinstance(one, bytes) for _, one in shapes.objects(path, "in"))
    except sources.SourceError:
        return


@FUZZ
@given(st.one_of(fuzzing.allowed(), fuzzing.broken()))
def test_a_report_is_written_as_python_itself_would_write_it(report: dict[str, Any]) -> None:
    assert encode(report) == (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode()
    assert decode(compact(report)) == report


@FUZZ
@given(
    st.sampled_from(
        [r"\\", r"\"", '"', r"\u0022", r"\\u0022", "\\", ",", ":", '"a":1', '"a":"', "{", "}", " ", "x"]
    ).map(str),
    st.lists(st.sampled_from([r'"\\"', r'"\""', r'"\u0022"', r'"\\\""', '"a"', "1", r'"\\\\"']), max_size=5),
    st.booleans(),
)
def test_the_quick_reader_says_what_the_careful_one_says(junk: str, values: list[str], twice: bool) -> None:
    inside = ",".join(f'"k{0 if twice else n}": {value}' for n, value in enumerate(values))
    for data in (
        f"{{{inside}}}".encode(),
        f"{{{inside}{junk}}}".encode(),
        f'{{"x": {{{inside}}}, "y": "{junk}"}}'.encode(),
    ):
        quick = record_._quickly(data)
        try:
            careful = record_._carefully(data)
        except RecordError:
            careful = None
        assert quick is None or quick == careful


@pytest.mark.parametrize("kind", ["http", "ghsa", "git"])
@pytest.mark.parametrize(
    "place",
    ["https://127.0.0.1:9/x", "https://[::1]:9/x", "https://169.254.169.254/latest", "https://localhost:9/x", "https://2130706433:9/x",
     "https://0x7f.1:9/x", "https://[::ffff:10.0.0.1]/x", "http://192.0.2.1/x", "file:///etc/passwd", "gopher://127.0.0.1/x",
     "https://a:b@192.0.2.1/x", "https://", "https://127.0.0.1:99999/x", "https://a b.example/x"],
)  # fmt: skip
def test_no_source_is_asked_inside_our_own_network(
    database: Database, tmp_path: Path, kind: str, place: str
) -> None:
    run = collect.collect(
        database, Source("one", kind, Settings(place, tmp_path / "home"), Policy()), lambda: AT
    )
    assert (run.read, bool(run.error)) == (0, True)
    assert "refused" not in run.error  # by a server: nobody was asked
