"""More of hostile clients and registries: what HTTP allows, what registries may say, what names must not leak."""

import asyncio
import base64
import gzip
import hashlib
import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tests.guard_proxy.conftest import Made, Running
from tests.guard_proxy.test_guard_hostile import OFF, SIMPLE, document, mine, page, raw

from biopsy.model.release import Endpoint
from biopsy.web.guard import upstream
from biopsy.web.guard.tunnel import Tunnel

Start = Callable[..., Running]


def sri(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


@pytest.fixture
def one(ruled: Start, made: Made) -> Running:
    """A guard before a registry with one package of each kind."""
    data = bytes(range(256)) * 1000
    dist = {"tarball": f"{made.url}/t/tool-1.0.0.tgz", "integrity": sri(data)}
    made.answers |= {
        "/npm/x": document(v1_0_0=dist), "/npm/@acme%2Ftool": document(v1_0_0=dist),
        "/t/tool-1.0.0.tgz": (200, {}, data),
    }  # fmt: skip
    return ruled(OFF, endpoint=mine(made))


@pytest.mark.parametrize(
    "name", ["@acme/tool", "@acme%2ftool", "@acme%2Ftool", "%40acme%2ftool", "%40acme/tool"]
)
def test_a_scoped_name_is_one_however_it_is_written(one: Running, name: str) -> None:
    held = one.get(f"/npm/{name}")
    assert held.status_code == 200
    assert held.json()["versions"]["1.0.0"]["dist"]["tarball"] == f"{one.url}/npm/@acme/tool/-/tool-1.0.0.tgz"
    assert one.get(f"/npm/{name}/-/tool-1.0.0.tgz").status_code == 200


def test_head_says_what_get_would_and_the_connection_goes_on(one: Running) -> None:
    for path in ("/npm/x", "/npm/x/-/x-1.0.0.tgz", "/healthz", "/npm/none", "/pypi/simple/none/"):
        head, get = one.http.head(one.url + path), one.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        if "healthz" not in path:
            assert head.headers["content-length"] == str(len(get.content))
    host = urlsplit(one.url).netloc
    two = f"HEAD /npm/x HTTP/1.1\r\nHost: {host}\r\n\r\nGET /style.css HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answers = raw(one, two.encode())
    assert answers.count(b"HTTP/1.1 200") == 2
    assert answers.endswith(b"}}")


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)), ("bytes=-10", 206, slice(-10, None)), ("bytes=10-", 206, slice(10, None)),
        ("bytes=255999-999999999999", 206, slice(-1, None)), ("bytes=256000-", 416, slice(0)),
        ("bytes=-0", 416, slice(0)), ("bytes=9-3", 416, slice(0)), ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=" + "9" * 30 + "-", 200, slice(None)), ("lines=1-2", 200, slice(None)), ("bytes=--5", 200, slice(None)),
    ],
)  # fmt: skip
def test_a_part_of_a_file_is_that_part(one: Running, asked: str, status: int, part: slice) -> None:
    whole = one.get("/npm/x/-/x-1.0.0.tgz")
    answer = one.get("/npm/x/-/x-1.0.0.tgz", range=asked)
    assert answer.status_code == status
    assert status == 416 or answer.content == whole.content[part]


def test_a_part_of_another_file_is_not_sent(one: Running) -> None:
    tag = one.get("/npm/x/-/x-1.0.0.tgz").headers["etag"]
    asked = {"range": "bytes=0-9"}
    assert one.get("/npm/x/-/x-1.0.0.tgz", **asked, **{"if-range": tag}).status_code == 206
    assert one.get("/npm/x/-/x-1.0.0.tgz", **asked, **{"if-range": '"other"'}).status_code == 200
    assert one.get("/npm/x/-/x-1.0.0.tgz", **{"if-none-match": f'"a", W/"b", {tag}'}).status_code == 304


def test_a_client_that_leaves_does_not_take_the_file_with_it(one: Running, made: Made) -> None:
    parts = urlsplit(one.url)
    for _ in range(3):
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as gone:
            gone.sendall(f"GET /npm/x/-/x-1.0.0.tgz HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            gone.recv(100)
    assert one.get("/npm/x/-/x-1.0.0.tgz").content == made.answers["/t/tool-1.0.0.tgz"][2]


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b'{"name":"x","versions":{}}' + b" " * 5000)[:-20],
        gzip.compress(b'{"name":"x","versions":{}}') + gzip.compress(b" "),
        gzip.compress(b'{"name":"x","versions":{}}') + b"more",
    ],
    ids=["cut", "twice", "more"],
)
def test_a_listing_that_does_not_end_with_its_packing_is_not_taken_for_whole(
    ruled: Start, made: Made, body: bytes
) -> None:
    made.answers["/npm/x"] = (200, {"content-encoding": "gzip"}, body)
    assert ruled(OFF, endpoint=mine(made)).get("/npm/x").status_code == 502


