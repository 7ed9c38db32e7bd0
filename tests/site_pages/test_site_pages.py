"""Every page in both forms: what it shows, to whom, and that hostile words are inert in it."""

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from made_site import HOSTILE, client, home

RUN, BEFORE, HOSTILE_RUN = "20261120-120002-00000002", "20261120-120001-00000001", "20261120-120004-00000004"
PAGES = (
    "/", "/?days=7&ecosystem=npm", "/analyses", "/analyses?verdict=malicious&since=2026-11-20&until=2026-11-20",
    "/analyses?host=collect.example", "/reports", "/reports?state=withdrawn", "/search", "/search?q=thief",
    "/search?q=collect.example", f"/search?q={'c' * 64}", "/search?q=%3Cscript%3E", "/package/npm/thief",
    "/package/npm/thief?version=1.0.0", "/package?ecosystem=npm&name=odd.json", "/package/pypi/Evil_Thing",
    f"/analysis/{RUN}", f"/analysis/{HOSTILE_RUN}", "/compare", f"/compare?before={BEFORE}&after={RUN}",
    f"/compare/profiles?run={RUN}", "/report/MAL-2026-0001", "/report/MAL-2026-0002", "/report/MAL-2026-0003",
    "/report/MAL-2026-0004", "/analysis/20261120-120005-00000005", "/package/npm/long",
)  # fmt: skip
LOOKS = {"accept": "text/html,*/*;q=0.8"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    with client(home(tmp_path_factory.mktemp("site"))) as made:
        yield made


class Read(HTMLParser):
    """What a browser would do with a page: scripts, styles, handlers, links."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.bad: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "script":
            self.scripts.append(held.get("src") or "inline")
        if tag in {"style", "iframe", "object", "embed", "base"}:
            self.bad.append(tag)
        self.bad += [f"{tag} {name}" for name in held if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "hx-get"):
            if value := held.get(name):
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(body: str) -> Read:
    made = Read()
    made.feed(body)
    return made


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_inert_and_loads_only_from_here(site: TestClient[Any], path: str) -> None:
    answer = site.get(path, headers=LOOKS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "Accept" in answer.headers["vary"]
    assert len(answer.content) < 400_000
    page = read(answer.text)
    assert all(one.startswith("/assets/") for one in page.scripts)
    assert not page.bad
    assert not [one for one in page.links if one.lower().startswith(("javascript:", "data:", "//"))]
    assert "<script>alert" not in answer.text
    assert "\u202e" not in answer.text
    assert "\x1b" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_json_at_the_same_address(site: TestClient[Any], path: str) -> None:
    asked = site.get(path, headers={"accept": "application/json"})
    assert (asked.status_code, asked.headers["content-type"]) == (200, "application/json")
    bare, mark, query = path.partition("?")
    ended = site.get(f"{'/index' if bare == '/' else bare}.json{mark}{query}", headers=LOOKS)
    assert ended.headers["content-type"] == "application/json"
    quick = re.compile(rb'"seconds":[0-9.e-]+')  # how long judging took differs from time to time
    assert quick.sub(b"", ended.content) == quick.sub(b"", asked.content)
    assert isinstance(json.loads(asked.content), dict)


def test_browsers_and_curl_get_pages_and_programs_that_ask_get_json(site: TestClient[Any]) -> None:
    kinds = {
        accept: site.get("/reports", headers={"accept": accept}).headers["content-type"].partition(";")[0]
        for accept in (
            "*/*",
            "text/html",
            "application/json",
            "application/json;q=0.5, text/html",
            "nonsense;q=x",
        )
    }
    assert kinds == {
        "*/*": "text/html", "text/html": "text/html", "application/json": "application/json",
        "application/json;q=0.5, text/html": "text/html", "nonsense;q=x": "text/html",
    }  # fmt: skip


def test_what_is_not_there_is_a_page_for_people_and_data_for_programs(site: TestClient[Any]) -> None:
    for path in ("/package/npm/nothing", "/analysis/20261120-120000-ffffffff", "/report/MAL-1", "/nowhere"):
        page = site.get(path, headers=LOOKS)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        plain = site.get(path, headers={"accept": "application/json"})
        assert (plain.status_code, plain.json()["code"]) == (404, 5)


@pytest.mark.parametrize(
    "path",
    ["/analyses?since=2026-99-99", "/analyses?cursor=%00", "/reports?state=x", "/?days=0", "/compare?before=../..",
     f"/analyses?name={'x' * 400}", f"/compare/profiles?run={RUN}&one=nobody", "/reports?cursor=x_y"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(site: TestClient[Any], path: str) -> None:
    assert site.get(path, headers=LOOKS).status_code == 400


@pytest.mark.parametrize(
    ("words", "to"),
    [("pkg:npm/thief@1.0.0", "/package/npm/thief?version=1.0.0"), (RUN, f"/analysis/{RUN}"),
     ("MAL-2026-0001", "/report/MAL-2026-0001"), ("GHSA-0001", "/report/MAL-2026-0001"),
     ("pkg:npm/odd.json", "/package?ecosystem=npm&name=odd.json")],
)  # fmt: skip
def test_a_search_for_one_thing_leads_to_it(site: TestClient[Any], words: str, to: str) -> None:
    answer = site.get("/search", params={"q": words}, headers=LOOKS, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, to)
    assert site.get(to, headers=LOOKS).status_code == 200


def test_a_search_finds_names_hosts_and_hashes(site: TestClient[Any]) -> None:
    def found(words: str) -> Any:
        return site.get("/search.json", params={"q": words}).json()

    assert [one["name"] for one in found("thie")["names"]] == ["thief"]
    assert found("https://collect[.]example/x")["hosts"][0]["host"] == "collect.example"
    assert {one["id"] for one in found("collect.example")["reports"]} >= {"MAL-2026-0001"}
    assert found("c" * 64)["reports"]
    assert found(f"{2:064x}")["analyses"]["rows"][0]["name"] == "thief"
    assert [one["name"] for one in found("npm:theif")["alike"]] == ["thief"]


def test_a_pasted_lock_file_is_judged_and_not_kept(site: TestClient[Any], tmp_path: Path) -> None:
    lock = {
        "name": "x", "lockfileVersion": 3,
        "packages": {
            "": {}, "node_modules/thief": {"version": "1.0.0"}, "node_modules/left-pad": {"version": "1.3.0"},
        },
    }  # fmt: skip
    page = site.post("/search/pasted", data={"q": json.dumps(lock)}, headers=LOOKS)
    assert "1 package of it is malicious" in page.text
    plain = site.post("/search/pasted.json", content="evil==1.0\nrequests==2.0\n").json()
    assert plain["checkup"]["counts"] == {"malicious": 0, "possible": 0, "unchecked": 0, "unreported": 2}
    assert "none of the forms" in site.post("/search/pasted", data={"q": "a b\nc"}, headers=LOOKS).text
    away = site.post("/search/pasted", data={"q": " thief "}, headers=LOOKS, follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/search?q=thief")
    assert site.post("/search/pasted", content=b"x" * 7_000_000).status_code == 413


def test_a_package_page_tells_versions_apart(site: TestClient[Any]) -> None:
    told = site.get("/package/npm/thief.json").json()
    newest, before = told["versions"]
    assert newest["before"] == before["seen"]["version"] == "0.9.0"
    assert "exfil/canary-leak" in newest["new_rules"]
    assert "canary.leak" in newest["new_kinds"]
    assert told["advice"]["drop"] == "npm uninstall thief"
    assert site.get("/package/npm/thief.json?version=1.0.0").json()["verdict"] == "malicious"
    assert site.get("/package/npm/thief.json?version=0.9.0").json()["verdict"] == "unreported"


def test_a_name_that_ends_like_json_has_a_page_of_its_own(site: TestClient[Any]) -> None:
    listed = site.get("/search?q=odd", headers=LOOKS).text
    assert "/package?ecosystem=npm&amp;name=odd.json" in listed
    assert site.get("/package/npm/odd.json/", headers=LOOKS).headers["content-type"].startswith("text/html")
    assert site.get("/package/npm/odd.json.json").json()["name"] == "odd.json"


def test_an_analysis_shows_evidence_and_gives_it_raw(site: TestClient[Any]) -> None:
    page = site.get(f"/analysis/{RUN}", headers=LOOKS).text
    for word in ("Profiles side by side", "Peeled", "print(", "The same rules match", "collect.example"):
        assert word in page
    told = site.get(f"/analysis/{RUN}.json").json()
    assert told["replayed"]["then"] == told["replayed"]["call"] == told["analysis"]["verdict"] == "malicious"
    assert [one["profile"] for one in told["machines"]] == ["laptop", "ci"]
    assert told["report"] == "MAL-2026-0001"
    raw = site.get(f"/analysis/{RUN}/dossier.json")
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.json()["run_id"] == RUN
    lines = [json.loads(line) for line in site.get(f"/analysis/{HOSTILE_RUN}/trace.jsonl").text.splitlines()]
    assert {one["event"] for one in lines} == {"behaviour", "process", "exchange", "evaluated", "change"}
    for form in told["forms"]:
        given = site.get(f"/analysis/{HOSTILE_RUN}/as/{form}")
        assert given.status_code == 200
        assert given.headers["content-disposition"].startswith("attachment")
        assert not given.headers["content-type"].startswith("text/html")
    assert site.get(f"/analysis/{RUN}/as/nothing").status_code == 404


def test_a_comparison_says_what_is_new_on_a_version_and_on_a_machine(site: TestClient[Any]) -> None:
    told = site.get(f"/compare.json?before={BEFORE}&after={RUN}").json()["comparison"]
    assert "exfil/canary-leak" in told["worrying"]
    backwards = site.get(f"/compare/profiles.json?run={RUN}&one=ci&other=laptop").json()["comparison"]
    assert "exfil/canary-leak" in [one["rule"] for one in backwards["findings_new"]]
    assert not backwards["comparison"]["untold"]
    (file,) = site.get(f"/compare/profiles.json?run={RUN}&one=ci&other=laptop").json()["files"]
    assert file["path"] == "/home/ada/.bashrc"
    assert [sign for sign, _ in file["lines"]] == ["@", "", "+"]
    same = site.get(f"/compare/profiles.json?run={RUN}&one=ci&other=ci").json()["comparison"]
    assert not same["findings_new"]


def test_a_report_is_for_people_first(site: TestClient[Any]) -> None:
    page = site.get("/report/MAL-2026-0001", headers=LOOKS).text
    assert "<strong>steals</strong>" in page
    assert "hxxp" not in page.partition("Indicators")[0]
    assert "collect[.]example" in page
    assert "Withdrawn" in site.get("/report/MAL-2026-0002", headers=LOOKS).text
    told = site.get("/report/MAL-2026-0001.json").json()
    assert told["record"]["id"] == "MAL-2026-0001"
    assert [one["action"] for one in told["history"]]


def test_assets_never_change_under_their_address(site: TestClient[Any]) -> None:
    page = read(site.get("/", headers=LOOKS).text)
    found = [one for one in page.links if one.startswith("/assets/")] + page.scripts
    assert any("htmx" in one for one in found)
    for one in set(found):
        answer = site.get(one)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert site.get("/assets/htmx.min.0000000000000000.js").status_code == 404
    assert site.get("/assets/..%2Flooks.py").status_code == 404


def test_pages_are_in_the_openapi_document(site: TestClient[Any]) -> None:
    document = site.get("/openapi.json").json()
    held = document["paths"]["/package/{ecosystem}/{name}"]["get"]
    assert "PackagePage" in json.dumps(held["responses"]["200"])
    assert "/search" in document["paths"]
    assert site.get("/docs").status_code == 200


def test_the_same_page_is_written_once_until_something_changes(site: TestClient[Any]) -> None:
    first = site.get("/reports", headers=LOOKS)
    again = site.get("/reports", headers={**LOOKS, "if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert site.head("/reports", headers=LOOKS).status_code == 200


def test_hostile_names_are_spelled_out(site: TestClient[Any]) -> None:
    page = site.get(f"/analysis/{HOSTILE_RUN}", headers=LOOKS).text
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u202e" in page
    assert HOSTILE not in page


def test_every_number_of_a_chart_is_that_of_the_list_behind_it(site: TestClient[Any]) -> None:
    body = site.get("/?days=7", headers=LOOKS).text
    keys = re.findall(r'<a href="(/(?:analyses|reports)\?[^"]*)" class="key[^>]*>.*?<b>(\d+)</b>', body)
    assert len(keys) > 5
    for link, number in keys:
        held = site.get(html.unescape(link) + "&limit=500", headers={"accept": "application/json"}).json()
        rows = (held.get("analyses") or held["reports"])["rows"]
        assert (link, len(rows)) == (link, int(number))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("THIEF", "thief"),
        ("mal-2026-0001", "MAL-2026-0001"),
        ("0000000000000002", "thief"),
        ("npm i thief@1.0.0", "thief"),
    ],
)
def test_words_are_found_in_other_spellings(site: TestClient[Any], words: str, found: str) -> None:
    assert found in site.get("/search.json", params={"q": words}).text


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("pkg:npm/thief@1.0.0\nnpm i left-pad\n", "list of packages"),
        ("left-pad>=1\nthief  # wanted\n", "requirements.txt"),
        (
            '{"_meta":{"hash":{"sha256":"a"},"pipfile-spec":6},"default":{"x":{"version":"==1"}}}',
            "Pipfile.lock",
        ),
        ("<project><dependencies></dependencies></project>", "pom.xml"),
        ('{"name": "x", "dependencies": {"thief": "^1"}}', "package-lock.json"),
        ("#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02", "--save-text-lockfile"),
        ("[" * 100_000, "none of the forms"),
        ("a" * 64 + "\n" + "b" * 64, "none of the forms"),
    ],
)
def test_what_is_pasted_is_read_or_it_is_said_why_not(site: TestClient[Any], pasted: str, said: str) -> None:
    answer = site.post("/search/pasted", content=pasted, headers={"content-type": "text/plain"} | LOOKS)
    assert answer.status_code == 200
    assert said in html.unescape(answer.text)


def test_a_pasted_lock_file_is_held_against_the_analyses_too(site: TestClient[Any]) -> None:
    sent = "pkg:npm/thief@1.0.0\npkg:npm/thief@0.9.0\n"
    answer = site.post("/search/pasted.json", content=sent, headers={"content-type": "text/plain"})
    rows = answer.json()["analyses"]["rows"]
    assert [(one["version"], one["call"]) for one in rows] == [("1.0.0", "malicious")]
