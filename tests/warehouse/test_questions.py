"""Questions: the cookbook answers what it says, SQL reads and nothing else, and ends when it must."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from biopsy.cli import app
from biopsy.errors import UsageError
from biopsy.model.dossier import Call
from biopsy.model.run import Outcome, Status
from biopsy.warehouse import Warehouse, charts, results, saved
from biopsy.warehouse.query import Answer, Desk, Limits
from made_dossiers import FACTS, analysis, dossier

pytest.importorskip("duckdb")

DAYS = "20000"  # from whenever these tests run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a story: thing 1.0 is harmless, 1.1 steals, other is a copy of it, late was judged twice."""
    home = tmp_path_factory.mktemp("asked")
    warehouse = Warehouse(home)
    quiet = ("net.url https://docs.example/x @ a.py:1", "code.eval exec @ a.py:2 (call)")
    bad = (
        *FACTS,
        "canary.read npm-token @ laptop/install#7",
        "canary.leak npm-token > collect.example:443 as base64 @ laptop/install#8",
        "differs.clock 48h net.http GET https://collect.example/ @ laptop/import#9",
        "differs.profile laptop net.http GET https://collect.example/ @ laptop/import#10",
        "evasion.sleep 30 @ laptop/import#11",
        "file.write $HOME/.bashrc @ laptop/install#12",
        "process.exec sh -c 'curl collect.example' @ laptop/install#13",
        "file.read $HOME/.ssh/id_rsa @ laptop/install#14",
    )
    one = dossier(1, ecosystem="npm", version="1.0", day="2026-11-18", facts=quiet)
    two = dossier(2, ecosystem="npm", version="1.1", day="2026-11-20", facts=bad)
    copy = dossier(3, ecosystem="npm", name="other", day="2026-11-20", facts=bad)
    copy = replace(copy, artifact=replace(copy.artifact, sha256=two.artifact.sha256))
    failed = Outcome("laptop", "import", Status.TIMEOUT, "timed-out: after 60 s", 60.0)
    late = dossier(4, name="late", day="2026-11-21", facts=quiet)
    late = replace(late, outcomes=(*late.outcomes, failed))
    for each, call in (
        (one, Call.BENIGN),
        (two, Call.MALICIOUS),
        (copy, Call.MALICIOUS),
        (late, Call.BENIGN),
    ):
        warehouse.add(each)
        started = f"{each.created[:10]}T11:50:00Z"
        warehouse.judged(analysis(each, call), each.created, rules="r1", published=started)
    warehouse.pack()
    warehouse.judged(analysis(late, Call.SUSPICIOUS), "2026-11-22T00:00:00Z", rules="r2")
    warehouse.pack()
    return home


@pytest.fixture(scope="module")
def desk(home: Path) -> Iterator[Desk]:
    with Desk(home / "warehouse") as desk:
        yield desk


EXPECTED = {
    "changed-verdicts": {("before", "benign"), ("call", "suspicious"), ("name", "late")},
    "changes-of-a-package": {
        ("version", "1.1"),
        ("before", "1.0"),
        ("kind", "canary.leak"),
        ("change", "gone"),
    },
    "credential-readers": {("value", "$HOME/.npmrc"), ("value", "npm-token"), ("packages", 2)},
    "dropped-files": {("packages", 3), ("path", "/tmp/x")},
    "evaded": {("kind", "evasion.sleep"), ("malicious", 2), ("benign", 0)},
    "leaks": {("canary", "npm-token"), ("host", "collect.example"), ("encoding", "base64")},
    "look-alike-facts": {("value", "sh -c 'curl collect.example'"), ("packages", 2)},
    "malicious-lately": {("name", "thing"), ("name", "other"), ("name", "late"), ("call", "suspicious")},
    "new-hosts": {("host", "collect.example"), ("host", "docs.example"), ("contacted", True)},
    "new-install-hooks": {("version_before", "1.0"), ("version", "1.1")},
    "not-finished": {("phase", "import"), ("status", "timeout"), ("code", "timed-out")},
    "only-on-one-machine": {("profile", "laptop"), ("kind", "net.http"), ("packages", 2)},
    "persistence": {("value", "$HOME/.bashrc"), ("version", "1.1")},
    "rare-contacts": {("host", "collect.example"), ("packages", 2)},
    "ssh-keys-and-new-hosts": {("name", "other"), ("version", "1.1")},
    "rule-yield": {("rule", "exfil/npm-token"), ("malicious", 2), ("suspicious", 1)},
    "same-artifact": {("names", 2)},
    "sent-most": {("host", "collect.example"), ("bytes", 3)},
    "shared-hosts": {("host", "collect.example"), ("packages", 2)},
    "slow-phases": {("phase", "import"), ("p50_s", 60.0)},
    "time-bombs": {("value", "48h net.http GET https://collect.example/")},
    "time-to-verdict": {("p50", 600.0), ("dossiers", 2)},
    "who-contacts": {("name", "thing"), ("name", "other"), ("host", "collect.example")},
}


