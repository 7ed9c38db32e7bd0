"""Messages: what waits in the box arrives, once, signed, in words that a package cannot abuse."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from biopsy import queue
from biopsy.errors import UsageError
from biopsy.pipeline.work import messages
from biopsy.pipeline.work.delivering import Sender
from biopsy.pipeline.work.messages import Place
from biopsy.pipeline.work.metrics import Metrics
from biopsy.reports.feeds.hook import signature

VERDICT = {
    "purl": "pkg:npm/x@1.0.0", "ecosystem": "npm", "verdict": "malicious", "run_id": "20261122-150850-68935c51",
    "reason": "<!channel> *bold* https://collector.example \x1b[31m\u202eevil", "rules": ["exfil/a"],
}  # fmt: skip


class Listener:
    """Takes requests on the loopback address."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_webhook_gets_all_that_is_known_signed_and_under_an_id_that_stays(listener: Listener) -> None:
    place = Place(listener.url, secret="a secret of some length", private=True)
    assert [messages.send(place, 7, "verdict", VERDICT, 1e9) for _ in range(2)] == ["", ""]
    (first, body), (second, _) = listener.heard
    assert first["webhook-id"] == second["webhook-id"]
    at = int(first["webhook-timestamp"])
    assert first["webhook-signature"] == signature(place.secret, first["webhook-id"], at, body)
    assert json.loads(body)["about"]["reason"] == VERDICT["reason"]


def test_a_chat_gets_words_that_call_nobody_and_link_nowhere(listener: Listener) -> None:
    assert messages.send(Place(listener.url, "slack", private=True), 7, "verdict", VERDICT, 1e9) == ""
    said: dict[str, Any] = json.loads(listener.heard[0][1])
    (block,) = said["blocks"]
    text = block["text"]["text"]
    assert block["text"]["type"] == "plain_text"
    assert "https://" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "malicious: pkg:npm/x@1.0.0" in said["text"]


@pytest.mark.parametrize("status", [302, 400, 429, 500])
def test_what_is_not_taken_is_said_without_the_address(listener: Listener, status: int) -> None:
    listener.status = status
    wrong = messages.send(Place(listener.url, private=True), 7, "parked", {}, 1e9)
    assert wrong == f"it answered {status}"


def test_our_own_network_is_not_asked_unless_that_is_said(listener: Listener) -> None:
    assert "private" in messages.send(Place(listener.url.replace("http:", "https:")), 7, "parked", {}, 1e9)
    assert not listener.heard


@pytest.mark.parametrize(
    ("kind", "payload", "on", "ecosystems", "wanted"),
    [
        ("verdict", VERDICT, messages.USUAL, (), True),
        ("verdict", {**VERDICT, "verdict": "benign"}, messages.USUAL, (), False),
        ("verdict", VERDICT, ("malicious",), ("pypi",), False),
        ("parked", {"purl": "pkg:npm/x"}, messages.USUAL, (), True),
        ("feed-trouble", {"feed": "npm/changes"}, ("feed",), (), True),
        ("feed-trouble", {"feed": "npm/changes"}, ("malicious",), (), False),
    ],
)
def test_each_place_hears_what_it_asked_for(
    kind: str, payload: dict[str, Any], on: tuple[str, ...], ecosystems: tuple[str, ...], wanted: bool
) -> None:
    assert Place("https://x.example", on=on, ecosystems=ecosystems).wants(kind, payload) is wanted


def test_no_file_is_nobody_to_tell(tmp_path: Path) -> None:
    assert messages.read(tmp_path) == {}


def test_what_begins_with_a_dollar_sign_is_read_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "messages.toml").write_text('[to.chat]\nurl = "$CHAT"\nform = "slack"\n')
    assert messages.read(tmp_path, {"CHAT": "https://chat.example/x"})["chat"].url == "https://chat.example/x"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[to", "Expected"),
        ('[to.chat]\nurl = "$CHAT"', "the environment has no CHAT"),
        ('[to.chat]\nurl = "http://chat.example"', "only https"),
        ('[to.chat]\nurl = "https://chat.example"\nform = "fax"', "json or slack"),
        ('[to.chat]\nurl = "https://chat.example"\non = ["evil"]', "unknown: evil"),
        ('[to.chat]\nurl = "https://chat.example"\nsecret = "short"', "at least 16 bytes"),
        ('[to.chat]\nurl = "https://chat.example"\nchannel = "x"', "channel"),
        ("[to.chat]\nurl = 7", "str"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "messages.toml").write_text(text)
    with pytest.raises(UsageError, match=why):
        messages.read(tmp_path, {})


def test_waits_grow_to_an_hour_and_no_further() -> None:
    assert [messages.wait(n) for n in (1, 2, 3, 60)] == [30.0, 60.0, 120.0, 3600.0]


class Box:
    """The queue's box of messages, in memory."""

    def __init__(self, *messages: queue.Message) -> None:
        self.due, self.told_ids, self.later = [*messages], list[int](), list[tuple[int, float]]()

    async def untold(self, limit: int = 100) -> tuple[queue.Message, ...]:
        found, self.due = tuple(self.due[:limit]), self.due[limit:]
        return found

    async def told(self, number: int) -> None:
        self.told_ids.append(number)

    async def not_told(self, number: int, detail: str, after: float) -> None:
        self.later.append((number, after))


def test_a_message_goes_again_only_to_whom_it_did_not_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    broken = {"https://b.example"}

    def send(place: Place, number: int, kind: str, payload: object, made: float) -> str:
        sent.append(place.url)
        return "it answered 500" if place.url in broken else ""

    monkeypatch.setattr("biopsy.pipeline.work.messages.send", send)
    now = datetime.now(UTC)
    message = queue.Message(1, "verdict", {"verdict": "malicious", "ecosystem": "npm"}, now, 1)
    nobody = queue.Message(2, "verdict", {"verdict": "benign"}, now, 1)
    box = Box(message, nobody)
    places = {name: Place(f"https://{name}.example") for name in ("a", "b")}
    sender = Sender(box, places, Metrics())  # type: ignore[arg-type]
    asyncio.run(sender.deliver())
    assert (sent, box.told_ids, box.later) == (["https://a.example", "https://b.example"], [2], [(1, 30.0)])
    broken.clear()
    box.due.append(message)
    asyncio.run(sender.deliver())
    assert (sent[2:], box.told_ids) == (["https://b.example"], [2, 1])
