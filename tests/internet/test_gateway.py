"""The registry gateway forwards what an install must read, and nothing else."""

from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint
from biopsy.sandbox.internet.allowed import Allowed
from biopsy.sandbox.internet.forwarder import Forwarder
from biopsy.sandbox.internet.gateway import Fetch, Reply
from biopsy.sandbox.raw import Canary

from .conftest import Bounds, Net, internet

INDEX = Endpoint(
    "pypi", "https://index.example/simple/", "Basic secret", (r"[A-Za-z0-9._-]+/",), r'href="([^"]+)"'
)
PAGE = b'<a href="https://files.example/a/six-1.0.tar.gz#sha256=00">six</a> <a href="../../rel/x.whl">x</a>'
CANARY = Canary("npm-token", "npm_k9Qw3ErTy7UiOpAs1DfGh5JkLzXcVbNm2Qw")


class Registry:
    """What the host would fetch from; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Fetch] = []

    def __call__(self, fetch: Fetch) -> Reply:
        self.asked.append(fetch)
        if fetch.url == "https://index.example/simple/six/":
            return Reply(200, "text/html", PAGE)
        if fetch.url == "https://index.example/simple/broken/":
            raise RegistryError("no answer")
        if fetch.url.startswith(("https://files.example/a/", "https://index.example/rel/")):
            return Reply(200, "application/gzip", b"\x1f\x8b" + bytes(300_000))
        return Reply(404, "text/plain", b"absent")


@pytest.mark.parametrize(
    ("method", "url", "fine"),
    [
        ("GET", "https://index.example/simple/six/", True),
        ("HEAD", "https://index.example/simple/six/", True),
        ("GET", "https://INDEX.example:443/simple/six/", True),
        ("PUT", "https://index.example/simple/six/", False),
        ("GET", "http://index.example/simple/six/", False),
        ("GET", "https://index.example:8443/simple/six/", False),
        ("GET", "https://index.example/other/six/", False),
        ("GET", "https://index.example/simple/six/?x=1", False),
        ("GET", "https://index.example/simple/../admin/", False),
        ("GET", "https://index.example/simple/%2e%2e/", False),
        ("GET", "https://index.example/simple/a b/", False),
        ("GET", "https://user:pw@index.example/simple/six/", False),
        ("GET", "https://index.example/simple/six/\r\nx: y", False),
        ("GET", "https://index.example/simple/" + "a" * 2000 + "/", False),
        ("GET", "https://files.example/a/six-1.0.tar.gz", False),
        ("GET", "https://elsewhere.example/simple/six/", False),
    ],
)
def test_only_the_paths_of_a_registry_may_be_fetched(method: str, url: str, fine: bool) -> None:
    assert (Allowed([INDEX]).refuse(method, url) == "") is fine


def test_what_an_index_links_to_may_be_fetched_exactly() -> None:
    allowed = Allowed([INDEX])
    allowed.learn("https://index.example/simple/six/", PAGE)
    assert allowed.refuse("GET", "https://files.example/a/six-1.0.tar.gz") == ""
    assert allowed.refuse("GET", "https://index.example/rel/x.whl") == ""
    assert allowed.refuse("GET", "https://files.example/a/six-1.1.tar.gz")
    assert allowed.refuse("GET", "https://files.example/a/six-1.0.tar.gz?leak=1")


def test_the_metadata_beside_a_linked_file_may_be_fetched() -> None:
    allowed = Allowed((INDEX,))
    allowed.learn("https://index.example/simple/six/", PAGE)
    wheel = "https://index.example/rel/x.whl"
    refused = [
        bool(allowed.refuse("GET", wheel + end)) for end in (".metadata", ".metadata.metadata", ".asc")
    ]
    assert refused == [False, True, True]


def test_a_file_teaches_no_links() -> None:
    allowed = Allowed([INDEX])
    allowed.learn("https://files.example/a/six-1.0.tar.gz", b'href="https://evil.example/"')
    assert not allowed.knows("https://evil.example/")


def test_an_accept_header_carries_nothing_else() -> None:
    allowed = Allowed([replace(INDEX, accepts=r"application/vnd\.own\+json")])
    said = "text/html; q=0.1, application/json;secret=abc, x-leak/abc, application/vnd.own+json"
    assert allowed.accept(said) == "text/html, application/json, application/vnd.own+json"
    assert allowed.accept("leak") == "*/*"


def test_files_below_a_root_that_the_registry_names_may_be_fetched_by_its_paths() -> None:
    endpoint = Endpoint(
        "cargo", "https://index.example/", "", (r"config\.json", r"[a-z]+/[0-9.]+/download"),
        roots=r'"dl"\s*:\s*"([^"{}]+)',
    )  # fmt: skip
    allowed = Allowed([endpoint])
    url = "https://files.example/crates/demo/1.0.0/download"
    assert allowed.refuse("GET", url)
    allowed.learn("https://index.example/config.json", b'{"dl": "https://files.example/crates"}')
    assert not allowed.refuse("GET", url)
    assert allowed.refuse("GET", "https://files.example/other/demo/1.0.0/download")
    assert allowed.refuse("GET", "https://files.example/crates/demo/secret")


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def gated(tmp_path: Path, registry: Registry):
    with internet(tmp_path / "R", endpoints=(INDEX,), canaries=(CANARY,), forward=registry) as net:
        yield net


def test_an_install_reads_the_index_and_the_file_it_links_to(gated: Net, registry: Registry) -> None:
    gated.tell("phase install gateway")
    assert gated.curl("https://index.example/simple/six/").stdout == PAGE.decode()
    done = gated.curl("https://files.example/a/six-1.0.tar.gz", "-o", str(gated.folder / "got"))
    assert done.returncode == 0
    assert (gated.folder / "got").stat().st_size == 300_002
    assert [one.url for one in registry.asked] == [
        "https://index.example/simple/six/",
        "https://files.example/a/six-1.0.tar.gz",
    ]
    said = gated.heard(lambda s: s.name == "files.example" and s.gateway)
    assert (said.status, said.received > 300_000, len(said.response) <= 4096) == (200, True, True)
    gated.tell("phase import")
    assert "Not found" in gated.curl("https://index.example/simple/six/").stdout
    assert gated.heard(lambda s: s.refused).refused == "no install is running"
    assert len(registry.asked) == 2


def test_nothing_else_reaches_the_registry(gated: Net, registry: Registry) -> None:
    gated.tell("phase install gateway")
    secret = CANARY.secret.encode().hex()
    for url, more in (
        ("https://index.example/simple/six/", ("-X", "PUT", "-d", "a=1")),
        ("https://index.example/simple/six/", ("-d", "a=1")),
        ("https://index.example/simple/six/", ("-X", "GET", "-d", "a=1")),
        ("https://index.example/simple/six/?leak=1", ()),
        ("https://index.example/-/v1/login", ()),
        ("http://index.example/simple/six/", ()),
        (f"https://index.example/simple/{secret}/", ()),
        (f"https://index.example/simple/{CANARY.secret}/", ()),
        (f"https://index.example/simple/{CANARY.secret[::-1]}/", ()),
        ("https://other.example/simple/six/", ()),
    ):
        assert gated.curl(url, *more).returncode == 0
    assert registry.asked == []
    reasons = {s.refused for s in gated.said() if s.refused}
    assert any(reason.startswith("carries npm-token") for reason in reasons)


def test_the_clients_own_headers_stay_inside(gated: Net, registry: Registry) -> None:
    gated.tell("phase install gateway")
    gated.curl(
        "https://index.example/simple/six/", "-H", "X-Leak: abc", "-H", "Accept: leak/abc", "-A", "leak"
    )
    assert registry.asked == [Fetch("GET", "https://index.example/simple/six/", "*/*")]


def test_a_registry_that_fails_is_a_bad_gateway(gated: Net) -> None:
    gated.tell("phase install gateway")
    assert (
        gated.curl("https://index.example/simple/broken/", "-o", "/dev/null", "-w", "%{http_code}").stdout
        == "502"
    )
    assert gated.curl("https://index.example/simple/none/", "-w", "%{http_code}").stdout == "absent404"


def test_fetches_are_counted(tmp_path: Path, registry: Registry) -> None:
    with internet(tmp_path / "R", Bounds(fetches=2), (INDEX,), forward=registry) as net:
        net.tell("phase install gateway")
        for name in "abcd":
            net.curl(f"https://index.example/simple/{name}/")
    assert len(registry.asked) == 2


def served(asked: list[httpx.Request]):
    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/moved":
            return httpx.Response(302, headers={"location": "https://cdn.example/file"})
        kind = "text/html" if request.url.path.endswith("/") else "application/gzip"
        return httpx.Response(
            200, headers={"content-type": kind}, content=b"body of " + request.url.path.encode()
        )

    return httpx.Client(transport=httpx.MockTransport(handle))


def test_the_forwarder_keeps_what_it_fetched(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    forward = Forwarder([INDEX], served(asked), tmp_path / "cache")
    for _ in range(2):
        reply = forward(Fetch("GET", "https://index.example/simple/six/", "text/html"))
        assert reply.path is not None
        assert (reply.status, reply.kind, reply.path.read_bytes()) == (
            200,
            "text/html",
            b"body of /simple/six/",
        )
    assert len(asked) == 1


def test_authorization_goes_to_the_registry_alone(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    forward = Forwarder([INDEX], served(asked), tmp_path / "cache")
    forward(Fetch("GET", "https://index.example/simple/six/"))
    forward(Fetch("GET", "https://files.example/a"))
    forward(Fetch("GET", "https://index.example/moved"))
    assert [one.headers.get("authorization") for one in asked] == ["Basic secret", None, "Basic secret", None]


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biopsy.sandbox.internet.forwarder.MAX_CACHE", 50)
    forward = Forwarder([INDEX], served([]), tmp_path / "cache")
    for number in range(20):
        forward(Fetch("GET", f"https://files.example/{number}"))
    kept = [p for p in (tmp_path / "cache").glob("??/*") if not p.suffix]
    assert sum(p.stat().st_size for p in kept) <= 50


def test_an_answer_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biopsy.sandbox.internet.forwarder.MAX_ANSWER", 4)
    with pytest.raises(RegistryError):
        Forwarder([INDEX], served([]), tmp_path / "cache")(Fetch("GET", "https://files.example/x"))
    assert list((tmp_path / "cache").glob("??/*")) == []
