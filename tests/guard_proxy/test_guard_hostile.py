"""Hostile clients and hostile registries: nothing gets out that should not, and nothing falls over."""

import gzip
import hashlib
import json
import socket
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.guard_proxy.conftest import BAD_NPM, Made, Running

from biopsy.model.release import Endpoint
from biopsy.web.guard import network, upstream

Start = Callable[..., Running]
OFF = "minimum-age: 0\n"
SIMPLE = "application/vnd.pypi.simple.v1+json"


def raw(one: Running, text: bytes) -> bytes:
    """What is answered to bytes as they are."""
    parts = urlsplit(one.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as made:
        made.sendall(text)
        made.settimeout(1)
        got = b""
        try:
            while chunk := made.recv(65536):
                got += chunk
        except TimeoutError:
            pass
        return got


def mine(made: Made) -> Callable[[str, str], Endpoint]:
    """The registries of a test, as clients are configured with them, with what authorizes there."""
    return lambda kind, name: Endpoint(
        kind, f"{made.url}/{'simple' if kind == 'pypi' else 'npm'}/", "Bearer of-the-registry"
    )


def page(*files: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    """A project's page."""
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "x", "files": list(files)}).encode()
    return 200, {"content-type": SIMPLE}, body


def document(**versions: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    """A package's document."""
    held = {
        v.replace("_", ".").removeprefix("v"): {"name": "x", "dist": dist} for v, dist in versions.items()
    }
    return 200, {"content-type": "application/json"}, json.dumps({"name": "x", "versions": held}).encode()


def arrived(one: Running, path: str) -> bytes:
    """What arrives of an answer before it breaks off; nothing where it says that it failed."""
    got = b""
    try:
        with one.http.stream("GET", one.url + path) as answer:
            if answer.status_code == 200:
                for chunk in answer.iter_raw():
                    got += chunk
    except httpx.HTTPError:
        return got
    return got


SMUGGLED = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 60\r\n\r\n",
    "a length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in disguise": b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n",
    "a header that goes on": b"X: 1\r\n Content-Length: 60\r\n\r\n",
    "a header with a space": b"Content-Length : 60\r\n\r\n",
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_a_request_in_a_request_reaches_no_registry(ruled: Start, made: Made, what: str) -> None:
    one = ruled(OFF, endpoint=mine(made))
    host = urlsplit(one.url).netloc.encode()
    inner = b"GET /npm/smuggled HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    head = b"POST /npm/-/npm/v1/security/advisories/bulk HTTP/1.1\r\nHost: " + host + b"\r\n"
    raw(one, head + SMUGGLED[what] + inner)
    for (
        path,
        headers,
    ) in made.asked:  # what comes after is a request of its own, or nothing: never a part of one
        assert "smuggled" not in json.dumps(headers)
        assert path in {"/npm/-/npm/v1/security/advisories/bulk", "/npm/smuggled"}


@pytest.mark.parametrize(
    "path",
    [
        "/npm/..%2f..%2fadmin", "/npm/%2e%2e/admin", "/npm/x/../../admin", "/npm/x%00y", "/npm/x%0d%0aHost:%20y",
        "/pypi/simple/..%2f..%2fetc%2fpasswd/", "/pypi/files/x/..%2f..%2fx.whl", "/pypi/files/x/%2e%2e", "/npm/x%5c..%5cy",
        "/npm/http:%2f%2f192.0.2.1%2fx", "/npm/@a%2f@b%2fc", "/npm/x/-/..%2fx.tgz", "/npm/-/v1/../../x", "/%ff%fe",
    ],
)  # fmt: skip
def test_a_path_that_no_client_asks_reaches_no_registry(ruled: Start, made: Made, path: str) -> None:
    one = ruled(OFF, endpoint=mine(made))
    host = urlsplit(one.url).netloc
    answer = raw(one, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ")[1] in {b"400", b"403", b"404", b"405"}
    assert made.asked == []


def test_a_name_of_another_host_is_not_answered(guarded: Running) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example:80", "a b", ""):
        assert guarded.get("/npm/bad-js", host=host).status_code in {400, 421}


def test_nothing_is_written_through_the_guard(guarded: Running) -> None:
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        for path in ("/npm/bad-js", "/pypi/simple/bad-py/", "/", "/npm/-/user/org.couchdb.user:x"):
            assert guarded.http.request(method, guarded.url + path, content=b"{}").status_code == 405


def test_what_authorizes_goes_to_the_registry_alone(ruled: Start, made: Made) -> None:
    host = made.url.replace("127.0.0.1", "localhost")  # another origin
    data = b"tarball"
    dist = {"tarball": f"{host}/else/x-1.0.0.tgz", "shasum": hashlib.sha1(data).hexdigest()}
    made.answers |= {"/npm/x": document(v1_0_0=dist), "/else/x-1.0.0.tgz": (200, {}, data)}
    one = ruled(OFF, endpoint=mine(made))
    answer = one.get("/npm/x/-/x-1.0.0.tgz", authorization="Bearer of-the-client", cookie="c=1")
    assert answer.content == data
    said = {path: headers.get("authorization") for path, headers in made.asked}
    assert said == {"/npm/x": "Bearer of-the-registry", "/else/x-1.0.0.tgz": None}
    assert not any("cookie" in headers for _, headers in made.asked)


@pytest.mark.parametrize(
    ("address", "inside", "outside"),
    [
        ("127.0.0.1", True, False), ("10.0.0.1", True, False), ("192.168.1.1", True, False), ("::1", True, False),
        ("169.254.169.254", False, False), ("fe80::1", False, False), ("0.0.0.0", False, False),
        ("224.0.0.1", False, False), ("::ffff:169.254.169.254", False, False), ("::ffff:127.0.0.1", True, False),
        ("100.64.0.1", True, False), ("fd00::1", True, False), ("8.8.8.8", True, True),
    ],
)  # fmt: skip
def test_a_registry_leads_only_where_it_may(address: str, inside: bool, outside: bool) -> None:
    import ipaddress

    found = ipaddress.ip_address(address)
    assert (network.allowed(found, inwards=True), network.allowed(found, inwards=False)) == (inside, outside)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/x-1.0.0.tgz", "file:///etc/passwd", "gopher://127.0.0.1/x",
        "//169.254.169.254/x-1.0.0.tgz", "http://[fe80::1]/x-1.0.0.tgz", "http://0.0.0.0/x-1.0.0.tgz", "http://[", "http:///x",
    ],
)  # fmt: skip
def test_a_listing_does_not_lead_the_guard_astray(ruled: Start, made: Made, url: str) -> None:
    made.answers["/npm/x"] = document(v1_0_0={"tarball": url, "shasum": "0" * 40})
    made.answers["/simple/x/"] = page({"filename": "x-1.0.tar.gz", "url": url, "hashes": {}})
    one = ruled(OFF, endpoint=mine(made))
    assert one.get("/npm/x/-/x-1.0.0.tgz").status_code in {404, 502}
    assert one.get("/pypi/files/x/x-1.0.tar.gz").status_code in {404, 502}


