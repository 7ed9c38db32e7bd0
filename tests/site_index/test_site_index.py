"""The read model of the site: it follows the warehouse and the reports, whatever happens to them."""

import json
import shutil
import time
from pathlib import Path

import pytest

from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Call, Dossier
from biopsy.reports.claim import Package
from biopsy.reports.database import Act, Database
from biopsy.reports.ledger import withdraw
from biopsy.reports.policy import Policy
from biopsy.warehouse import Warehouse
from biopsy.web.site.index import Index
from biopsy.web.site.index.file import IndexBusy, place, throw_away, writing
from biopsy.web.site.index.following import Follower
from biopsy.web.site.index.process import kept_current
from made_dossiers import analysis, dossier


def report(ecosystem: str, name: str, published: str = "2026-11-20T00:00:00Z") -> bytes:
    """An OSV record of a source."""
    return json.dumps({
        "id": "", "modified": published, "published": published, "schema_version": "1.7.0",
        "summary": f"Malicious code in {name}", "details": "It sends tokens.",
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "versions": ["1.0"]}],
    }).encode()  # fmt: skip


def follow(home: Path, times: int = 1) -> int:
    """Bring the index of a home up to date."""
    follower = Follower(home, home / "reports.db")
    with writing(home) as db:
        return sum(follower.step(db) for _ in range(times))


