"""The session that functions are called with: it sends, tells whoever hangs on to it, and knows when it was changed."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import biopsy.sandbox

FOLDER = Path(biopsy.sandbox.__file__).parent / "drivers"


@pytest.fixture
def pyclient(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    sys.modules.pop("pyclient", None)
    import pyclient

    yield pyclient
    del sys.modules["pyclient"]


class Heard(list[tuple[str, str, dict[str, str], bytes]]):
    url = ""


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What a server was asked: method, path, headers, body; it answers each with the same JSON."""
    asked = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"ok": 1}')

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - as http.server wants them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        asked.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield asked
        server.shutdown()


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_method_is_sent_with_what_it_is_given(pyclient: ModuleType, heard: Heard, method: str) -> None:
    with pyclient.Session() as session:
        session.headers["X-Own"] = "1"
        answer = getattr(session, method)(f"{heard.url}a", json={"b": 2}, headers={"X-One": "2"}, timeout=9)
    ((sent, path, headers, body),) = heard
    assert (sent, path, body) == (method.upper(), "/a", b'{"b": 2}')
    assert (headers["X-Own"], headers["X-One"], headers["Content-Type"]) == ("1", "2", "application/json")
    assert (answer.status_code, answer.json(), answer.text, answer.ok) == (200, {"ok": 1}, '{"ok": 1}', True)


@pytest.mark.parametrize(
    ("data", "body"), [({"a": "b c"}, b"a=b+c"), ("text", b"text"), (b"bytes", b"bytes"), (object(), b"")]
)
def test_a_body_of_any_kind_is_sent_or_left_out(
    pyclient: ModuleType, heard: Heard, data: object, body: bytes
) -> None:
    pyclient.Session().post(heard.url, data)
    assert heard[0][3] == body


def test_who_signs_and_who_hangs_on_to_it_is_called(pyclient: ModuleType, heard: Heard) -> None:
    session, told = pyclient.Session(), []

    def sign(request: SimpleNamespace) -> None:
        request.headers["Authorization"] = "signed"

    session.auth = sign
    session.event_hooks["request"].append(lambda request: told.append(request.url))
    session.hooks["response"] = lambda answer: told.append(answer.status_code)
    session.event_hooks["response"].append(lambda _: "another answer")
    assert session.get(heard.url) == "another answer"
    assert heard[0][2]["Authorization"] == "signed"
    assert told == [heard.url, 200]


CHANGES = {
    "a way of sending": lambda session: setattr(session, "send", print),
    "something of his own": lambda session: setattr(session, "mine", 1),
    "who signs": lambda session: setattr(session, "auth", print),
    "a hook": lambda session: session.hooks["response"].append(print),
    "a hook of events": lambda session: session.event_hooks["request"].append(print),
    "who sends": lambda session: session.mount("https://", object()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_somebody_put_into_a_session_shows(pyclient: ModuleType, what: str) -> None:
    session = pyclient.Session()
    assert not session.changed
    CHANGES[what](session)
    assert session.changed


def test_headers_cookies_and_a_password_are_what_sessions_are_for(pyclient: ModuleType) -> None:
    session = pyclient.Session()
    session.headers["Authorization"] = session.cookies["a"] = session.params["b"] = "c"
    session.auth, session.verify = ("user", "password"), False
    assert not session.changed


def test_a_session_sends_so_many_requests_and_no_more(pyclient: ModuleType, heard: Heard) -> None:
    session = pyclient.Session()
    for _ in range(pyclient.MAX_SENT):
        session.get(heard.url)
    with pytest.raises(OSError, match="reset"):
        session.get(heard.url)
    assert len(heard) == pyclient.MAX_SENT


def test_so_many_sessions_are_remembered_and_no_more(pyclient: ModuleType) -> None:
    made = [pyclient.Session() for _ in range(pyclient.MAX_MADE + 1)]
    assert made[:-1] == pyclient.MADE