@pytest.mark.parametrize(
    "media", ["text/plain", "application/octet-stream", "image/svg+xml", "multipart/mixed"]
)
def test_a_page_of_another_kind_is_no_empty_page(ruled: Start, made: Made, media: str) -> None:
    made.answers["/simple/x/"] = (200, {"content-type": media}, page()[2])
    assert ruled(OFF, endpoint=mine(made)).get("/pypi/simple/x/").status_code == 502


def test_a_listing_that_is_too_large_is_refused_and_not_held(
    ruled: Start, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream.unpacked, "__defaults__", (1024**2,))
    made.answers["/npm/x"] = (200, {}, b" " * (2 * 1024**2))
    one = ruled(OFF, endpoint=mine(made))
    assert (one.get("/npm/x").status_code, one.guard.upstream._size) == (502, 0)


LINKS = {
    "files/x-1.0.tar.gz": "x-1.0.tar.gz",
    "../../files/x-1.1.tar.gz": "x-1.1.tar.gz",
    "/files/x-1.2.tar.gz#sha256=" + "a" * 64: "x-1.2.tar.gz",
    "//files.example/x-1.3.tar.gz": "x-1.3.tar.gz",
    "https://files.example/x-1.4.tar.gz?a=b": "x-1.4.tar.gz",
    "data:application/gzip,x-2.0.tar.gz": "",
    "javascript:alert(1)//x-2.1.tar.gz": "",
    "file:///etc/x-2.2.tar.gz": "",
    "x-2.3.tar.gz%00.tar.gz": "",
    "%E2%80%AEx-2.4.tar.gz": "",
    "http://[/x-2.5.tar.gz": "",
    "": "",
}


@pytest.mark.parametrize(
    "base", ["", "<base href='/elsewhere/'>", "<base href='data:,'>", "<base href='http://['>"]
)
def test_links_of_an_index_are_followed_as_browsers_would_or_not_at_all(
    ruled: Start, made: Made, base: str
) -> None:
    body = base + "".join(f'<a href="{link}">x</a>' for link in LINKS)
    made.answers["/simple/x/"] = (200, {"content-type": "text/html"}, body.encode())
    found = set(ruled(OFF, endpoint=mine(made)).files("x"))
    named = {name for name in LINKS.values() if name}
    assert found == ({"x-1.4.tar.gz"} if "data:" in base else named)


def test_what_an_index_says_of_a_project_is_passed_on(ruled: Start, made: Made) -> None:
    file = {
        "filename": "x-1.0-py3-none-any.whl", "url": f"{made.url}/x-1.0-py3-none-any.whl", "hashes": {"sha256": "a" * 64},
        "core-metadata": {"sha256": "b" * 64}, "dist-info-metadata": {"sha256": "b" * 64}, "size": 7,
        "provenance": f"{made.url}/provenance", "upload-time": "2020-01-01T00:00:00Z", "new-in-2030": [1],
    }  # fmt: skip
    about = {
        "meta": {"api-version": "1.4", "tracks": ["https://other.example/x/"]}, "versions": ["1.0"], "name": "x",
        "alternate-locations": ["https://other.example/x/"], "project-status": {"status": "archived", "reason": "old"},
    }  # fmt: skip
    made.answers["/simple/x/"] = (
        200,
        {"content-type": SIMPLE},
        json.dumps({**about, "files": [file]}).encode(),
    )
    made.answers["/provenance"] = (
        200,
        {"content-type": "application/vnd.pypi.integrity.v1+json"},
        b'{"a":1}',
    )
    one = ruled(OFF, endpoint=mine(made))
    held = one.get("/pypi/simple/x/", accept=SIMPLE).json()
    (shown,) = held.pop("files")
    assert held == about
    assert shown == {**file, "url": "../../files/x/x-1.0-py3-none-any.whl"}
    text = one.get("/pypi/simple/x/", accept="text/html").text
    for said in (
        "pypi:tracks",
        'data-core-metadata="sha256=',
        "data-provenance=",
        "pypi:project-status",
        "archived",
    ):
        assert said in text
    assert one.get("/pypi/files/x/x-1.0-py3-none-any.whl.provenance").json() == {"a": 1}


def test_numbers_and_keys_of_any_size_do_not_hide_a_package(ruled: Start, made: Made) -> None:
    dist = {"tarball": f"{made.url}/t/x-1.0.0.tgz", "size": 10**40, "score": 1e308}
    entry = {"name": "x", "dist": dist, "k" * 10**6: "v" * 10**6, "description": "\u202e\x1b[31m<script>"}
    body = {"name": "x", "versions": {"1.0.0": entry}, "dist-tags": {"latest": "1.0.0"}}
    made.answers["/npm/x"] = (200, {}, json.dumps(body).encode())
    assert ruled(OFF, endpoint=mine(made)).packument("x")["dist-tags"] == {"latest": "1.0.0"}


