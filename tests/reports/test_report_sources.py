"""Sources: what is new comes in with its cursor, waits as its policy says, and is told from our own echo."""

import gzip
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from biopsy.errors import UsageError
from biopsy.reports import collect, config, ledger, outbound
from biopsy.reports.claim import Package
from biopsy.reports.config import Source
from biopsy.reports.database import Act, Database
from biopsy.reports.policy import Policy
from biopsy.reports.sources import Settings, ghsa, kinds

AT, LATER = "2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z"
ALL = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
ACT = Act("tester", LATER)


def record(name: str, **parts: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"package": {"ecosystem": "npm", "name": name}}
    about |= {k: parts.pop(k) for k in ("versions", "ranges") if k in parts}
    return {"id": f"ONE-{name}", "modified": AT, "details": f"on {name}", "affected": [about], **parts}


def data(name: str, **parts: Any) -> bytes:
    return json.dumps(record(name, **parts)).encode()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "reports.db", create=True)


def source(kind: str, place: object, home: Path, **parts: Any) -> Source:
    policy = parts.pop("policy", Policy("publish", ids=False))
    return Source("one", kind, Settings(str(place), home, **parts), policy)


def run(database: Database, one: Source, at: str = AT) -> collect.Run:
    return collect.collect(database, one, lambda: at)


def names(database: Database) -> set[str]:
    return {package.name for package, _, _ in database.documents()}


def states(database: Database) -> dict[str, str]:
    return {package.name: state for package, state, _ in database.documents()}


def test_every_kind_of_source_is_found_by_its_file() -> None:
    assert set(kinds()) >= {"directory", "file", "git", "http", "ghsa", "store"}


@pytest.mark.parametrize("shape", ["lines", "gzip", "list", "zip", "folder"])
def test_files_are_read_in_every_shape_and_read_again_say_nothing_new(
    database: Database, tmp_path: Path, shape: str
) -> None:
    path, kind = tmp_path / "in", "file"
    two = [data("a", versions=["1"]), data("b", versions=["2"])]
    if shape == "folder":
        kind = "directory"
        for number, one in enumerate(two):
            (path / "npm").mkdir(parents=True, exist_ok=True)
            (path / "npm" / f"{number}.json").write_bytes(one)
    elif shape == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../../a.json", two[0])
            archive.writestr("b.json", two[1])
    else:
        text = b"[" + b",".join(two) + b"]" if shape == "list" else b"\n".join([*two, b""])
        path.write_bytes(gzip.compress(text) if shape == "gzip" else text)
    one = source(kind, path, tmp_path)
    assert run(database, one).new == 2
    assert names(database) == {"a", "b"}
    assert run(database, one).new == 0


def test_a_damaged_zip_is_an_error_of_the_source_and_is_kept(database: Database, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"PK\x03\x04 and no more")
    assert "zip" in run(database, source("file", tmp_path / "in", tmp_path)).error
    (row,) = collect.health(database, {}, AT)
    assert (row["state"], row["fails"]) == ("failing", 1)


