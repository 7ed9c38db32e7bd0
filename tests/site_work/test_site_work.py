"""What else the site offers: SQL within limits, feeds, badges, pictures, rules with their proof, metrics."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from litestar.testing import TestClient
from made_site import HOSTILE, home
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from biopsy.errors import UsageError
from biopsy.warehouse import Warehouse
from biopsy.web.app import Settings, build
from biopsy.web.site.badges import badge
from biopsy.web.site.questions import Busy, Questions

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = home(tmp_path_factory.mktemp("work"))
    Warehouse(made).pack()
    return made


@pytest.fixture(scope="module")
def site(place: Path) -> Iterator[TestClient[Any]]:
    with TestClient(build(place / "reports.db", Settings(place / "reports.db", home=place))) as client:
        yield client


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TABLE dossiers", "one SELECT"),
        ("SELECT 1; SELECT 2", "one SELECT"),
        ("INSERT INTO dossiers SELECT 1", "one SELECT"),
        ("COPY dossiers TO '/tmp/x'", "one SELECT"),
        ("SELECT * FROM read_text('/etc/passwd')", ""),
        ("SELECT * FROM read_csv('/proc/self/environ')", ""),
        ("SELECT * FROM read_parquet('http://127.0.0.1/x')", ""),
        ("SELECT getenv('HOME')", ""),
        ("ATTACH '/tmp/x.db'", "one SELECT"),
        ("SET threads = 64", "one SELECT"),
        ("FROM nothing", "nothing"),
        ("x" * 20_001, ""),
    ],
)
def test_a_question_that_does_more_than_read_is_refused(site: TestClient[Any], sql: str, says: str) -> None:
    answer = site.get("/sql/answer.json", params={"q": sql})
    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert "root:" not in answer.text


def test_a_question_is_answered_in_every_form(site: TestClient[Any], tmp_path: Path) -> None:
    asked = {"q": "SELECT name, count(*) AS n FROM dossiers GROUP BY ALL ORDER BY n DESC, name"}
    found = site.get("/sql/answer.json", params=asked).json()
    assert found["table"]["columns"] == ["name", "n"]
    assert found["table"]["rows"][0] == ["thief", "2"]
    assert found["bars"][0] == {"label": "thief", "value": 2.0, "shown": "2"}
    assert "<script>alert" not in site.get("/sql/answer", params=asked, headers=HTML).text
    answer = site.get("/sql/answer.parquet", params=asked)
    assert answer.headers["content-disposition"] == 'attachment; filename="answer.parquet"'
    assert answer.content[:4] == b"PAR1"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_no_cell_of_a_csv_is_a_formula(site: TestClient[Any], cell: str) -> None:
    answer = site.get("/sql/answer.csv", params={"q": f"SELECT '{cell}' AS a"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[1].lstrip('"')[0] in "'\\"  # shown as it is, or its tab spelled out


def test_a_saved_question_is_asked_by_its_name(site: TestClient[Any]) -> None:
    found = site.get("/sql/answer.json", params={"name": "malicious-lately", "v": "days=36500"}).json()
    assert found["values"] == {"days": "36500"}
    assert found["table"]["rows"]
    assert site.get("/sql/answer.json?name=nothing").status_code == 400
    assert {one["name"] for one in site.get("/sql.json").json()["examples"]} >= {"ssh-keys-and-new-hosts"}


def test_a_reader_asks_one_question_at_a_time(place: Path) -> None:
    questions = Questions(place)
    with questions.turn("192.0.2.1"):
        with pytest.raises(Busy), questions.turn("192.0.2.1"):
            pass
        with questions.turn("192.0.2.2"):
            pass
    with questions.turn("192.0.2.1"):
        pass


def test_a_question_that_takes_too_long_is_stopped(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from biopsy.warehouse.query import Limits
    from biopsy.web.site import questions

    monkeypatch.setattr(questions, "LIMITS", Limits(seconds=0.3, memory="256MB", threads=1, spill="10MB"))
    with pytest.raises(UsageError):
        Questions(place).table("x", "SELECT count(*) FROM range(10000000000) a, range(1000) b", {})


def test_without_a_warehouse_sql_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="biopsy warehouse pack"):
        Questions(tmp_path).table("x", "SELECT 1", {})


@pytest.mark.parametrize("name", ["reports", "verdicts", "reports-npm", "verdicts-npm"])
def test_feeds_are_what_readers_read(site: TestClient[Any], name: str) -> None:
    found = feedparser.parse(site.get(f"/feeds/{name}.atom").content)
    assert not found.bozo
    assert any("thief" in one.title for one in found.entries)
    held = site.get(f"/feeds/{name}.json").json()
    assert held["version"] == "https://jsonfeed.org/version/1.1"
    assert len(held["items"]) == len(found.entries)
    assert all(
        site.get(one["url"].removeprefix("http://testserver.local")).status_code == 200
        for one in held["items"]
    )


@pytest.mark.parametrize("name", ["nothing.atom", "reports.xml", "../x.atom", "verdicts"])
def test_there_is_no_other_feed(site: TestClient[Any], name: str) -> None:
    assert site.get(f"/feeds/{name}").status_code in {400, 404}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("npm/thief.svg", "malicious"),
        ("npm/thief.svg?version=0.9.0", "nothing found"),
        ("npm/thief.svg?version=7", "not analysed"),
        ("npm/@a/b.svg", "not analysed"),
        ("nothing/x.svg", "not analysed"),
    ],
)
def test_a_badge_says_what_is_known(site: TestClient[Any], path: str, says: str) -> None:
    answer = site.get(f"/badge/{path}")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert f"biopsy: {says}" in "".join(ET.fromstring(answer.text).itertext())


def test_a_badge_is_nothing_but_a_badge() -> None:
    made = badge(HOSTILE, "malicious")
    assert {one.tag.partition("}")[2] for one in ET.fromstring(made).iter()} <= {
        "svg", "title", "clipPath", "rect", "g", "text",
    }  # fmt: skip
    assert "\u202e" not in made


@pytest.mark.parametrize(
    "path",
    [
        "package/npm/thief",
        "analysis/20261120-120004-00000004",
        "report/MAL-2026-0003",
        "report/MAL-2026-0002",
    ],
)
def test_a_picture_is_of_the_size_that_others_want(site: TestClient[Any], path: str) -> None:
    picture = Image.open(io.BytesIO(site.get(f"/picture/{path}.png").content))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))


def test_there_is_no_picture_of_nothing(site: TestClient[Any]) -> None:
    assert site.get("/picture/package/npm/nothing.png").status_code == 404
    assert site.get("/picture/else/x.png").status_code == 404


def test_rules_are_shown_with_where_they_fired_and_their_proof(site: TestClient[Any]) -> None:
    rows = {one["id"]: one for one in site.get("/rules.json").json()["rules"]}
    assert rows["exfil/canary-leak"]["fired"] == 3
    assert rows["exfil/canary-leak"]["benign"] == 0
    found = site.get("/rule/exfil/canary-leak.json").json()
    assert found["proof"]
    assert all(one["holds"] for one in found["proof"])
    assert {one["name"] for one in found["lately"]} >= {"thief"}
    assert site.get("/rule/no/such").status_code == 404


def test_the_matrix_has_what_verdicts_rest_on(site: TestClient[Any]) -> None:
    columns = site.get("/attack.json").json()["columns"]
    seen = {cell["id"]: cell["seen"] for column in columns for cell in column["cells"] if cell["seen"]}
    assert seen
    listed = site.get("/analyses.json", params={"technique": next(iter(seen))}).json()
    assert len(listed["analyses"]["rows"]) == next(iter(seen.values()))


def test_operations_without_a_queue_say_so(site: TestClient[Any]) -> None:
    found = site.get("/operations.json").json()
    assert "no queue" in found["no_queue"]
    assert found["waiting"] == []
    assert found["may"] == []


def test_metrics_are_prometheus(site: TestClient[Any]) -> None:
    families = {one.name: one for one in text_string_to_metric_families(site.get("/metrics").text)}
    counted = {s.labels["verdict"]: s.value for s in families["biopsy_site_analyses"].samples}
    assert counted["malicious"] == 3
