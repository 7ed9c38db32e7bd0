"""Webhooks: each event at least once and in order, signed, never to our own network, and not for ever."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from biopsy.errors import UsageError
from biopsy.reports import config, ledger, outbound
from biopsy.reports.database import Act, Database
from biopsy.reports.feeds import hook
from biopsy.reports.feeds.hook import Hook

AT = "2026-11-01T00:00:00Z"
SECRET = "whsec_" + base64.b64encode(b"not a real secret, but long").decode()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def record(name: str, **parts: Any) -> tuple[str, bytes]:
    about = {"package": {"ecosystem": parts.pop("ecosystem", "npm"), "name": name}, "versions": ["1.0.0"]}
    made = {"modified": AT, "published": AT, "details": "Words.", "affected": [about], **parts}
    return name, json.dumps(made).encode()


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what is posted, and answers as it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.kills = 0  # the process that sends, before it is answered

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?token=not-to-be-shown"

    def events(self) -> list[tuple[str, str]]:
        return [(e["kind"], e["report"]) for _, body in self.came for e in json.loads(body)["events"]]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
        if self.server.kills:
            os.kill(self.server.kills, signal.SIGKILL)
            return
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("location", "http://169.254.169.254/")  # is not followed
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    held = Database(tmp_path / "reports.db", create=True)
    held.take("one", [record("x", id="MAL-2026-1"), record("y", id="MAL-2026-2", ecosystem="PyPI")], AT)
    return held


def listening(receiver: Receiver, **parts: Any) -> Hook:
    return Hook(**({"url": receiver.url, "secret": SECRET, "private": True, "start": "beginning"} | parts))


def tell(database: Database, one: Hook, at: datetime = NOON) -> hook.Standing:
    return hook.tell(database, "chat", one, lambda: at)


def test_a_hook_is_told_once_of_each_event_and_then_of_what_follows(
    database: Database, receiver: Receiver
) -> None:
    one = listening(receiver)
    assert (tell(database, one).events, tell(database, one).events) == (2, 2)
    act = Act("tester", "2026-11-05T00:00:00Z", "duplicate: of another")
    ledger.withdraw(database, ledger.find(database, ["MAL-2026-1"]), act)
    tell(database, one)
    assert receiver.events() == [
        ("new", "MAL-2026-1"), ("new", "MAL-2026-2"), ("withdrawn", "MAL-2026-1"),
    ]  # fmt: skip
    (event,) = json.loads(receiver.came[-1][1])["events"]
    assert (event["reason"], event["last"]) == ("duplicate: of another", True)
    assert event["document"]["withdrawn"] == "2026-11-05T00:00:00Z"


def test_what_is_told_is_of_the_form_that_is_documented(database: Database, receiver: Receiver) -> None:
    text = resources.files("biopsy").joinpath("schema/event-1.json").read_text()
    tell(database, listening(receiver))
    jsonschema.validate(json.loads(receiver.came[0][1]), json.loads(text))


def test_a_request_is_signed_so_that_its_receiver_can_tell(database: Database, receiver: Receiver) -> None:
    tell(database, listening(receiver))
    ((headers, body),) = receiver.came
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{made}"
    assert int(headers["webhook-timestamp"]) == int(NOON.timestamp())


def test_what_was_not_taken_is_told_again_later_under_the_same_ids(
    database: Database, receiver: Receiver
) -> None:
    receiver.answers = [500, 302, 204]
    one = listening(receiver)
    first = tell(database, one)
    assert (first.fails, first.cursor, first.due) == (1, 0, "2026-11-22T12:01:00Z")
    assert "500" in first.error
    assert "token" not in first.error
    tell(database, one, NOON + timedelta(seconds=59))
    assert len(receiver.came) == 1
    second = tell(database, one, NOON + timedelta(seconds=60))
    assert (second.fails, second.due) == (2, "2026-11-22T12:03:00Z")
    third = tell(database, one, NOON + timedelta(seconds=180))
    assert (third.fails, third.error, third.events) == (0, "", 2)
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len({body for _, body in receiver.came}) == 1


def test_waits_grow_to_a_limit_and_end_until_a_person_says_so(database: Database, receiver: Receiver) -> None:
    one, at = listening(receiver), NOON
    waits = []
    for _ in range(hook.MAX_FAILS):
        receiver.answers = [503]
        now = tell(database, one, at)
        if now.due != hook.STOPPED:
            due = datetime.fromisoformat(now.due)
            waits.append((due - at).total_seconds())
            at = due
    assert (waits[:3], max(waits), now.due) == ([60, 120, 240], hook.LONGEST_WAIT, hook.STOPPED)
    tell(database, one, NOON + timedelta(days=365))
    assert len(receiver.came) == hook.MAX_FAILS
    hook.retry(database, "chat")
    assert tell(database, one, at).events == 2


def test_who_breaks_off_after_sending_sends_it_again(database: Database, receiver: Receiver) -> None:
    one = listening(receiver)

    def broken() -> datetime:
        if receiver.came:
            raise KeyboardInterrupt
        return NOON

    with pytest.raises(KeyboardInterrupt):
        hook.tell(database, "chat", one, broken)
    tell(database, one, NOON + timedelta(seconds=1))
    assert len(receiver.came) == 1  # somebody may still be at it
    tell(database, one, NOON + timedelta(seconds=hook.LEASE))
    assert receiver.events() == [("new", "MAL-2026-1"), ("new", "MAL-2026-2")] * 2
    ids = [e["id"] for _, body in receiver.came for e in json.loads(body)["events"]]
    assert ids[:2] == ids[2:]


def test_many_events_go_in_several_requests_in_order(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "MAX_EVENTS", 3)
    monkeypatch.setattr(hook, "MAX_SCAN", 4)
    database.take("one", [record(f"n{i}", id=f"MAL-2026-{i}") for i in range(3, 15)], AT)
    assert tell(database, listening(receiver)).events == 14
    assert [number for _, number in receiver.events()] == [f"MAL-2026-{i}" for i in range(1, 15)]
    assert len(receiver.came) == 5


def test_a_hook_hears_only_what_it_asked_for_and_a_new_one_only_what_is_new(
    database: Database, receiver: Receiver
) -> None:
    tell(database, listening(receiver, ecosystems=("pypi",), events=("new",)))
    assert receiver.events() == [("new", "MAL-2026-2")]
    assert hook.tell(database, "late", listening(receiver, start="now"), lambda: NOON).events == 0
    database.take("one", [record("z", id="MAL-2026-3")], AT)
    assert hook.tell(database, "late", listening(receiver, start="now"), lambda: NOON).events == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://169.254.169.254/", "https://[::1]/",
        "https://0x7f.1/", "https://2130706433/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/",
        "https://100.64.0.1/", "https://[64:ff9b::7f00:1]/", "https://10.0.0.1:22/",
    ],
)  # fmt: skip
def test_our_own_network_is_not_asked(database: Database, url: str) -> None:
    now = tell(database, Hook(url, SECRET, start="beginning"))
    assert (now.events, now.fails) == (0, 1)
    assert "private network" in now.error


def test_a_name_that_means_our_own_network_is_not_asked_either(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server_address[1]
    rows = [(2, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: rows)
    now = tell(database, Hook(f"https://rebind.example:{port}/", SECRET, start="beginning"))
    assert (now.fails, receiver.came) == (1, [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('url = "http://hooks.example/"', "https"),
        ('url = "https://u:p@hooks.example/"', "password"),
        ('url = "file:///etc/passwd"', "https"),
        ('secret = "short"', "at least 16 bytes"),
        ('secret = "whsec_!"', "base64"),
        ('secret = "$NOT_SET_ANYWHERE"', "not set"),
        ('events = ["old"]', "events"),
        ('ecosystems = ["nowhere"]', "nowhere"),
        ('start = "later"', "start"),
        ("unknown = 1", "unknown"),
    ],
)
def test_a_hook_that_makes_no_sense_is_named(tmp_path: Path, line: str, why: str) -> None:
    lines = {"url": 'url = "https://hooks.example/"', "secret": f'secret = "{SECRET}"'}
    lines[line.split(" ", maxsplit=1)[0]] = line
    (tmp_path / "reports.toml").write_text("[webhooks.chat]\n" + "\n".join(lines.values()))
    with pytest.raises(UsageError, match=why):
        config.webhooks(tmp_path / "reports.toml")


def test_the_command_says_what_is_due_and_sends_it(
    database: Database, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "reports.toml").write_text(
        f'[webhooks.chat]\nurl = "{receiver.url}"\nsecret = "{SECRET}"\nprivate = true\nstart = "beginning"\n'
    )
    code = "from biopsy.cli import main; main()"
    command = [sys.executable, "-c", code, "reports", "webhooks", "--home", str(tmp_path), "-f", "json"]
    dry = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=True)
    assert [(row["event"], row["report"]) for row in json.loads(dry.stdout)] == [
        ("new", "MAL-2026-1"), ("new", "MAL-2026-2"),
    ]  # fmt: skip
    assert receiver.came == []
    sent = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [(row["state"], row["events"]) for row in json.loads(sent.stdout)] == [("told", 2)]
    assert len(receiver.events()) == 2


def test_who_is_killed_while_telling_tells_it_again(
    database: Database, receiver: Receiver, tmp_path: Path
) -> None:
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from biopsy.reports.database import Database\nfrom biopsy.reports.feeds import hook\n"
        "print(flush=True)\nsys.stdin.read(1)\n"
        f"one = hook.Hook({receiver.url!r}, {SECRET!r}, private=True, start='beginning')\n"
        f"hook.tell(Database(Path({str(tmp_path / 'reports.db')!r})), 'chat', one, lambda: datetime.now(UTC))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as sender:
        assert sender.stdout
        sender.stdout.readline()
        receiver.kills = sender.pid
        with suppress(BrokenPipeError):
            sender.communicate(b"x", timeout=60)
    assert (sender.returncode, len(receiver.came)) == (-signal.SIGKILL, 1)
    receiver.kills = 0
    hook.retry(database, "chat")
    assert hook.tell(database, "chat", listening(receiver), lambda: datetime.now(UTC)).events == 2
    assert receiver.events() == [("new", "MAL-2026-1"), ("new", "MAL-2026-2")] * 2
