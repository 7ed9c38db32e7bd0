"""The look-up file answers as the database does, and names what is wrong with it."""

import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from released import HASH, RECORDS, path

from biopsy.cli.app import biopsy
from biopsy.model.check import Entry
from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.database import Database
from biopsy.reports.exports import release
from biopsy.reports.exports.parts.lookup import line, write
from biopsy.reports.offline import Offline, OfflineError
from biopsy.reports.verdict import judged

__all__ = ["path"]
_BESIDE = Path(os.environ.get("BIOPSY_SHARED") or Path(__file__).parents[3] / "shared")
REAL = _BESIDE / "data/osv-reports.jsonl.gz"


@pytest.fixture
def looked(path: Path, tmp_path: Path) -> Path:
    release(path, tmp_path / "out")
    return tmp_path / "out/lookup.bin"


def entries() -> list[Entry]:
    return [
        Entry("npm", "thing", "1.0.0"), Entry("npm", "thing", "9.0.0"), Entry("npm", "thing"),
        Entry("npm", "@scope/Thing", "3.1.4"), Entry("npm", "@scope/thing", "3.1.4"),
        Entry("npm", "gone", "1.0.0"), Entry("npm", "between", "1.5.0"), Entry("npm", "between", "2.0.0"),
        Entry("PyPI", "some.thing", "2.0.0"), Entry("PyPI", "some-thing", "3.0", hashes=(f"sha256:{HASH}",)),
        Entry("PyPI", "some-thing", wanted="<3"), Entry("PyPI", "some-thing", wanted=">3"),
        Entry("Maven", "группа:é", "1"), Entry("Maven:https://maven.example", "группа:é", "1"),
        Entry("Maven:https://other.example", "группа:é", "1"), Entry("Maven", "group:thing", "1"),
        Entry("Git", "https://github.com/some/thing.git", "a" * 40), Entry("Hex", "thing", "1.0.0"),
        Entry("npm", "a"), Entry("npm", "zzz"), Entry("purl", "pkg:npm/%40scope/Thing@1.0.0"),
    ]  # fmt: skip


def test_the_file_says_of_every_entry_what_the_database_says(path: Path, looked: Path) -> None:
    database, offline = Database(path), Offline(looked)
    assert [judged(e, offline) for e in entries()] == [judged(e, database) for e in entries()]
    assert {judged(e, offline).verdict.value for e in entries()} == {"malicious", "possible", "unreported"}
    assert offline.about["reports"] == len(RECORDS) - 1


@pytest.mark.skipif(not REAL.is_file(), reason="the real reports are not beside the repository")
def test_of_real_reports_it_says_what_the_database_says(tmp_path: Path) -> None:
    held = [json.loads(row) for row in gzip.decompress(REAL.read_bytes()).splitlines()]
    chosen = random.Random(1).sample(held, 800)
    database = Database(tmp_path / "reports.db", create=True)
    database.take(
        "base", [(one["path"], json.dumps(one["report"]).encode()) for one in chosen], "2026-11-01T00:00:00Z"
    )
    release(tmp_path / "reports.db", tmp_path / "out")
    offline = Offline(tmp_path / "out/lookup.bin")
    asked = []
    for one in chosen:
        about = one["report"]["affected"][0]
        named = about.get("package")
        if named:
            listed = about.get("versions") or []
            asked += [Entry(named["ecosystem"], named["name"], v) for v in ("", "0.0.1-nothing", *listed[:2])]
    assert len(asked) > 1600
    assert [judged(e, offline) for e in asked] == [judged(e, database) for e in asked]


def test_many_blocks_are_found_by_their_first_lines(tmp_path: Path) -> None:
    names = [f"{random.Random(n).choice('abcé😀-_@/')}{n * 7919 % 10007}" for n in range(5000)]
    reports = {name: {"summary": f"of {name}", "affected": [{"versions": ["1"]}]} for name in names}
    with (tmp_path / "x.bin").open("wb") as file:
        write(file, [line(Package("npm", n), f"MAL-2026-{i}", reports[n]) for i, n in enumerate(reports)], {})
    offline = Offline(tmp_path / "x.bin")
    assert len(offline._first) > 10
    for name in names:
        assert [r["summary"] for r in offline.on(Package("npm", name))] == [f"of {name}"]
    assert list(offline.on(Package("npm", "nowhere"))) == []


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"PK\3\4" * 100])
def test_what_is_no_look_up_file_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.bin").write_bytes(data)
    with pytest.raises(OfflineError, match=r"x\.bin: no look-up file"):
        Offline(tmp_path / "x.bin")


def test_any_byte_that_is_changed_is_noticed_or_does_no_harm(looked: Path, tmp_path: Path) -> None:
    data = looked.read_bytes()
    want = [judged(e, Offline(looked)) for e in entries()]
    broken = tmp_path / "broken.bin"
    noticed = 0
    for at in range(0, len(data), 3):
        broken.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        try:
            found = [judged(e, Offline(broken)) for e in entries()]
        except OfflineError as error:
            found = want if "broken.bin" in str(error) else []
            noticed += 1
        assert found == want
    assert noticed > len(data) // 4


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    write(file, [line(Package("npm", "x"), "MAL-2026-1", {"summary": "a" * 100_000})], {})
    (tmp_path / "x.bin").write_bytes(file.getvalue())
    monkeypatch.setattr("biopsy.reports.offline.MAX_BLOCK", 10_000)
    with pytest.raises(OfflineError, match="too large"):
        list(Offline(tmp_path / "x.bin").on(Package("npm", naming.canonical("npm", "x"))))


def test_check_asks_the_file_and_needs_no_database(looked: Path, tmp_path: Path) -> None:
    def run(*asked: str) -> Result:
        home = {"BIOPSY_HOME": str(tmp_path / "nothing")}
        return CliRunner().invoke(biopsy, ["check", *asked, "--offline", str(looked), "-q"], env=home)

    bad = run("pkg:npm/thing@1.0.0")
    assert bad.exit_code == 1
    assert "MAL-2026-1" in bad.stdout
    assert run("pkg:npm/thing@9.0.0").exit_code == 0
    assert run("pkg:npm/thing@9.0.0", "--database", str(looked)).exit_code == 2


def test_the_reader_of_the_page_reads_it(looked: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/exports.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for name, ecosystem, found in (("thing", "npm", ["MAL-2026-1"]), ("nothing", "npm", []), ("a", "A", [])):
        done = subprocess.run(
            [sys.executable, "-c", code, looked, ecosystem, name], capture_output=True, text=True, check=True
        )
        assert [json.loads(row)["i"] for row in done.stdout.splitlines()] == found
