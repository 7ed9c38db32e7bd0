"""Rows are held against their tables before they are loaded, and tables grow as versions bring columns."""

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.errors import UsageError
from biopsy.warehouse import tables
from biopsy.warehouse.bigquery import Batch, BigQuery, layout, merge, valid
from biopsy.warehouse.bigquery.batch import Staged
from biopsy.warehouse.bigquery.layout import Column, Layout, grown

COLUMNS = (
    Column("run_id", "STRING", "REQUIRED"),
    Column("day", "DATE", "REQUIRED"),
    Column("text", "STRING"),
    Column("count", "INTEGER"),
    Column("part", "FLOAT"),
    Column("flag", "BOOLEAN"),
    Column("at", "TIMESTAMP"),
    Column("data", "BYTES"),
    Column("words", "STRING", "REPEATED"),
    Column("parts", "RECORD", "REPEATED", (Column("name", "STRING", "REQUIRED"),)),
    Column("row", "STRING"),
)
THINGS = Layout("things", COLUMNS, ("run_id", "row"), "day", ())
GOOD: dict[str, Any] = {"run_id": "r", "day": "2026-11-22"}


def _line(**values: Any) -> Any:
    return json.loads(valid.line({**GOOD, **values}, THINGS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "\x00 ünï"), ("count", -1), ("part", 1.5), ("part", 1), ("flag", False), ("words", ["a"]),
        ("at", "2026-11-22T10:00:00.123456Z"), ("data", "AAEC"), ("parts", [{"name": "x"}]), ("count", 2**53 - 1),
    ],
)  # fmt: skip
def test_what_fits_is_written_as_it_is(name: str, value: Any) -> None:
    assert _line(**{name: value})[name] == value


def test_a_number_that_json_readers_round_is_written_as_text() -> None:
    assert _line(count=2**63 - 1)["count"] == "9223372036854775807"


def test_half_a_character_is_written_as_what_it_is() -> None:
    assert _line(text="a\ud800b")["text"] == "a\\ud800b"


@pytest.mark.parametrize(
    "values",
    [
        {"run_id": None}, {"run_id": 7}, {"day": "2026-02-30"}, {"day": "yesterday"}, {"unknown": 1},
        {"text": 1}, {"text": b"x"}, {"count": "1"}, {"count": True}, {"count": 2**63}, {"count": 1.0},
        {"part": math.nan}, {"part": math.inf}, {"part": 10**400}, {"flag": 1}, {"flag": "true"},
        {"at": "2026-11-22T10:00:00"}, {"at": 1700000000}, {"at": "soon"}, {"data": "no base64!"},
        {"words": "abc"}, {"words": [None]}, {"words": ["x"] * (valid.MAX_ITEMS + 1)},
        {"parts": ["x"]}, {"parts": [{}]}, {"parts": [{"name": "x", "more": 1}]}, {"text": "x" * valid.MAX_ROW},
    ],
    ids=lambda values: str(values)[:40],
)  # fmt: skip
def test_what_does_not_fit_is_named(values: dict[str, Any]) -> None:
    with pytest.raises(valid.Invalid):
        valid.line({**GOOD, **values}, THINGS)


@given(st.dictionaries(st.sampled_from([c.name for c in COLUMNS]), st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.text())))  # fmt: skip
def test_whatever_a_row_holds_it_is_one_line_or_named(values: dict[str, Any]) -> None:
    try:
        written = valid.line({**GOOD, **values}, THINGS)
    except valid.Invalid:
        return
    assert b"\n" not in written
    json.loads(written)


def test_a_table_grows_by_what_is_new_and_nothing_else_changes() -> None:
    there = [{"name": "Run_ID", "type": "STRING"}, {"name": "old", "type": "GEOGRAPHY"}, {"name": "parts", "type": "STRUCT", "mode": "REPEATED", "fields": []}]  # fmt: skip
    made, added = grown(there, COLUMNS)
    assert [one["name"] for one in made[:3]] == ["Run_ID", "old", "parts"]
    assert "parts.name" in added
    assert {"run_id", "old", "parts"}.isdisjoint(added)
    assert all(one.get("mode") != "REQUIRED" for one in made)
    assert grown(made, COLUMNS)[1] == []


@pytest.mark.parametrize("there", [{"name": "count", "type": "STRING"}, {"name": "words", "type": "STRING"}])
def test_a_column_of_another_type_is_nobodys_to_change(there: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=there["name"]):
        grown([there], COLUMNS)


def test_every_table_of_the_warehouse_has_its_layout() -> None:
    assert layout.OURS.keys() == tables.TABLES.keys()
    for one in layout.OURS.values():
        names = {column.name for column in one.columns}
        assert {*one.key, one.day, *one.cluster} <= names
        assert len(one.cluster) <= 4
        assert names.isdisjoint(layout.LEFT_OUT)


def test_a_merge_reads_only_the_days_that_it_is_of() -> None:
    said = merge("p-project.d", Staged(THINGS, Path(), 1, "2026-11-20", "2026-11-22"), "staging_things_x")
    assert "T.`day` BETWEEN DATE '2026-11-20' AND DATE '2026-11-22'" in said
    assert "T.`run_id` = S.`run_id`" in said
    assert "MATCHED THEN UPDATE" not in said


def test_the_same_row_has_the_same_name_and_equal_rows_are_counted(tmp_path: Path) -> None:
    row = {**GOOD, "at": datetime(2026, 11, 22, tzinfo=UTC), "day": date(2026, 11, 22), "text": None}
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        batch = Batch(tmp_path / folder)
        for _ in range(2):
            batch.add(THINGS, row if folder == "a" else {**row, "new": None})
        (staged,), refused = batch.close()
        assert not refused
        names.append([json.loads(line)["row"] for line in staged.path.read_text().splitlines()])
    assert names[0] == names[1]
    assert len(set(names[0])) == 2


def test_a_row_that_two_packs_say_is_one_row(tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    for _ in range(2):
        batch.next_pack()
        batch.add(THINGS, GOOD)
    (staged,), _ = batch.close()
    assert len(set(staged.path.read_text().splitlines())) == 1


def test_a_dossier_with_a_row_that_does_not_fit_is_refused_whole(tmp_path: Path) -> None:
    other = Layout("others", COLUMNS, ("run_id", "row"), "day", ())
    batch = Batch(tmp_path)
    for run_id in ("good", "bad"):
        batch.add(THINGS, {**GOOD, "run_id": run_id})
        batch.add(other, {**GOOD, "run_id": run_id, "count": "seven" if run_id == "bad" else 7})
    staged, refused = batch.close()
    assert [one.run_id for one in refused] == ["bad"]
    assert refused[0].why.startswith("others: count")
    assert {one.layout.name: one.rows for one in staged} == {"things": 1, "others": 1}
    assert all(b"bad" not in one.path.read_bytes() for one in staged)


@pytest.mark.parametrize(
    "place", ["", "dataset", "p.d.t", "project.data-set", "x.d", "project.d`; DROP", "Project.d"]
)
def test_a_place_that_is_none_is_said(place: str) -> None:
    with pytest.raises(UsageError, match=r"PROJECT\.DATASET"):
        BigQuery(place, endpoint="http://127.0.0.1:1")


@pytest.mark.parametrize("name", ["loads", "behaviours", "a`b", ""])
def test_a_table_that_is_ours_or_none_cannot_be_theirs(name: str) -> None:
    with pytest.raises(UsageError):
        layout.theirs(name)
