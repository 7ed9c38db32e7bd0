"""The real reports: in, checked, out again, and the same in every field; in any order, from any source."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from bench.reports_made import real
from click.testing import CliRunner

from biopsy.cli.commands.reports import command
from biopsy.reports import claim, layout
from biopsy.reports.database import Database
from biopsy.reports.record import encode
from biopsy.reports.validate import check_bytes

AT = "2026-11-01T00:00:00Z"
pytestmark = pytest.mark.skipif(not real(), reason="the real reports are not on this machine")


def said(*words: object) -> str:
    made = CliRunner().invoke(command, [str(word) for word in words])
    assert made.exit_code == 0, made.output
    return made.output


def test_real_reports_are_taken_over_and_come_out_as_they_were(tmp_path: Path) -> None:
    """With --compat to the byte; in our own way but for versions that some say are all, and some are not."""
    for one in real():
        file = tmp_path / "in" / one["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(one["report"]))
    said("init", "--home", tmp_path)
    count = f"{len(real()):,}"
    assert f"{count} read, {count} new, 0 in quarantine" in said(
        "import", tmp_path / "in", "--home", tmp_path, "--quiet"
    )
    said("export", "--compat", tmp_path / "compat", "--home", tmp_path, "--quiet")
    came, compat = contents(tmp_path / "in"), contents(tmp_path / "compat")
    assert compat == came
    said("export", tmp_path / "out", "--home", tmp_path, "--quiet")
    out = contents(tmp_path / "out")
    assert out.keys() == came.keys()
    torn = [path for path in came if out[path] != came[path]]
    assert len(torn) < len(came) // 4
    for path in torn:
        compare(json.loads(came[path]), json.loads(out[path]))
    assert f"{count} read, 0 new" in said("import", tmp_path / "compat", "--home", tmp_path, "--quiet")
    assert "0 files written, 0 removed" in said("export", tmp_path / "out", "--home", tmp_path, "--quiet")


def compare(came: dict[str, Any], out: dict[str, Any]) -> None:
    """What is not affected any more is disputed, with who said it; all else is as it was."""
    disputed = out["database_specific"].pop("malware").pop("disputed")
    said_so = {(one["source"], one["sha256"]) for one in disputed}
    origins = came["database_specific"]["malicious-packages-origins"]
    assert said_so <= {(one["source"], one["sha256"]) for one in origins} | {("", "")}
    for name in ("ranges", "versions"):
        before, after = (report["affected"][0].pop(name, []) for report in (came, out))
        gone = [one for one in before if one not in after]
        assert [one for one in after if one not in before] == []
        assert all(any(one in held.get(name, ()) for held in disputed) for one in gone)
    assert out == came


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_real_reports_are_valid() -> None:
    faults = [
        c
        for one in real()
        if not (c := check_bytes(one["path"].removeprefix("osv/"), encode(one["report"]), placed=True)).valid
    ]
    assert faults == []


def test_the_order_the_source_and_a_second_time_change_no_byte(tmp_path: Path) -> None:
    objects = [(one["path"], encode(one["report"])) for one in real()]
    made: list[list[Any]] = []
    for seed, sources in enumerate((["a"], ["a", "a"], ["a", "b"], ["b", "a"])):
        database = Database(tmp_path / f"{seed}.db", create=True)
        random.Random(seed).shuffle(objects)
        twice = len(set(sources)) == 1
        for number, source in enumerate(sources):
            database.take(source, objects if twice else objects[number::2], AT)
        made.append([(p, state, json.dumps(d)) for p, state, d in database.documents()])
        database.close()
    assert len(made[0]) == len(
        {one["path"].rpartition("/")[0].partition("/")[2].partition("/")[2] for one in real()}
    )
    assert made[0] == made[1] == made[2] == made[3]


def test_what_is_known_of_the_real_data_holds_after_it_was_taken_over(tmp_path: Path) -> None:
    """The invariants that were measured on the repository that they are of."""
    database = Database(tmp_path / "one.db", create=True)
    database.take("a", [(one["path"], encode(one["report"])) for one in real()], AT)
    origins: set[tuple[str, str]] = set()
    folders: set[str] = set()
    for where, report in layout.of(database):
        about = report["affected"][0]["package"]
        assert report["id"] == where.stem
        assert where.folder not in folders, "two reports in a folder"
        folders.add(where.folder)
        assert (where.tree == "withdrawn") == bool(report.get("withdrawn"))
        assert report["summary"] == f"Malicious code in {about['name']} ({about['ecosystem']})"
        people = [(one["name"], one.get("type", "")) for one in report.get("credits", ())]
        assert people == sorted(set(people))
        named = [(o["source"], o["sha256"]) for o in claim.origins(report)]
        assert not origins & set(named), "one record in two reports"
        assert len(named) == len(set(named))
        origins |= set(named)
    assert len(folders) > 3900
