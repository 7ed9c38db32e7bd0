"""What the guard shows of registries: blocked releases are gone, who asks for one exactly is told why."""

import json
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from tests.guard_proxy.conftest import BAD_NPM, BAD_PYPI, Running
from tests.registry.server import StandIn

from biopsy.guard import simple
from biopsy.model.release import Endpoint

Start = Callable[..., Running]
OFF = "minimum-age: 0\n"


def test_a_blocked_release_is_in_no_listing_of_an_index(guarded: Running) -> None:
    files = guarded.files("bad-py")
    assert {name for name in files if "-1.1" in name} == set()
    assert {"bad_py-1.0-py3-none-any.whl", "bad_py-1.2-py3-none-any.whl"} <= set(files)
    answer = guarded.get("/pypi/simple/bad-py/", accept="application/vnd.pypi.simple.v1+json")
    assert answer.json()["versions"] == ["1.0", "1.2"]
    assert "-1.1" not in guarded.get("/pypi/simple/bad-py/", accept="text/html").text


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+json"),
        ("application/vnd.pypi.simple.latest+json", "application/vnd.pypi.simple.v1+json"),
        ("application/vnd.pypi.simple.v1+html;q=0.9, text/html;q=0.1", "application/vnd.pypi.simple.v1+html"),
        ("text/html;q=0.1, application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+json"),
    ],
)
def test_the_form_is_the_one_that_is_asked_for(guarded: Running, accept: str, type_: str) -> None:
    answer = guarded.get("/pypi/simple/bad-py/", accept=accept)
    assert answer.headers["content-type"] == type_
    assert "accept" in answer.headers["vary"]