def keep(
    home: Path, made: Dossier, call: Call, at: str = "2026-11-20T12:30:00Z", published: str = ""
) -> None:
    """Land a dossier and its judgement."""
    warehouse = Warehouse(home)
    warehouse.add(made)
    warehouse.judged(analysis(made, call), at, published=published)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make what `filled` copies."""
    home = tmp_path_factory.mktemp("filled")
    keep(home, dossier(1), Call.MALICIOUS, published="2026-11-20T12:00:00Z")
    keep(home, dossier(2, name="other", ecosystem="npm"), Call.BENIGN)
    keep(home, dossier(3, version="2.0", day="2026-11-21"), Call.SUSPICIOUS)
    Warehouse(home).pack()
    keep(home, dossier(4, name="late", day="2026-11-22"), Call.MALICIOUS)
    follow(home)
    return home


@pytest.fixture
def filled(tmp_path: Path, made_once: Path) -> Path:
    """A home with three packed analyses and one that landed."""
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_without_an_index_there_is_nothing_and_no_error(tmp_path: Path) -> None:
    index = Index(tmp_path)
    assert not index.fresh().made
    assert index.analyses().rows == ()
    assert index.find_names("x") == ()
    assert index.counts().analyses == 0
    assert index.days("verdict").lines == ()


def test_lists_are_newest_first_and_go_on_where_they_ended(filled: Path) -> None:
    index = Index(filled)
    first = index.analyses(limit=3)
    assert [one.name for one in first.rows] == ["late", "thing", "thing"]
    rest = index.analyses(limit=3, cursor=first.cursor)
    assert len(rest.rows) == 1
    assert not rest.cursor
    assert len({one.run_id for one in (*first.rows, *rest.rows)}) == 4


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ({"call": "malicious"}, {"4", "1"}),
        ({"ecosystem": "npm"}, {"2"}),
        ({"ecosystem": "pypi", "call": "malicious"}, {"4", "1"}),
        ({"since": "2026-11-21"}, {"3", "4"}),
        ({"since": "2026-11-20", "until": "2026-11-20"}, {"1", "2"}),
        ({"rule": "exfil/npm-token"}, {"1", "3", "4"}),
        ({"rule": "exfil/npm-token", "call": "suspicious", "ecosystem": "pypi"}, {"3"}),
        ({"technique": "T1041", "until": "2026-11-20"}, {"1"}),
        ({"category": "exfil", "rule": "exfil/npm-token", "since": "2026-11-22"}, {"4"}),
        ({"trigger": "install"}, {"1", "3", "4"}),
        ({"ecosystem": "pypi", "name": "Thing"}, {"1", "3"}),
        ({"ecosystem": "pypi", "name": "thing", "version": "2.0"}, {"3"}),
        ({"host": "collect.example", "ecosystem": "npm"}, {"2"}),
        ({"host": "nowhere.example"}, set()),
        ({"sha256": f"{2:064x}"}, {"2"}),
        ({"sha256": "ab" * 32, "call": "benign"}, {"2"}),
        ({"ecosystem": "nothing"}, set()),
        ({"call": "nonsense"}, set()),
        ({"call": "accused"}, {"1", "3", "4"}),
        ({"call": "accused", "rule": "exfil/npm-token", "ecosystem": "pypi"}, {"1", "3", "4"}),
    ],
)
def test_a_list_has_what_all_wishes_fit(filled: Path, asked: dict[str, str], runs: set[str]) -> None:
    found = Index(filled).analyses(**asked).rows  # type: ignore[arg-type]
    assert {one.run_id[-1] for one in found} == runs


def test_an_analysis_says_what_lists_show(filled: Path) -> None:
    one = Index(filled).analysis("20261120-120000-00000001")
    assert one is not None
    assert (one.call, one.ecosystem, one.name, one.version) == ("malicious", "pypi", "thing", "1.0")
    assert one.techniques == ("T1552.001", "T1041")
    assert one.rules == ("exfil/npm-token",)
    assert one.hosts == ("collect.example", "docs.example")
    assert one.kinds["net.dns"] == 1
    assert (one.filename, one.seconds) == ("thing-1.0.tar.gz", 1800.0)


def test_what_landed_and_what_was_packed_are_outlined_alike(filled: Path) -> None:
    before = Index(filled).analysis("20261122-120000-00000004")
    Warehouse(filled).pack()
    throw_away(filled)
    follow(filled)
    assert Index(filled).analysis("20261122-120000-00000004") == before


def test_charts_count_by_day_and_the_last_judgement_holds(filled: Path) -> None:
    index = Index(filled)
    chart = index.days("verdict", 3)
    assert chart.days == ("2026-11-20", "2026-11-21", "2026-11-22")
    assert {line.value: line.by_day for line in chart.lines} == {
        "malicious": (1, 0, 1), "benign": (1, 0, 0), "suspicious": (0, 1, 0),
    }  # fmt: skip
    Warehouse(filled).judged(analysis(dossier(1), Call.BENIGN), "2026-11-22T10:00:00Z")
    follow(filled)
    Warehouse(filled).judged(
        analysis(dossier(1), Call.UNKNOWN), "2026-11-21T10:00:00Z"
    )  # older: it never holds
    follow(filled)
    assert index.days("verdict", 3, ecosystem="pypi", call="malicious").lines[0].by_day == (0, 0, 1)
    assert [line.by_day for line in index.days("technique", 3, ecosystem="pypi").lines] == [(0, 1, 1)] * 2
    assert index.analysis("20261120-120000-00000001").call == "benign"  # type: ignore[union-attr]
    found = index.package("PyPI", "thing")
    assert found is not None
    assert (found.analyses, found.version, found.call) == (2, "2.0", "suspicious")


def test_times_are_from_publication_to_the_first_verdict(filled: Path) -> None:
    assert [(one.n, one.p50) for one in Index(filled).times(3)] == [(1, 1800.0), (0, None), (0, None)]


def test_reading_again_changes_nothing(filled: Path) -> None:
    index = Index(filled)
    before, counts = index.state, index.totals("rule")
    assert follow(filled, 3) == 0
    assert (index.state, index.totals("rule")) == (before, counts)
    Warehouse(filled).pack()
    follow(filled, 3)
    assert index.totals("rule") == counts
    assert index.counts().analyses == 4


def test_a_dossier_that_is_gone_goes(filled: Path) -> None:
    shutil.rmtree(filled / "dossiers")
    follow(filled, 2)
    index = Index(filled)
    assert index.analysis("20261122-120000-00000004") is None
    assert index.counts().calls == {"malicious": 1, "benign": 1, "suspicious": 1}
    shutil.rmtree(filled / "warehouse")
    follow(filled)
    assert index.counts().analyses == 0
    assert index.analyses(host="collect.example").rows == ()


def test_a_pack_that_was_read_halfway_is_read_again(filled: Path) -> None:
    with writing(filled) as db:
        db.execute("UPDATE packs SET pack = '?' || pack")
    follow(filled)
    assert Index(filled).counts().analyses == 4


def test_names_are_found_whole_then_from_their_beginning_then_inside(tmp_path: Path) -> None:
    for number, name in enumerate(("lib", "library", "my-lib", "glib2", "other"), start=1):
        keep(tmp_path, dossier(number, name=name), Call.BENIGN)
    follow(tmp_path)
    index = Index(tmp_path)
    assert [one.name for one in index.find_names("LIB")][:2] == ["lib", "library"]
    assert {one.name for one in index.find_names("lib")} == {"lib", "library", "my-lib", "glib2"}
    assert [one.name for one in index.find_names("li", ecosystem="pypi")] == ["lib", "library"]


@pytest.mark.parametrize(
    "word", ["", '"', 'a"b OR c*', "%", "\x00", "\ud800", "x" * 5000, "' OR 1=1 --", "\u202e"]
)
def test_no_word_breaks_a_search(filled: Path, word: str) -> None:
    index = Index(filled)
    index.find_names(word)
    index.find_hosts(word)
    assert index.find_hash(word).rows == () or not word
    assert index.analyses(name=word, ecosystem="pypi", host=word).rows == () or not word


def test_hosts_are_found_by_their_domain(filled: Path) -> None:
    made = dossier(9, name="deep", facts=("net.dns a.b.collect.example @ laptop/install#5",))
    keep(filled, made, Call.BENIGN)
    follow(filled)
    found = Index(filled).find_hosts("collect.example")
    assert [(one.host, one.analyses) for one in found] == [("collect.example", 4), ("a.b.collect.example", 1)]


def test_a_hostile_name_is_kept_escaped(tmp_path: Path) -> None:
    made = dossier(1, name="evil\x1b[31m\u202e", facts=(str(Behaviour.parse("pkg.hook x @ y")),))
    keep(tmp_path, made, Call.BENIGN)
    follow(tmp_path)
    (one,) = Index(tmp_path).analyses().rows
    assert one.name == "evil\\x1b[31m\\u202e"
    assert Index(tmp_path).analyses(ecosystem="pypi", name="evil\x1b[31m\u202e").rows == (one,)


def test_reports_come_change_and_go(filled: Path) -> None:
    database = Database(filled / "reports.db", create=True)
    sent = [("a", report("PyPI", "Thing")), ("b", report("npm", "bad", published="2026-11-19T00:00:00Z"))]
    database.take("alpha", sent, "2026-11-21T00:00:00Z", Policy("publish", ids=True))
    follow(filled)
    index = Index(filled)
    assert {(one.name, one.osv, one.sources) for one in index.reports().rows} == {
        ("thing", "PyPI", ("alpha",)), ("bad", "npm", ("alpha",)),
    }  # fmt: skip
    assert len(index.reports(source="alpha", ecosystem="npm", until="2026-11-21").rows) == 1
    assert index.package("pypi", "thing").state == "published"  # type: ignore[union-attr]
    found = [(database.number(Package("npm", "bad")), Package("npm", "bad"))]
    withdraw(database, found, Act("2026-11-22T00:00:00Z", "somebody", "false-positive"))
    follow(filled)
    assert [one.name for one in index.reports(state="withdrawn").rows] == ["bad"]
    assert {one.value: one.n for one in index.totals("report")} == {"published": 1, "withdrawn": 1}
    database.close()
    (filled / "reports.db").unlink()
    Database(filled / "reports.db", create=True).close()
    follow(filled)
    assert index.reports().rows == ()
    assert index.totals("source") == ()


def test_one_process_writes_and_others_are_told(tmp_path: Path) -> None:
    with writing(tmp_path), pytest.raises(IndexBusy), writing(tmp_path):
        pass


def test_an_index_of_another_form_or_damaged_is_made_anew(filled: Path) -> None:
    index = Index(filled)
    with writing(filled) as db:
        db.execute("PRAGMA user_version=99")
    follow(filled)
    assert index.counts().analyses == 4
    for name in ("index.db-wal", "index.db-shm"):
        (place(filled).parent / name).unlink(missing_ok=True)
    place(filled).write_bytes(b"not a database" * 1000)
    follow(filled)
    assert Index(filled).counts().analyses == 4


def test_what_is_asked_twice_is_json(filled: Path) -> None:
    import msgspec

    assert json.loads(msgspec.json.encode(Index(filled).analyses()))["rows"]


def test_another_process_keeps_the_index_current(tmp_path: Path) -> None:
    keep(tmp_path, dossier(1), Call.MALICIOUS)
    index = Index(tmp_path)
    with kept_current(tmp_path, tmp_path / "reports.db"):
        deadline = time.monotonic() + 20
        while index.counts().calls != {"malicious": 1} and time.monotonic() < deadline:
            time.sleep(0.05)
    assert index.counts().calls == {"malicious": 1}
    with writing(tmp_path):
        pass  # it let go of the index