def test_the_cookbook_has_twenty_questions_and_more_and_each_is_tested(home: Path) -> None:
    assert {one.name for one in saved.every(home) if not one.own} == EXPECTED.keys()
    assert len(EXPECTED) >= 20


@pytest.mark.parametrize("name", EXPECTED)
def test_a_question_of_the_cookbook_finds_what_it_is_about(home: Path, desk: Desk, name: str) -> None:
    question = saved.find(home, name)
    values = question.values | ({"days": DAYS} if "days" in question.values else {})
    answer = desk.ask(question.sql, values)
    cells = {
        cell
        for row in answer.rows
        for cell in zip(answer.columns, row, strict=True)
        if not isinstance(cell[1], list)
    }
    assert EXPECTED[name] <= cells


@pytest.mark.parametrize(
    "name", ["leaks", "persistence", "time-bombs", "credential-readers", "rare-contacts"]
)
def test_the_harmless_are_in_no_answer_about_the_harmful(home: Path, desk: Desk, name: str) -> None:
    assert "late" not in repr(list(desk.ask(saved.find(home, name).sql).rows))


@pytest.mark.parametrize(
    "view", ["first_seen", "rare_hosts", "first_facts", "hosts", "latest", "verdicts", "findings"]
)
def test_a_view_gives_rows(desk: Desk, view: str) -> None:
    assert list(desk.ask(f"FROM {view}").rows)


def test_every_view_can_be_asked_of_an_empty_warehouse(tmp_path: Path) -> None:
    from biopsy.warehouse import catalog

    with Desk(tmp_path / "warehouse") as desk:
        for view in catalog.views():
            source = f"{view.name}('a', 'b')" if view.takes else view.name
            assert list(desk.ask(f"SELECT * FROM {source}").rows) == []


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO 'x.csv'",
        "CREATE TABLE x (a INT)",
        "INSERT INTO behaviours VALUES (1)",
        "ATTACH 'x.db'",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE SELECT 1",
        "PRAGMA database_list",
        "EXPORT DATABASE 'x'",
        "",
        "SELECT",
    ],
)
def test_whatever_is_not_one_select_is_refused(desk: Desk, sql: str) -> None:
    with pytest.raises(UsageError):
        desk.ask(sql)


@pytest.mark.parametrize(
    "source", ["read_text('/etc/passwd')", "read_csv('/etc/passwd')", "glob('/etc/*')", "'/etc/passwd'", "sniff_csv('/etc/passwd')",
               "read_text('https://x.example/')", "home"],
)  # fmt: skip
def test_no_other_file_and_no_variable_of_ours_can_be_read(desk: Desk, source: str) -> None:
    with pytest.raises(UsageError):
        list(desk.ask(f"SELECT * FROM {source}").rows)