def test_a_bad_record_is_refused_and_the_rest_goes_on(database: Database, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\n".join([data("a"), b'{"affected": 7}', data("b")]))
    came = run(database, source("file", tmp_path / "in", tmp_path))
    assert (came.new, [one.code for one in came.refused]) == (2, ["no-package"])


def test_git_gives_what_changed_since_the_commit_that_was_read_last(
    database: Database, tmp_path: Path
) -> None:
    porcelain = pytest.importorskip("dulwich.porcelain")
    place = tmp_path / "repository"
    place.mkdir()
    repo = porcelain.init(place)
    repo.refs.set_symbolic_ref(b"HEAD", b"refs/heads/main")

    def commit(name: str) -> None:
        (place / f"{name}.json").write_bytes(data(name, versions=["1"]))
        porcelain.add(place, [str(place / f"{name}.json")])
        porcelain.commit(place, message=b"one", author=b"a <a@b.c>", committer=b"a <a@b.c>")

    one = source("git", place, tmp_path / "home")
    commit("a")
    assert (run(database, one).read, run(database, one).read) == (1, 0)
    commit("b")
    assert run(database, one).read == 1
    assert names(database) == {"a", "b"}


def test_object_storage_goes_on_a_little_before_the_last_key(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("obstore")
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    for number in range(4):
        (bucket / f"k-{number}.json").write_bytes(data(f"p{number}", versions=["1"]))
    one = source("store", f"file://{bucket}", tmp_path, lookback=1, prefixes=("k-",))
    assert run(database, one).new == 4
    assert database.cursors("one") == {"k-": "k-2.json"}
    (bucket / "k-4.json").write_bytes(data("p4", versions=["1"]))
    came = run(database, one)
    assert (came.read, came.new) == (2, 1)


class _Server(http.server.BaseHTTPRequestHandler):
    body = data("a", versions=["1"])

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("location", "file:///etc/passwd")
            self.end_headers()
        elif self.headers.get("if-none-match") == '"one"':
            self.send_response(304)
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("etag", '"one"')
            self.send_header("content-length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as held:
        threading.Thread(target=held.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{held.server_port}"
        held.shutdown()


def test_a_url_is_read_again_only_when_it_changed(database: Database, tmp_path: Path, server: str) -> None:
    one = source("http", f"{server}/all", tmp_path, private=True)
    assert (run(database, one).read, run(database, one).read) == (1, 0)


def test_no_source_reaches_into_a_private_network(database: Database, tmp_path: Path, server: str) -> None:
    plain = source("http", f"{server}/all", tmp_path)
    assert "only https" in run(database, plain).error
    secure = source("http", f"{server}/all".replace("http:", "https:"), tmp_path)
    assert "private network" in run(database, secure).error
    away = source("http", f"{server}/away", tmp_path, private=True)
    assert "only https" in run(database, away).error


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "0.0.0.0", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_told(address: str) -> None:
    assert not outbound.allowed(address)


def test_advisories_become_osv_and_stay_as_they_came(database: Database, tmp_path: Path) -> None:
    advisory = {
        "ghsa_id": "GHSA-1", "updated_at": AT, "published_at": AT, "summary": "Malware in a",
        "description": "Text", "html_url": "https://example.org/GHSA-1", "identifiers": [],
        "cwes": [{"cwe_id": "CWE-506", "name": "Embedded Malicious Code"}],
        "vulnerabilities": [
            {"package": {"ecosystem": "npm", "name": "a"}, "vulnerable_version_range": "= 1.0.1"},
            {"package": {"ecosystem": "npm", "name": "a"}, "vulnerable_version_range": "= 1.0.2"},
            {"package": {"ecosystem": "pip", "name": "b"}, "vulnerable_version_range": ">= 0"},
            {"package": {"ecosystem": "pip", "name": "c"}, "vulnerable_version_range": ">= 1.0, < 1.4"},
        ],
    }  # fmt: skip
    made = ghsa.converted(advisory)
    assert [a.get("versions") for a in made["affected"]] == [["1.0.1", "1.0.2"], None, None]
    assert made["affected"][1]["ranges"] == [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]
    assert made["affected"][2]["ranges"][0]["events"] == [{"introduced": "1.0"}, {"fixed": "1.4"}]
    (tmp_path / "in").write_text(json.dumps([advisory]))
    assert run(database, source("ghsa", tmp_path / "in", tmp_path)).new == 3
    (claim,) = database.claims(next(iter(database.lookup("npm/a"))))
    assert json.loads(database.original(claim.sha256) or b"") == advisory


# trust


def take(
    database: Database, trust: str, *objects: bytes, at: str = AT, source: str = "one", **parts: Any
) -> None:
    database.take(source, [("k", one) for one in objects], at, Policy(trust, ids=False, **parts))
    collect.tick(database, at)


def test_a_trusted_source_is_published_with_an_id_at_once(database: Database) -> None:
    take(database, "publish", data("a", versions=["1"]))
    ((_, state, document),) = database.documents()
    assert (state, document["id"]) == ("published", "MAL-2026-1")


def test_what_is_held_is_published_when_it_is_due(database: Database) -> None:
    take(database, "hold", data("a", versions=["1"]), minutes=30)
    assert states(database) == {"a": "held"}
    assert not list(database.on(Package("npm", "a")))
    assert collect.tick(database, "2026-11-01T00:29:59Z") == 0
    assert collect.tick(database, "2026-11-01T00:30:00Z") == 1
    assert [r["id"] for r in database.on(Package("npm", "a"))] == ["MAL-2026-1"]


def test_a_popular_name_waits_for_a_person_and_others_do_not(database: Database) -> None:
    popular = {"react"}
    take(database, "popular", data("react"), data("a"), popular=lambda p: p.name in popular)
    assert states(database) == {"react": "review", "a": "published"}
    assert [row["reason"] for row in database.waiting(9)] == ["a popular name"]
    assert database.settle(ledger.find(database, ["npm/react"]), ACT) == 1
    assert states(database)["react"] == "published"


def test_an_untrusted_source_does_not_widen_what_is_published(database: Database) -> None:
    take(database, "publish", data("a", versions=["1"]))
    take(database, "approve", data("a", id="TWO-1", versions=["2"]), source="two")
    (report,) = database.on(Package("npm", "a"))
    assert report["affected"][0]["versions"] == ["1"]
    database.settle(ledger.find(database, ["npm/a"]), ACT)
    (report,) = database.on(Package("npm", "a"))
    assert report["affected"][0]["versions"] == ["1", "2"]


def test_what_is_rejected_is_kept_and_never_heard(database: Database) -> None:
    take(database, "approve", data("a", versions=["1"]))
    database.settle(ledger.find(database, ["npm/a"]), ACT, reject=True)
    assert states(database) == {}
    take(database, "approve", data("a", versions=["1"]))
    assert database.waiting(9) == []


def test_new_evidence_on_a_withdrawn_name_waits_for_a_person(database: Database) -> None:
    take(database, "publish", data("a", versions=["1"]))
    ledger.withdraw(database, ledger.find(database, ["npm/a"]), replace(ACT, reason="false-positive"))
    take(database, "publish", data("a", id="TWO-1", versions=["2"]), source="two")
    assert states(database) == {"a": "withdrawn"}
    assert [row["reason"] for row in database.waiting(9)] == ["the report on this name was withdrawn"]
    (entry,) = database.history("npm/a", 1)
    assert (entry["action"], entry["reason"]) == ("review", "the report on this name was withdrawn")


# echoes


@pytest.mark.parametrize(
    "parts",
    [
        {"aliases": ["MAL-2026-1"]},
        {"related": ["MAL-2026-1"]},
        {"references": [{"type": "WEB", "url": "https://osv.dev/vulnerability/MAL-2026-1"}]},
        {"id": "MAL-2026-1"},
        {
            "database_specific": {
                "malicious-packages-origins": [{"source": "x", "sha256": "y", "id": "MAL-2026-1"}]
            }
        },
    ],
)
def test_our_own_words_coming_back_are_kept_and_not_heard(database: Database, parts: dict[str, Any]) -> None:
    take(database, "publish", data("a", versions=["1"]))
    before = list(database.documents())
    taken = database.take(
        "two",
        [("k", data("a", versions=["1"], **{"id": "TWO-1", **parts}))],
        LATER,
        Policy("publish", ids=False),
    )
    assert [one.echoes for one in taken] == [1]
    assert list(database.documents()) == before


def test_a_copy_of_our_report_under_another_id_is_an_echo(database: Database) -> None:
    take(database, "publish", data("a", versions=["1"]))
    ((_, _, ours),) = database.documents()
    copy = {k: v for k, v in ours.items() if k != "database_specific"} | {"id": "TWO-1", "aliases": []}
    policy = Policy("publish", ids=False)
    assert [
        one.echoes for one in database.take("two", [("k", json.dumps(copy).encode())], LATER, policy)
    ] == [1]


def test_an_echo_that_says_more_waits_for_a_person(database: Database) -> None:
    take(database, "publish", data("a", versions=["1"]))
    take(database, "publish", data("a", id="TWO-1", aliases=["MAL-2026-1"], ranges=ALL), source="two")
    ((_, _, document),) = database.documents()
    assert "ranges" not in document["affected"][0]
    assert [row["reason"] for row in database.waiting(9)] == [
        "names MAL-2026-1 in aliases, and says more than it"
    ]


def test_a_source_that_told_us_first_and_links_to_us_since_is_still_heard(database: Database) -> None:
    take(database, "publish", data("a", versions=["1"]))
    take(
        database, "publish", data("a", versions=["1", "2"], aliases=["MAL-2026-1"], modified=LATER), at=LATER
    )
    ((_, _, document),) = database.documents()
    assert document["affected"][0]["versions"] == ["1", "2"]


def test_a_source_may_not_bring_ids_of_ours_unless_it_is_told_so(database: Database) -> None:
    mine = [("k", data("a", id="MAL-2026-5"))]
    assert [one.code for one in database.take("two", mine, AT, Policy("publish", ids=False))] == ["bad-id"]
    assert [one.code for one in database.take("two", mine, AT, Policy("publish"))] == [""]
    other = [("k", data("b", id="MAL-2026-5"))]
    assert [one.code for one in database.take("two", other, AT, Policy("publish"))] == ["id-taken"]


# the file that names them

FILE = """
[sources.lab]
kind = "store"
place = "gs://bucket"
prefixes = ["confident/"]
trust = "hold"
minutes = 60
drop = [{field = "related", pattern = "^RLMA-"}]
options = {region = "$REGION_OF_TEST"}
"""


def test_the_file_of_sources_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION_OF_TEST", "here")
    (tmp_path / "reports.toml").write_text(FILE)
    one = config.load(tmp_path / "reports.toml", tmp_path)["lab"]
    assert (one.policy.trust, one.policy.minutes, one.settings.options) == ("hold", 60, {"region": "here"})
    assert one.policy.shaped({"related": ["RLMA-1", "X"]}) == {"related": ["X"]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("store", "cupboard", "no kind of source"),
        ("hold", "blindly", "trust: one of"),
        ("region =", "password =", "has no password"),
        ("$REGION_OF_TEST", "$NOT_SET_ANYWHERE", "not set"),
        ("minutes", "hours", "unknown field"),
        ("^RLMA-", "(", "sources.lab"),
        ("kind", "kind = 1 =", "reports.toml"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    monkeypatch.setenv("REGION_OF_TEST", "here")
    (tmp_path / "reports.toml").write_text(FILE.replace(old, new))
    with pytest.raises(UsageError, match=said):
        config.load(tmp_path / "reports.toml", tmp_path)


def test_a_run_that_was_cut_off_goes_on_where_it_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("obstore")
    for number in range(4):
        (tmp_path / f"k-{number}.json").write_bytes(data(f"p{number}", versions=["1"]))
    monkeypatch.setattr("biopsy.reports.sources.store.BATCH", 2)
    one = source("store", f"file://{tmp_path}", tmp_path / "h", lookback=0, prefixes=("k-",))
    heard = database.heard

    def cut(*given: Any, **parts: Any) -> None:
        heard(*given, **parts)
        if database.cursors("one") == {"k-": "k-3.json"}:
            raise KeyboardInterrupt

    monkeypatch.setattr(database, "heard", cut)
    with pytest.raises(KeyboardInterrupt):
        run(database, one)
    assert (database.cursors("one"), names(database)) == ({"k-": "k-1.json"}, {"p0", "p1"})
    monkeypatch.setattr(database, "heard", heard)
    assert run(database, one).read == 2