def test_a_redirect_does_not_lead_the_guard_astray(ruled: Start, made: Made) -> None:
    for target in ("http://169.254.169.254/", "file:///etc/passwd", "/npm/x"):
        made.answers["/npm/x"] = (302, {"location": target}, b"")
        assert ruled(OFF, endpoint=mine(made)).get("/npm/x").status_code == 502


def test_a_public_registry_does_not_lead_into_this_network(
    ruled: Start, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def outside(host: str) -> bool:
        return False

    monkeypatch.setattr(upstream, "stands_inside", outside)
    made.answers["/npm/x"] = document(v1_0_0={"tarball": f"{made.url}/x-1.0.0.tgz"})
    answer = ruled(OFF, endpoint=mine(made)).get("/npm/x")
    assert (answer.status_code, made.asked) == (502, [])


def test_a_file_that_is_not_what_was_announced_never_arrives_whole(
    ruled: Start, made: Made, tmp_path: Path
) -> None:
    for size in (10, 300_000):
        data = bytes(size)
        dist = {"tarball": f"{made.url}/t/x-1.0.0.tgz", "integrity": "sha512-" + "A" * 86 + "=="}
        made.answers |= {"/npm/x": document(v1_0_0=dist), "/t/x-1.0.0.tgz": (200, {}, data)}
        one = ruled(OFF, endpoint=mine(made))
        assert len(arrived(one, "/npm/x/-/x-1.0.0.tgz")) < size
    assert not [p for p in (tmp_path / "guard" / "files").rglob("*") if p.is_file() and ".part" not in p.name]


def test_a_file_that_is_cut_off_is_not_kept(ruled: Start, made: Made, tmp_path: Path) -> None:
    data = bytes(100_000)
    dist = {"tarball": f"{made.url}/t/x-1.0.0.tgz", "shasum": hashlib.sha1(data).hexdigest()}
    made.answers |= {"/npm/x": document(v1_0_0=dist)}
    made.answers["/t/x-1.0.0.tgz"] = (200, {"content-length": "200000", "connection": "close"}, data)
    one = ruled(OFF, endpoint=mine(made))
    one.guard.upstream.fresh = 0
    with pytest.raises(httpx.HTTPError):
        one.http.get(f"{one.url}/npm/x/-/x-1.0.0.tgz", timeout=3).raise_for_status()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_listing_that_unpacks_to_much_is_refused(
    ruled: Start, made: Made, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(upstream, "MAX_PAGE", 1024**2)
    monkeypatch.setattr(upstream.unpacked, "__defaults__", (1024**2,))
    plain = bytes(40 * 1024**2)
    body = gzip.compress(plain, 1) if encoding == "gzip" else zlib.compress(plain, 1)
    made.answers["/npm/x"] = (200, {"content-encoding": encoding}, body)
    began = time.monotonic()
    assert ruled(OFF, endpoint=mine(made)).get("/npm/x").status_code == 502
    assert time.monotonic() - began < 2


def test_a_question_that_unpacks_to_much_is_refused(guarded: Running) -> None:
    body = gzip.compress(b" " * (65 * 1024**2), 1)
    url = f"{guarded.url}/npm/-/npm/v1/security/advisories/bulk"
    assert guarded.http.post(url, content=body, headers={"content-encoding": "gzip"}).status_code == 413


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(ruled: Start, made: Made, encoding: str) -> None:
    made.answers["/npm/x"] = (200, {"content-encoding": encoding}, b"{}")
    assert ruled(OFF, endpoint=mine(made)).get("/npm/x").status_code == 502


HOSTILE = {
    "no JSON": b"<html>",
    "deep": b'{"versions":' * 50_000,
    "a list": b"[]",
    "no versions": b'{"name":"x"}',
    "versions in a list": b'{"versions":[1]}',
    "a half pair": b'{"versions":{"1.0.0":{"name":"\\ud800"}}}',
    "not UTF-8": b'{"versions":{"\xff":{}}}',
    "nothing": b"",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_document_that_is_none_is_said_to_be_none(ruled: Start, made: Made, what: str) -> None:
    made.answers["/npm/x"] = (200, {"content-type": "application/json"}, HOSTILE[what])
    made.answers["/simple/x/"] = (200, {"content-type": SIMPLE}, HOSTILE[what])
    one = ruled(OFF, endpoint=mine(made))
    assert one.get("/npm/x").status_code == 502
    assert one.get("/pypi/simple/x/").status_code == 502


def test_odd_versions_and_types_do_not_hide_the_others(ruled: Start, made: Made) -> None:
    entry = {"name": "x", "dist": {"tarball": f"{made.url}/t/x.tgz"}}
    odd = {
        "../../x": entry,
        "1.0.0\n": entry,
        "": entry,
        "9" * 300: entry,
        "2.0.0": None,
        "3.0.0": {"dist": 7},
    }
    body = {
        "name": "x",
        "versions": {**odd, "1.0.0": entry},
        "dist-tags": {"latest": "9.9.9", "y": 7},
        "time": [],
    }
    made.answers["/npm/x"] = (200, {}, json.dumps(body).encode())
    held = ruled(OFF, endpoint=mine(made)).packument("x")
    assert set(held["versions"]) == {"1.0.0", "3.0.0"}


def test_one_file_of_a_good_and_a_bad_version_is_refused(ruled: Start, made: Made) -> None:
    same = {"tarball": f"{made.url}/t/shared.tgz", "shasum": "0" * 40}
    body = {"name": "bad-js", "versions": {v: {"name": "bad-js", "dist": same} for v in ("1.0.0", "1.1.0")}}
    made.answers["/npm/bad-js"] = (200, {}, json.dumps(body).encode())
    answer = ruled(OFF, endpoint=mine(made)).get("/npm/bad-js/-/shared.tgz")
    assert (answer.status_code, BAD_NPM in answer.text) == (403, True)


def test_a_file_with_the_hash_of_a_bad_one_is_bad_under_any_name(
    ruled: Start, made: Made, tmp_path: Path
) -> None:
    from tests.clients import seeds

    from biopsy.reports.database import Database

    held = Database(tmp_path / "hashes.db", create=True)
    digest = "c" * 64
    report = seeds.report("MAL-2026-900014", "PyPI", "x", ["9.9"])
    report["database_specific"] = {"iocs": {"sha256": [digest]}}
    held.take("made-up", [(report["id"], json.dumps(report).encode())], seeds.AT)
    held.close()
    made.answers["/simple/x/"] = page(
        {"filename": "x-1.0.tar.gz", "url": f"{made.url}/x-1.0.tar.gz", "hashes": {"sha256": digest}}
    )
    one = ruled(OFF, endpoint=mine(made), database=tmp_path / "hashes.db")
    assert one.get("/pypi/files/x/x-1.0.tar.gz").status_code == 403


def test_hostile_words_are_inert_in_pages_and_headers(ruled: Start, made: Made) -> None:
    hostile = '"><script>alert(1)</script>\u202e\x1b[31m'
    made.answers["/simple/x/"] = page(
        {"filename": "x-1.0.tar.gz", "url": f"{made.url}/x-1.0.tar.gz", "hashes": {}, "yanked": hostile,
         "requires-python": hostile, "provenance": hostile},
        {"filename": hostile, "url": f"{made.url}/y", "hashes": {}},
    )  # fmt: skip
    one = ruled(OFF, endpoint=mine(made))
    text = one.get("/pypi/simple/x/", accept="text/html").text
    assert "<script>" not in text
    why = one.get("/why/pypi/x/%3Cscript%3E")
    assert "<script>" not in why.text or why.headers["content-type"].startswith("application/problem+json")


def test_a_registry_that_is_away_is_said_to_be_away(ruled: Start) -> None:
    one = ruled(OFF, endpoint=lambda kind, name: Endpoint(kind, "http://127.0.0.1:9/simple/"))
    for path in ("/npm/x", "/pypi/simple/x/"):
        answer = one.get(path)
        assert (answer.status_code, "did not answer" in answer.text) == (502, True)


def test_a_listing_outlives_a_short_outage(ruled: Start, made: Made) -> None:
    made.answers["/npm/x"] = document(v1_0_0={"tarball": f"{made.url}/t/x.tgz"})
    one = ruled(OFF, endpoint=mine(made), fresh=0.0)
    assert one.get("/npm/x").status_code == 200
    made.answers["/npm/x"] = (503, {}, b"")
    assert one.get("/npm/x").status_code == 200


def test_many_who_ask_at_once_have_one_file_fetched_once(ruled: Start, made: Made) -> None:
    from concurrent.futures import ThreadPoolExecutor

    data = bytes(range(256)) * 4000
    dist = {"tarball": f"{made.url}/t/x-1.0.0.tgz", "shasum": hashlib.sha1(data).hexdigest(),
            "integrity": "sha512-" + __import__("base64").b64encode(hashlib.sha512(data).digest()).decode()}  # fmt: skip
    made.answers |= {"/npm/x": document(v1_0_0=dist), "/t/x-1.0.0.tgz": (200, {}, data)}
    one = ruled(OFF, endpoint=mine(made))
    with ThreadPoolExecutor(30) as pool:
        got = list(pool.map(lambda _: one.get("/npm/x/-/x-1.0.0.tgz").content, range(60)))
    assert {hashlib.sha1(x).hexdigest() for x in got} == {dist["shasum"]}
    assert [path for path, _ in made.asked].count("/t/x-1.0.0.tgz") == 1