@pytest.mark.parametrize("path", ["/npm/%C3%A9", "/npm/%EF%BC%8Fx", "/pypi/simple/%D0%B0/", "/npm/%E2%80%AEx", "/npm/" + "x" * 300,
                                  "/pypi/simple/" + "x" * 5000 + "/", "/npm/@a/b/c/d", "/npm/.", "/npm/__proto__/constructor/x"])  # fmt: skip
def test_a_name_that_no_registry_has_is_refused_without_asking(one: Running, made: Made, path: str) -> None:
    assert one.get(path).status_code in {400, 404}
    assert made.asked == []


def test_a_request_of_a_megabyte_of_name_ends_the_connection(one: Running) -> None:
    host = urlsplit(one.url).netloc.encode()
    answer = raw(one, b"GET /npm/" + b"x" * 10**6 + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 404", b""}
    assert one.get("/healthz").status_code == 200


def test_tags_of_a_package_of_which_everything_is_blocked_lead_nowhere(ruled: Start, made: Made) -> None:
    old = {"tarball": f"{made.url}/t/bad-js-1.1.0.tgz"}
    body = {
        "name": "bad-js",
        "versions": {"1.1.0": {"dist": old}},
        "dist-tags": {"latest": "1.1.0", "next": "1.1.0"},
    }
    made.answers["/npm/bad-js"] = (200, {}, json.dumps(body).encode())
    one = ruled(OFF, endpoint=mine(made))
    assert one.get("/npm/bad-js").status_code == 403
    assert one.get("/npm/-/package/bad-js/dist-tags").json() == {}
    for wanted in ("latest", "next", "1.1.0"):
        assert one.get(f"/npm/bad-js/{wanted}").status_code in {403, 404}


RESERVED = OFF + 'reserved: [{names: ["pkg:npm/@acme/*", "pkg:npm/acme-*", "pkg:pypi/acme-*"]}]\n'


def test_names_of_ones_own_are_told_to_nobody(ruled: Start, made: Made) -> None:
    said: list[bytes] = []

    one = ruled(RESERVED, endpoint=mine(made))
    kept = one.guard.upstream.open

    def heard(
        endpoint: Endpoint, url: str, headers: dict[str, str], method: str = "GET", body: bytes = b""
    ) -> object:
        said.append(url.encode() + body)
        return kept(endpoint, url, headers, method, body)

    object.__setattr__(one.guard.npm.audits, "upstream", type("Heard", (), {"open": staticmethod(heard)})())
    audit = f"{one.url}/npm/-/npm/v1/security"
    one.http.post(
        f"{audit}/advisories/bulk", json={"@acme/secret": ["1.0.0"], "x": ["1.0.0"], "requires": ["1"]}
    )
    tree = {
        "acme-a": {"version": "1"},
        "y": {"version": "1", "requires": {"acme-b": "1"}, "dependencies": {"@acme/c": {"version": "1"}}},
    }
    one.http.post(
        f"{audit}/audits/quick",
        json={"name": "p", "requires": {"@acme/d": "1", "y": "1"}, "dependencies": tree},
    )
    for path in ("/npm/@acme/secret", "/npm/-/npm/v1/attestations/@acme%2fsecret@1.0.0", "/npm/-/npm/v1/attestations/@acme/secret@1.0.0",
                 "/npm/-/npm/v1/attestations/acme-x@1.0.0", "/npm/-/package/@acme%2fsecret/dist-tags", "/pypi/simple/acme-x/",
                 "/pypi/files/acme_x/acme_x-1.0.tar.gz", "/why/npm/acme-x"):  # fmt: skip
        assert one.get(path).status_code in {403, 404}
    assert len(said) == 2
    assert b"acme" not in b"".join(said)
    assert b'"y"' in said[1]
    assert not [path for path, _ in made.asked if "acme" in path.lower()]


def test_a_connection_of_the_proxy_is_for_one_request_alone() -> None:
    """A client that asks two hosts over one connection to its proxy would else reach the second past the guard."""
    heard: list[bytes] = []

    async def main() -> None:
        async def there(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(there, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        tunnel = Tunnel(lambda host, _port: host == "guarded.example", port, authority=None)  # type: ignore[arg-type]
        reader, writer = await asyncio.open_connection("127.0.0.1", await tunnel.start())
        head = "GET http://guarded.example/simple/ HTTP/1.1\r\nHost: guarded.example\r\nProxy-Connection: keep-alive\r\nX: 1\r\n\r\n"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(), 5)
        assert b"Connection: close" in answer
        await tunnel.close()
        server.close()

    asyncio.run(main())
    assert heard[0].endswith(b"Host: guarded.example\r\nX: 1\r\nConnection: close\r\n\r\n")
