"""The pages on the warehouse: what they tell people to type works, and what they list is there."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from biopsy.cli import app
from biopsy.warehouse import Warehouse, catalog, saved
from biopsy.warehouse.tables import TABLES, columns
from made_dossiers import analysis, dossier

pytest.importorskip("duckdb")

DOCS = Path(__file__).parent.parent.parent / "docs"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands(page: str) -> list[str]:
    text = (DOCS / page).read_text()
    return [line.removeprefix("biopsy ") for block in BLOCK.findall(text) for line in block.splitlines()]


@pytest.mark.parametrize("page", ["warehouse.md", "cookbook.md"])
def test_every_command_of_a_page_works_in_its_order(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path / "home")
    for number in range(3):
        one = dossier(number, version=f"{number}.0")
        warehouse.add(one)
        warehouse.judged(analysis(one), one.created)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIOPSY_HOME", str(tmp_path / "home"))
    for command in commands(page):
        if page == "cookbook.md" and " -p " not in command and "--" not in command:
            continue  # only a name: tests/warehouse/test_questions.py asks it
        words = shlex.split(
            command.replace("file:///tmp/biopsy-shared-warehouse", f"file://{tmp_path}/shared")
        )
        done = CliRunner().invoke(app.biopsy, words)
        assert done.exit_code == 0, f"{command}: {done.output}"


def test_the_page_of_the_cookbook_has_every_question_as_it_is_asked(tmp_path: Path) -> None:
    page = (DOCS / "cookbook.md").read_text()
    questions = list(saved.every(tmp_path))
    assert [
        one.name for one in questions if not (one.title in page and one.why in page and one.sql in page)
    ] == []
    count = int(re.search(r"has (\d+) questions", (DOCS / "warehouse.md").read_text())[1])  # type: ignore[index]
    assert count == len(questions)


def test_the_cookbook_tells_how_to_ask_each_of_its_questions(tmp_path: Path) -> None:
    told = {command.split()[1] for command in commands("cookbook.md")}
    assert {one.name for one in saved.every(tmp_path)} <= told


def test_the_page_of_the_warehouse_names_every_table_and_view() -> None:
    page = (DOCS / "warehouse.md").read_text()
    there = {*TABLES, *(view.name for view in catalog.views()), "judgements"}
    assert {name for name in there if not re.search(rf"`{name}[`(]", page)} == set()


def test_the_columns_that_the_page_names_are_there() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]*\| (.*) \|$", (DOCS / "warehouse.md").read_text(), re.MULTILINE)
    named = {table: set(re.findall(r"`(\w+)`", told)) for table, told in rows if table in TABLES}
    assert {table: names - columns(table).keys() for table, names in named.items()} == {
        t: set() for t in TABLES
    }