def test_nothing_can_be_written_by_way_of_an_answer_as_a_file(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        desk.save("SELECT 1) TO 'x.csv'; SELECT (2", tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_question_that_takes_too_long_is_stopped(home: Path) -> None:
    with (
        Desk(home / "warehouse", Limits(seconds=0.3)) as desk,
        pytest.raises(UsageError, match="longer than"),
    ):
        list(desk.ask("SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b").rows)


def test_a_question_that_takes_too_much_memory_is_stopped(home: Path) -> None:
    with (
        Desk(home / "warehouse", Limits(memory="60MB", spill="1MB")) as desk,
        pytest.raises(UsageError, match=r"memory|space|size"),
    ):
        list(desk.ask("SELECT list(range::VARCHAR || 'xxxxxxxxxxxxxxxxxx') FROM range(20000000)").rows)


def told(home: Path, *args: str) -> str:
    done = CliRunner().invoke(app.biopsy, ["query", "--home", str(home), *args])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_csv_holds_no_formula(home: Path) -> None:
    shown = told(
        home, "SELECT * FROM (VALUES ('=1+1', -1), ('@x', 2), ('plain', 3)) t(a, b) ORDER BY b", "-f", "csv"
    )
    assert list(csv.reader(io.StringIO(shown))) == [["a", "b"], ["'=1+1", "-1"], ["'@x", "2"], ["plain", "3"]]


def test_json_is_json(home: Path) -> None:
    rows = json.loads(
        told(
            home,
            "SELECT day, list(DISTINCT call) AS calls FROM verdicts WHERE name = 'late' GROUP BY day",
            "-f",
            "json",
        )
    )
    assert rows == [{"day": "2026-11-21", "calls": ["suspicious"]}]
    assert json.loads(told(home, "SELECT 1 AS a WHERE false", "-f", "json")) == []


def test_parquet_is_parquet(home: Path, tmp_path: Path) -> None:
    import duckdb

    told(home, "SELECT kind FROM behaviours", "-o", str(tmp_path / "a.parquet"))
    held = duckdb.sql(f"SELECT count(*) > 20 FROM '{tmp_path / 'a.parquet'}'").fetchall()
    assert held == [(True,)]


def test_a_table_shows_no_control_characters(home: Path) -> None:
    shown = told(home, "SELECT 'a' || chr(27) || '[31m' || chr(8238) AS x")
    assert "\x1b" not in shown
    assert chr(8238) not in shown


def test_what_does_not_fit_beside_each_other_is_told_below_each_other(home: Path) -> None:
    shown = told(home, "FROM latest ORDER BY name, version LIMIT 2").splitlines()
    assert shown[0].startswith("── 1 ──")
    assert [line.split()[1] for line in shown if line.startswith("name ")] == ["late", "other"]


@pytest.mark.parametrize("view", ["verdicts", "findings", "behaviours", "dossiers", "latest", "phases"])
def test_rows_say_which_release_they_are_of_as_the_world_writes_it(desk: Desk, view: str) -> None:
    assert "pkg:npm/thing@1.1" in {row[0] for row in desk.ask(f"SELECT purl FROM {view}").rows}


def test_a_scope_is_written_as_purls_want_it(desk: Desk) -> None:
    assert list(desk.ask("SELECT purl_of('npm', '@scope/name', '1.0+x')").rows) == [
        ("pkg:npm/%40scope/name@1.0%2Bx",)
    ]


def test_what_has_landed_since_is_in_the_answer(tmp_path: Path) -> None:
    Warehouse(tmp_path).add(dossier())
    assert "thing" in told(tmp_path, "SELECT name FROM dossiers")


def test_a_warehouse_that_cannot_be_written_can_be_asked(tmp_path: Path) -> None:
    Warehouse(tmp_path).add(dossier())
    (tmp_path / "warehouse").write_text("in the way")
    done = CliRunner().invoke(app.biopsy, ["query", "--home", str(tmp_path), "SELECT 1 AS one"])
    assert (done.exit_code, "cannot be written" in done.output, "--no-pack" in done.output) == (2, True, True)
    (tmp_path / "warehouse").unlink()
    assert "1" in told(tmp_path, "SELECT 1 AS one", "--no-pack")


def test_a_question_is_saved_and_asked_again(home: Path) -> None:
    told(home, "SELECT count(*) AS found FROM dossiers", "--save", "how-many")
    assert "4" in told(home, "how-many")
    (home / "queries" / "how-many.sql").unlink()


def test_a_bar_is_as_long_as_its_number() -> None:
    drawn = list(charts.bar(["name", "count"], [("a", 10), ("bb", 5), ("c", 0)], 40))
    assert [line.count("█") for line in drawn[1:]] == [32, 16, 0]


def test_a_line_ends_where_it_ends() -> None:
    drawn = list(charts.line(["day", "n"], [("mon", 0), ("tue", 5), ("wed", 10)], 40))
    assert drawn[1].startswith("10 ┤")
    assert drawn[-1].strip().startswith("mon")
    assert drawn[-1].endswith("wed")


@pytest.mark.parametrize("rows", [[], [("a", "b")]])
def test_without_numbers_there_is_no_chart(rows: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError, match="nothing to draw"):
        list(charts.bar(["a", "b"], rows))


def test_an_answer_in_json_lines_is_an_object_a_line() -> None:
    answer = Answer(("a",), ("BIGINT",), iter([(1,), (None,)]))
    assert b"".join(results.json_lines(answer)) == b'{"a":1}\n{"a":null}\n'
