"""Pages of analyses: the first of everything and a way to the whole, kept on disk within a bound."""

import asyncio
import os
import re
import time
import zlib
from pathlib import Path

import pytest
from made_site import STEALS, client, dossier, home

from biopsy import detect
from biopsy.model.dossier import Analysis
from biopsy.warehouse import Warehouse
from biopsy.web.app import SETTINGS, Settings, build, hand_over
from biopsy.web.site.ahead import pages, written, written_ahead
from biopsy.web.site.index.file import writing
from biopsy.web.site.index.following import Follower
from biopsy.web.site.index.reading import Index
from biopsy.web.site.shelf import MAX_PAGE, Shelf, named
from thorough import WHOLE

RUN, LATER, LARGE = (
    "20261120-120002-00000002", "20261120-120001-00000001", "20261120-120009-00000009",
)  # fmt: skip
MANY = 2_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an analysis of many behaviours, packed, beside small ones that landed."""
    found = home(tmp_path_factory.mktemp("shelf"))
    facts = (*STEALS, *(f"net.dns h{n}.example @ laptop/install#{n + 10}" for n in range(MANY)))
    large, rules = dossier(9, "thief", "2.0.0", facts), detect.ready(None)
    Warehouse(found).add(large)
    findings = detect.match(rules, large, None)
    Warehouse(found).judged(Analysis(large, findings, detect.decide(findings, large)), large.created)
    Warehouse(found).pack()
    with writing(found) as db:
        follower = Follower(found, found / "reports.db")
        while follower.step(db):
            pass
    return found


def rows(page: str) -> int:
    return len(re.findall(r'id="a1-b\d+"', page))


def test_a_large_page_has_the_first_of_everything_and_links_to_the_whole(place: Path) -> None:
    with client(place) as site:
        first, whole = (site.get(f"/analysis/{LARGE}{more}").text for more in ("", "?whole=1"))
        assert f'href="/analysis/{LARGE}?whole=1"' in first
        assert f'href="/analysis/{LARGE}?whole=1"' not in whole
        assert rows(first) == 120
        assert rows(whole) == 1500
        assert len(site.get(f"/analysis/{LARGE}.json").json()["analysis"]["behaviours"]) == MANY + len(STEALS)


def test_the_other_parameters_of_a_page_stay_in_the_link_to_the_whole(place: Path) -> None:
    with client(place) as site:
        asked = f"/compare?before={RUN}&after={LARGE}"
        page = site.get(asked).text
        assert f'href="{asked.replace("&", "&amp;")}&amp;whole=1"' in page
        assert len(site.get(f"{asked}&whole=1").text) > len(page)


@pytest.mark.parametrize("path", [f"/analysis/{RUN}", f"/compare?before={LATER}&after={RUN}"])
def test_a_page_that_was_written_once_is_read_by_the_next_process(
    place: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(place) as one:
        before = one.get(path).text

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was judged again")

    with client(place) as other:
        monkeypatch.setattr("biopsy.web.site.judging.judge", never)
        assert other.get(path).text == before


def test_what_the_index_learns_of_the_package_has_its_page_written_anew(tmp_path: Path) -> None:
    found = home(tmp_path)
    with client(found) as site:
        assert "Compare with 3.0.0" not in site.get(f"/analysis/{RUN}").text
        Warehouse(found).add(dossier(30, "thief", "3.0.0", STEALS))
        with writing(found) as db:
            Follower(found, found / "reports.db").step(db)
        assert "Compare with 3.0.0" in site.get(f"/analysis/{RUN}").text


def test_an_id_that_the_index_does_not_know_is_looked_for_still(tmp_path: Path) -> None:
    found = home(tmp_path)
    Warehouse(found).add(dossier(31, "newest", "1.0", STEALS))
    with client(found) as site:
        assert site.get("/analysis/20261120-120031-0000001f").status_code == 200
        assert site.get("/analysis/20261120-120032-ffffffff").status_code == 404


def test_the_shelf_gives_what_it_was_given_and_stays_within_its_bound(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, limit=64_000)
    pages = {named("page", n): os.urandom(3_000) for n in range(60)}
    for name, page in pages.items():
        shelf.keep(name, page)
        assert shelf.get(name) == page
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.z")) < 72_000
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(
    "held", [b"", b"no zlib", zlib.compress(b"x" * (MAX_PAGE + 9)), zlib.compress(b"cut")[:-3]]
)
def test_a_damaged_or_overlarge_file_on_the_shelf_is_no_page(tmp_path: Path, held: bytes) -> None:
    shelf, name = Shelf(tmp_path), named("page")
    shelf.keep(name, b"page")
    next(tmp_path.rglob("*.z")).write_bytes(held)
    assert shelf.get(name) is None


def test_a_shelf_that_cannot_be_written_keeps_nothing_and_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file")
    shelf.keep(named("page"), b"page")
    assert shelf.get(named("page")) is None


def test_pages_that_depend_on_other_things_have_other_names() -> None:
    assert len({named("a", "b"), named("ab"), named("a", ("b",)), named("a", "b", True)}) == 4


def test_pages_of_what_is_new_are_written_before_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = home(tmp_path)
    wanted = list(pages(Index(found)))
    assert f"/analysis/{RUN}" in wanted
    assert f"/compare?before={LATER}&after={RUN}" in wanted
    database = found / "reports.db"
    assert asyncio.run(written(build(database, Settings(database, home=found)), wanted)) == []

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was judged, though its page is there")

    monkeypatch.setattr("biopsy.web.site.judging.judge", never)
    with client(found) as site:
        assert {site.get(one).status_code for one in wanted} == {200}


@pytest.mark.skipif(
    not WHOLE, reason="make test-whole"
)  # another interpreter is started, and gives way to all else
def test_another_process_writes_pages_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = home(tmp_path)
    monkeypatch.setenv(SETTINGS, "")  # so that it is taken back afterwards
    hand_over(Settings(found / "reports.db", home=found))
    kept, deadline = found / "cache" / "pages", time.monotonic() + 120
    with written_ahead(delay=0.0):
        while len(list(kept.glob("*/*.z"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
    assert len(list(kept.glob("*/*.z"))) >= 2