def test_files_come_through_the_guard_with_their_hashes(guarded: Running, registries: StandIn) -> None:
    page = guarded.get("/pypi/simple/bad-py/", accept="text/html")
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            links.extend(value or "" for name, value in attrs if name == "href" and tag == "a")

    Links().feed(page.text)
    url, _, fragment = urljoin(str(page.url), links[0]).partition("#")
    assert url.startswith(f"{guarded.url}/pypi/files/bad-py/")
    import hashlib

    answer = guarded.http.get(url)
    assert f"sha256={hashlib.sha256(answer.content).hexdigest()}" == fragment
    before = registries.count("/packages/")
    assert guarded.http.get(url).content == answer.content
    assert registries.count("/packages/") == before  # kept by its hash
    assert guarded.http.get(url, headers={"range": "bytes=0-9"}).content == answer.content[:10]
    assert guarded.http.get(url, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert guarded.http.head(url).headers["content-length"] == str(len(answer.content))


def test_asking_for_a_blocked_file_says_why_and_where_to_read_more(guarded: Running) -> None:
    answer = guarded.get("/pypi/files/bad-py/bad_py-1.1-py3-none-any.whl")
    assert answer.status_code == 403
    assert BAD_PYPI in answer.json()["detail"]
    assert f"https://reports.example/{BAD_PYPI}" in answer.json()["detail"]
    assert answer.headers["cache-control"] == "no-store"


def test_pip_is_told_why_in_the_condition_that_it_prints(guarded: Running) -> None:
    from packaging.specifiers import SpecifierSet

    said = guarded.files("bad-py", "pip/26.3 {}")["bad_py-1.1-py3-none-any.whl"]["requires-python"]
    assert BAD_PYPI in said
    assert not SpecifierSet(said).contains("3.13.0")


def test_uv_is_told_why_by_a_withdrawn_file(guarded: Running) -> None:
    assert BAD_PYPI in guarded.files("bad-py", "uv/0.13.9")["bad_py-1.1-py3-none-any.whl"]["yanked"]


def test_a_blocked_release_is_in_no_document_of_npm_and_tags_move(guarded: Running) -> None:
    held = guarded.packument("bad-js")
    assert set(held["versions"]) == {"1.0.0", "1.2.0-rc.1"}  # 1.1.0 is bad, 1.3.0 an hour old
    assert held["dist-tags"] == {"latest": "1.0.0"}
    assert "1.1.0" not in held["time"]


def test_a_short_document_is_short(guarded: Running) -> None:
    held = guarded.packument("with-script", accept="application/vnd.npm.install-v1+json; q=1.0, */*")
    assert "time" not in held
    assert held["versions"]["1.0.0"]["hasInstallScript"] is True
    assert "scripts" not in held["versions"]["1.0.0"]


def test_npm_is_told_why_as_a_matter_of_policy(guarded: Running) -> None:
    said = guarded.packument("bad-js", "npm/11.19.1 node/v20")["policyRestrictions"]
    assert set(said["versions"]) == {"1.1.0", "1.3.0"}
    assert BAD_NPM in said["message"]


@pytest.mark.parametrize(
    "agent", ["pnpm/10.34.9", "got (https://github.com/sindresorhus/got)", "yarn/4.18.1"]
)
def test_pnpm_and_yarn_are_told_why_where_nothing_else_fits(guarded: Running, agent: str) -> None:
    entry = guarded.packument("bad-js", agent)["versions"]["1.1.0"]
    assert BAD_NPM in entry["deprecated"]
    answer = guarded.http.get(entry["dist"]["tarball"])
    assert answer.status_code == 403
    assert BAD_NPM in answer.json()["error"]


def test_the_first_yarn_never_sees_what_it_would_take(guarded: Running) -> None:
    assert "1.1.0" not in guarded.packument("bad-js", "yarn/1.22.22 npm/? node/v20")["versions"]


@pytest.mark.parametrize(
    "path", ["/npm/bad-js/-/bad-js-1.1.0.tgz", "/bad-js/-/bad-js-1.1.0.tgz", "/npm/bad-js/1.1.0"]
)
def test_a_blocked_tarball_is_refused_wherever_it_is_asked_for(guarded: Running, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 403
    assert BAD_NPM in answer.json()["error"]


def test_scoped_names_are_the_same_however_they_are_written(guarded: Running) -> None:
    one, two = (guarded.get(f"/npm/{name}") for name in ("@acme%2ftool", "@acme/tool"))
    assert one.json() == two.json()
    url = one.json()["versions"]["1.0.0"]["dist"]["tarball"]
    assert url == f"{guarded.url}/npm/@acme/tool/-/tool-1.0.0.tgz"
    assert guarded.http.get(url).status_code == 200


def test_tags_and_single_versions_are_answered(guarded: Running) -> None:
    assert guarded.get("/npm/-/package/bad-js/dist-tags").json() == {"latest": "1.0.0"}
    assert guarded.get("/npm/bad-js/latest").json()["version"] == "1.0.0"
    assert guarded.get("/npm/bad-js/9.9.9").status_code == 404


def test_a_package_of_which_all_is_blocked_is_refused_with_the_reason(ruled: Start) -> None:
    one = ruled("minimum-age: 1000d\n")
    answer = one.get("/npm/bad-js")
    assert answer.status_code == 403
    assert "releases are let in after 1000 days" in answer.json()["error"]


def test_names_are_normalised_by_redirects(guarded: Running) -> None:
    assert guarded.get("/pypi/simple/Bad_Py/").headers["location"] == "../bad-py/"
    assert guarded.get("/pypi/simple/bad-py").headers["location"] == "bad-py/"


def test_what_is_not_there_is_said_so(guarded: Running) -> None:
    for path in (
        "/pypi/simple/nothing/",
        "/npm/nothing",
        "/npm/bad-js/-/x.tgz",
        "/pypi/files/bad-py/x.whl",
        "/x",
    ):
        assert guarded.get(path).status_code == 404


def test_a_listing_is_not_sent_twice_to_who_has_it(guarded: Running) -> None:
    for path in ("/pypi/simple/bad-py/", "/npm/bad-js"):
        tag = guarded.get(path).headers["etag"]
        assert guarded.get(path, **{"if-none-match": tag}).status_code == 304


def test_releases_too_fresh_vanish_until_they_are_old_enough(ruled: Start) -> None:
    one = ruled("minimum-age: 1d\necosystems: {npm: {minimum-age: 30m}}\n")
    assert one.files("fresh-py") == {}
    assert "1.3.0" in one.packument("bad-js")["versions"]
    one.guard.knowledge.clock = lambda: time.time() + 86400
    assert list(one.files("fresh-py")) == ["fresh_py-2.0-py3-none-any.whl"]


def test_a_package_may_have_terms_of_its_own(ruled: Start) -> None:
    one = ruled('packages:\n  - {names: ["pkg:pypi/fresh-*", "pkg:npm/bad-js@1.3.*"], minimum-age: 0}\n')
    assert list(one.files("fresh-py")) == ["fresh_py-2.0-py3-none-any.whl"]
    assert "1.3.0" in one.packument("bad-js")["versions"]


def test_reserved_names_are_never_asked_of_the_registry(ruled: Start, registries: StandIn) -> None:
    one = ruled('reserved:\n  - names: ["pkg:npm/@acme/*", "pkg:pypi/acme-*"]\n')
    before = len(registries.asked)
    for path in ("/npm/@acme%2ftool", "/npm/@acme/tool/-/tool-1.0.0.tgz", "/pypi/simple/acme-x/"):
        answer = one.get(path)
        assert (answer.status_code, "reserved" in answer.text) == (403, True)
    assert len(registries.asked) == before


def test_reserved_names_come_from_the_registry_that_has_them(ruled: Start, registries: StandIn) -> None:
    one = ruled(
        f'minimum-age: 0\nreserved:\n  - names: ["pkg:npm/@acme/*"]\n    registry: {registries.url("npm")}\n',
        endpoint=lambda kind, name: Endpoint(kind, "http://192.0.2.1/"),
    )
    assert one.get("/npm/@acme%2ftool").status_code == 200


def test_install_scripts_are_let_through_by_list(ruled: Start) -> None:
    one = ruled("minimum-age: 0\ninstall-scripts: block\n")
    assert one.get("/npm/with-script").status_code == 403
    assert {name.endswith(".whl") for name in one.files("bad-py")} == {True}
    two = ruled(
        "minimum-age: 0\ninstall-scripts: block\npackages:\n"
        '  - {names: ["pkg:npm/with-script"], install-scripts: allow}\n'
    )
    assert two.get("/npm/with-script").status_code == 200


def test_a_licence_lets_a_bad_release_through_until_its_day(ruled: Start) -> None:
    line = "overrides:\n  - {{release: pkg:npm/bad-js@1.1.0, reason: looked at it, expires: {}}}\n"
    assert "1.1.0" in ruled(OFF + line.format("2999-01-01")).packument("bad-js")["versions"]
    assert "1.1.0" not in ruled(OFF + line.format("2026-01-01")).packument("bad-js")["versions"]


def test_what_is_warned_of_is_shown_with_the_warning(ruled: Start) -> None:
    one = ruled(OFF + "malicious: warn\n")
    assert BAD_NPM in one.packument("bad-js")["versions"]["1.1.0"]["deprecated"]
    assert BAD_PYPI in one.files("bad-py")["bad_py-1.1-py3-none-any.whl"]["yanked"]
    assert one.get("/npm/bad-js/-/bad-js-1.1.0.tgz").status_code == 200


@pytest.mark.parametrize(("then", "passes"), [("block", False), ("allow", True)])
def test_without_news_it_fails_open_or_closed_as_the_policy_says(
    ruled: Start, tmp_path: Path, then: str, passes: bool
) -> None:
    one = ruled(f"{OFF}stale: {{after: 1d, then: {then}}}\n", database=tmp_path / "none.db")
    assert (one.get("/npm/@acme%2ftool").status_code == 200) is passes
    assert bool(one.files("fresh-py")) is passes


def test_old_news_count_as_none(ruled: Start) -> None:
    one = ruled(OFF + "stale: {after: 7d, then: block}\n")
    assert one.get("/npm/@acme%2ftool").status_code == 200
    one.guard.knowledge.clock = lambda: time.time() + 8 * 86400
    answer = one.get("/npm/@acme%2ftool")
    assert (answer.status_code, "is 8 days old" in answer.text) == (403, True)


def test_a_report_that_comes_in_takes_effect_at_once(ruled: Start, database: Path, tmp_path: Path) -> None:
    import shutil

    from tests.clients import seeds

    from biopsy.reports.database import Database

    mine = tmp_path / "mine.db"
    shutil.copy(database, mine)
    one = ruled(OFF, database=mine)
    assert one.get("/npm/@acme%2ftool").status_code == 200
    held = Database(mine)
    report = seeds.report("MAL-2026-900013", "npm", "@acme/tool", ["1.0.0"])
    held.take("made-up", [(report["id"], json.dumps(report).encode())], seeds.AT)
    held.close()
    one.guard.knowledge._looked = -1e9  # as two seconds later
    assert one.get("/npm/@acme%2ftool").status_code == 403


def test_a_policy_is_read_anew_and_one_that_is_broken_is_not(ruled: Start, tmp_path: Path) -> None:
    one = ruled(OFF)
    (tmp_path / "guard.yml").write_text("minimum-age: 1000d")
    one.guard.gate.look()
    assert one.get("/npm/@acme%2ftool").status_code == 403
    (tmp_path / "guard.yml").write_text("minimum-age: [")
    one.guard.gate.look()
    assert one.get("/npm/@acme%2ftool").status_code == 403


def test_every_decision_is_logged(ruled: Start, tmp_path: Path) -> None:
    one = ruled(OFF)
    one.get("/npm/bad-js", "npm/11")
    one.get("/npm/bad-js/-/bad-js-1.1.0.tgz", "npm/11")
    one.get("/npm/bad-js/-/bad-js-1.0.0.tgz", "npm/11")
    one.guard.decisions.flush()
    lines = [json.loads(line) for line in (tmp_path / "guard" / "decisions.jsonl").read_text().splitlines()]
    assert [(x["asked"], x["action"]) for x in lines] == [
        ("listing", "block"), ("file", "block"), ("file", "allow"),
    ]  # fmt: skip
    assert lines[0]["refused"][0]["version"] == "1.1.0"
    assert (lines[1]["report"], lines[1]["client"], lines[1]["address"]) == (BAD_NPM, "npm", "127.0.0.1")


def test_audits_know_our_reports(guarded: Running) -> None:
    import gzip

    url = f"{guarded.url}/npm/-/npm/v1/security/advisories/bulk"
    body = gzip.compress(json.dumps({"bad-js": ["1.1.0"], "other": ["1.0.0"]}).encode())
    answer = guarded.http.post(url, content=body, headers={"content-encoding": "gzip"})
    assert list(answer.json()) == ["bad-js"]
    assert BAD_NPM in answer.json()["bad-js"][0]["title"]
    tree = {"dependencies": {"bad-js": {"version": "1.1.0"}}}
    old = guarded.http.post(f"{guarded.url}/npm/-/npm/v1/security/audits/quick", json=tree).json()
    assert old["metadata"]["vulnerabilities"]["critical"] == 1


def test_why_is_told_to_people_and_programs(guarded: Running) -> None:
    assert BAD_NPM in guarded.get("/why/npm/bad-js/1.1.0").text
    held = guarded.get("/why/npm/bad-js/1.1.0", accept="application/json").json()
    assert held["1.1.0"]["rule"] == "malicious"
    assert guarded.get("/").status_code == 200
    assert guarded.get("/healthz").json()["ok"] is True


def test_links_lead_to_the_site_where_there_is_one(ruled: Start) -> None:
    one = ruled(OFF, site="https://biopsy.example")
    assert f"https://biopsy.example/report/{BAD_NPM}" in one.get("/npm/bad-js/-/bad-js-1.1.0.tgz").text


@pytest.mark.parametrize("page", [b"<![unknown[", b"<a href='a-1.tar.gz'>a-1.tar.gz</a><![<!x>"])
def test_a_page_that_no_parser_takes_is_unreadable_and_no_crash(page: bytes) -> None:
    with pytest.raises(simple.UnreadableError, match="cannot be read"):
        simple.from_html(page, "https://x.example/simple/a/")
