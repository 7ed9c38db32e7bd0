"""Loading into BigQuery, proved with Google's own client against an emulator: every row exactly once."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from biopsy import detect
from biopsy.errors import UsageError
from biopsy.model.dossier import Dossier
from biopsy.model.run import Change, Exchange, FileChange
from biopsy.pipeline import before
from biopsy.pipeline.analyze import judge
from biopsy.warehouse import Warehouse, tables
from biopsy.warehouse.bigquery import BigQuery, BigQueryError, following, layout
from biopsy.warehouse.interchange import document

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "warehouse_interchange")]

import emulators  # noqa: E402 - beside this file
import foreign  # noqa: E402

pytest.importorskip("google.cloud.bigquery")
pytest.importorskip("duckdb")

Query = Callable[[str], list[Any]]
_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def cloud(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulators.Cloud]:
    with emulators.running(emulators.environment(home), tmp_path_factory.mktemp("cloud") / "buckets") as made:
        yield made


@pytest.fixture
def dataset(cloud: emulators.Cloud) -> BigQuery:
    """A data set of the test's own."""
    return BigQuery(f"testing-project.d{next(_NUMBER)}_{os.getpid()}", endpoint=cloud.bigquery)


@pytest.fixture
def query(dataset: BigQuery) -> Query:
    return lambda text: list(
        dataset.api.client.query(text.replace("@", dataset.place), timeout=30).result(timeout=60)
    )


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with dossiers and judgements, packed twice."""
    home = tmp_path_factory.mktemp("full")
    warehouse, rules = Warehouse(home), detect.load(None)
    for raw in (foreign.THIEF, foreign.STATIC, foreign.dynamic(version="3.0")):
        dossier = document(raw, "")
        assert isinstance(dossier, Dossier)
        said = Exchange("laptop", "import", "dns", "drop.example", 53, "A drop.example")
        changed = FileChange("laptop", "/home/ada/.bashrc", Change.CHANGED, size=3)
        dossier = replace(dossier, exchanges=(said, said), changes=(changed,))
        warehouse.add(dossier)
        warehouse.judged(judge(dossier, before.Before(), rules), "2026-11-22T10:00:00Z")
        warehouse.pack()
    (home / "tmp").mkdir()
    return home


def _load(home: Path, dataset: BigQuery, theirs: layout.Layout | None = None) -> following.Round:
    dataset.prepare((theirs,) if theirs else tuple(layout.OURS.values()))
    return following.load(Warehouse(home), dataset, home / "tmp", lambda _text, _done: None, theirs)


def _counts(query: Query) -> dict[str, int]:
    return {name: query(f"SELECT COUNT(*) AS n FROM `@.{name}`")[0].n for name in layout.OURS}


def _kept(home: Path) -> dict[str, int]:
    warehouse = Warehouse(home)
    return {t: sum(1 for p in warehouse.packs() for _ in warehouse.rows(p, t)) for t in tables.TABLES}


def test_every_row_is_there_once_however_often_it_is_loaded(
    full: Path, dataset: BigQuery, query: Query
) -> None:
    assert _load(full, dataset).packs == 3
    assert _counts(query) == _kept(full)
    assert _load(full, dataset).packs == 0
    query("DELETE FROM `@.loads` WHERE true")
    again = _load(full, dataset)
    assert again.packs == 3
    assert sum(again.inserted.values()) == 0
    assert _counts(query) == _kept(full)
    (told,) = query(
        "SELECT name, ARRAY_LENGTH(because) AS n FROM `@.verdicts` WHERE day = DATE '2023-11-14' AND call = 'malicious'"
    )
    assert (told.name, told.n) == ("thing", 2)
    staging = [
        one.table_id for one in dataset.api.client.list_tables(dataset.place) if "staging" in one.table_id
    ]
    assert staging == []


def test_tables_are_cut_by_day_and_sorted_by_what_is_asked_first(dataset: BigQuery) -> None:
    assert len(dataset.prepare(tuple(layout.OURS.values()))) == 8
    assert dataset.prepare(tuple(layout.OURS.values())) == []
    table = dataset.api.client.get_table(f"{dataset.place}.behaviours")
    assert table.time_partitioning.field == "day"
    assert table.clustering_fields == ["kind", "ecosystem", "name"]
    assert {one.name: one.mode for one in table.schema}["run_id"] == "REQUIRED"


@pytest.mark.parametrize("step", ["_merge", "note"])
def test_what_breaks_off_half_way_is_made_good_by_the_next(
    full: Path, dataset: BigQuery, query: Query, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = getattr(dataset, step)
    left = 0 if step == "note" else 2

    def broken(*given: Any) -> Any:
        nonlocal left
        if left == 0:
            if step != "note":
                done(*given)  # it is done, and we never hear of it
            raise BigQueryError("the network is gone")
        left -= 1
        return done(*given)

    monkeypatch.setattr(dataset, step, broken)
    with pytest.raises(BigQueryError):
        _load(full, dataset)
    monkeypatch.undo()
    _load(full, dataset)
    assert _counts(query) == _kept(full)


def test_a_loader_that_is_killed_is_continued_by_another(
    full: Path, dataset: BigQuery, query: Query, cloud: emulators.Cloud, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(full, home)
    (dossier,) = (one for one in Warehouse(home).recent() if one.release.version == "3.0")
    again = judge(
        dossier, before.Before(), detect.load(None)
    )  # as two machines may: the same, in one more pack
    Warehouse(home).judged(again, "2026-11-22T10:00:00Z")
    assert Warehouse(home).pack().judgements == 1
    script = "from biopsy.cli import main; main()"
    command = [sys.executable, "-c", script, "export", "bigquery", dataset.place, "--follow", "--every", "1"]
    environ = {**os.environ, "BIOPSY_HOME": str(home), "BIOPSY_BIGQUERY": cloud.bigquery}
    for patience in (1.6, 2.3):
        with subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as one:
            time.sleep(patience)
            one.send_signal(signal.SIGKILL)
    _load(home, dataset)
    assert _counts(query) == _kept(full)


def test_a_table_of_an_older_version_grows_and_keeps_its_rows(
    full: Path, dataset: BigQuery, query: Query
) -> None:
    old = layout.OURS["phases"]
    old = replace(old, columns=tuple(one for one in old.columns if one.name not in {"steps", "completed"}))
    dataset.prepare((old,))
    query(
        "INSERT INTO `@.phases` (ecosystem, day, run_id, name, version, `row`) VALUES ('npm', DATE '2025-01-01', 'r', 'n', '1', 'x')"
    )
    assert "added to phases: steps, completed" in dataset.prepare((layout.OURS["phases"],))
    _load(full, dataset)
    assert [row.steps for row in query("SELECT steps FROM `@.phases` WHERE day = DATE '2025-01-01'")] == [
        None
    ]
    assert _counts(query)["phases"] == _kept(full)["phases"] + 1


def test_a_table_with_a_column_of_another_type_is_left_alone(dataset: BigQuery) -> None:
    old = layout.OURS["phases"]
    changed = tuple(replace(one, type="STRING") if one.name == "steps" else one for one in old.columns)
    dataset.prepare((replace(old, columns=changed),))
    with pytest.raises(UsageError, match="steps is STRING"):
        dataset.prepare((old,))


def test_it_goes_through_a_bucket_too(
    full: Path, dataset: BigQuery, query: Query, cloud: emulators.Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.storage)
    through = BigQuery(dataset.place, endpoint=cloud.bigquery, bucket="gs://bucket/staging")
    _load(full, through)
    assert _counts(query) == _kept(full)
    assert list((cloud.folder / "bucket").rglob("*.jsonl")) == []


def test_the_table_of_package_analysis_is_written_in_its_layout(
    full: Path, dataset: BigQuery, query: Query
) -> None:
    theirs = layout.theirs("analysis")
    (analysis,) = (one for one in theirs.columns if one.name == "Analysis")
    smaller = replace(analysis, fields=analysis.fields[:2])  # as in its repository: without `execute`
    there = replace(theirs, columns=tuple(smaller if one is analysis else one for one in theirs.columns))
    dataset.prepare((there,))
    for _ in range(2):
        _load(full, dataset, theirs)
        query("DELETE FROM `@.loads` WHERE true")
    found = query(
        "SELECT Package.Name AS name, q.Hostname AS host FROM `@.analysis` AS t, UNNEST(t.Analysis.import.DNS) AS d,"
        " UNNEST(d.Queries) AS q WHERE d.Class = 'IN'"
    )
    assert [(row.name, row.host) for row in found] == [("thing", "drop.example")]
    assert query("SELECT COUNT(*) AS n, COUNT(DISTINCT CreatedTimestamp) AS d FROM `@.analysis`")[0][:] == (
        2,
        2,
    )


def test_the_command_loads_and_says_what(full: Path, dataset: BigQuery, cloud: emulators.Cloud) -> None:
    def run(*more: str) -> Result:
        from biopsy.cli.app import biopsy

        environ = {"BIOPSY_HOME": str(full), "BIOPSY_BIGQUERY": cloud.bigquery, "COLUMNS": "100"}
        return CliRunner().invoke(biopsy, ["export", "bigquery", *more], env=environ)

    first = run(dataset.place)
    assert first.exit_code == 0, first.output
    assert "made the table behaviours" in first.stdout
    assert "3 packs loaded" in first.stdout
    assert run(dataset.place).stdout.splitlines()[-1] == "nothing is new"
    assert run("nonsense").exit_code == 2


def test_a_bigquery_that_does_not_answer_is_said_in_one_line() -> None:
    with pytest.raises(BigQueryError, match=r"BigQuery, testing-project\.d: .*refused"):
        BigQuery("testing-project.d", endpoint="http://127.0.0.1:1", patience=0.5).prepare(())
