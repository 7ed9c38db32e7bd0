"""Telling others what happened to reports: signed POSTs, each event at least once, in order.

A hook's cursor moves in the transaction that notes its answer; whoever breaks off before that tells it
again, under the same ids. A request is signed as Standard Webhooks 1.0 has it: `webhook-id`,
`webhook-timestamp`, and `webhook-signature`, an HMAC-SHA256 over id, timestamp and body joined by dots. What
does not answer is asked later and later, then no more until a person says so; nothing is skipped meanwhile.
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from urllib.parse import urlsplit

import msgspec

from biopsy.errors import UsageError
from biopsy.reports import naming, outbound
from biopsy.reports.content import shown
from biopsy.reports.database import Database
from biopsy.reports.news import KINDS, Event
from biopsy.reports.record import compact, timestamp
from biopsy.reports.told import Standing

MAX_EVENTS = 100  # of one request
MAX_BODY = 4 * 1024**2  # bytes of one request; a report that is larger is told without its text
MAX_SCAN = 5000  # entries of the log that are looked through for one request
MAX_REQUESTS = 1000  # to one hook, in one run
LEASE = 900  # seconds that others leave a hook alone which somebody is telling
FIRST_WAIT, LONGEST_WAIT = 60, 6 * 3600  # seconds after the first failure, and after many
MAX_FAILS = 40  # in a row: about nine days, then it is stopped
STOPPED = "9999-12-31T00:00:00Z"
MIN_SECRET = 16  # bytes

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/biopsy-dev/biopsy/webhooks")


class Hook(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[webhooks.NAME]` of the configuration.

    `events` and `ecosystems` (empty: all) are what it is told. `start` is `now` or `beginning`: what a hook
    that is new is told of. `private` allows addresses of our own network, and plain HTTP.
    """

    url: str
    secret: str
    events: tuple[str, ...] = KINDS
    ecosystems: tuple[str, ...] = ()
    start: str = "now"
    private: bool = False
    disabled: str = ""

    def checked(self) -> "Hook":
        """The same; UsageError says what is wrong with it."""
        try:
            outbound.target(self.url, private=self.private)
        except outbound.OutboundError as error:
            raise UsageError(f"url: {error}") from error
        if len(key(self.secret)) < MIN_SECRET:
            raise UsageError(f"secret: at least {MIN_SECRET} bytes")
        if not self.events or set(self.events) - set(KINDS):
            raise UsageError(f"events: of {', '.join(KINDS)}")
        if self.start not in {"now", "beginning"}:
            raise UsageError("start: now or beginning")
        if unknown := [one for one in self.ecosystems if naming.known(one) is None]:
            raise UsageError(f"ecosystems: unknown: {', '.join(unknown)}")
        return self

    def wants(self, event: Event) -> bool:
        """Whether it is to be told of an event."""
        known = {naming.known(one) for one in self.ecosystems}
        mine = not known or (naming.base(event.package.ecosystem) or "Git") in known
        return mine and event.kind in self.events


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request tells: events after `since`, up to the log entry `to`."""

    since: int
    to: int
    events: tuple[Event, ...]
    body: bytes = b""

    def id(self, name: str) -> str:
        """What the request is called, however often it is sent."""
        return f"msg_{uuid.uuid5(NAMESPACE, f'{name} {self.since} {self.to}')}"


def key(secret: str) -> bytes:
    """The bytes of a secret: `whsec_` and base64, or plain text."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise UsageError("secret: what follows whsec_ is base64") from error


def signature(secret: str, own: str, at: int, body: bytes) -> str:
    """What `webhook-signature` says of a request."""
    signed = b".".join((own.encode(), str(at).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key(secret), signed, hashlib.sha256)).decode()}"


def start(database: Database, hook: Hook) -> Standing:
    """How it stands with a hook that was never told anything."""
    return Standing(database.head() if hook.start == "now" else 0)


def retry(database: Database, name: str) -> None:
    """Let a hook that waits, was stopped, or whose teller was, be told at once."""
    with database.change():
        held = database.standing(name)
        if held:
            database.stand(name, replace(held, due=""))


def gather(database: Database, name: str, hook: Hook, cursor: int) -> Batch:
    """What a hook is to be told next."""
    head = max(database.head(), cursor)
    events: list[Event] = []
    parts: list[bytes] = []
    size, seen, to = 0, 0, cursor
    for event in islice(database.since(cursor), MAX_SCAN):
        seen += 1  # noqa: SIM113 - it is asked for after the loop
        if hook.wants(event):
            part = _told(event)
            if events and (len(events) == MAX_EVENTS or size + len(part) > MAX_BODY):
                break
            size += len(part)
            events.append(event)
            parts.append(part)
        to = event.seq
    else:
        to = to if seen == MAX_SCAN else max(head, to)
    start = f'{{"schema_version":"1","hook":"{name}","since":{cursor},"to":{to},"events":['
    return Batch(cursor, to, tuple(events), start.encode() + b",".join(parts) + b"]}")


def _told(event: Event) -> bytes:
    own = str(uuid.uuid5(NAMESPACE, f"{event.id} {event.seq} {event.sha256}"))
    made = {
        "id": own, "kind": event.kind, "seq": event.seq, "at": event.at, "report": event.id,
        "ecosystem": event.package.ecosystem, "package": event.package.name, "reason": event.reason,
        "last": event.last, "document": shown(event.report),
    }  # fmt: skip
    whole = compact(made)
    return whole if len(whole) <= MAX_BODY else compact({**made, "document": None})


def tell(database: Database, name: str, hook: Hook, clock: Callable[[], datetime]) -> Standing:
    """Tell a hook all that is due; how it stands then. One that waits, or that another tells, is left."""
    for _ in range(MAX_REQUESTS):
        at = clock()
        with database.change():
            held = database.standing(name) or start(database, hook)
            if held.due > _text(at):
                return held
            database.stand(name, replace(held, due=_text(at + timedelta(seconds=LEASE))))
        batch = gather(database, name, hook, held.cursor)
        error = _post(name, hook, batch, at) if batch.events else ""
        after = _after(held, batch, error, clock())
        with database.change():
            now = database.standing(name)
            if now is None or now.cursor != held.cursor:
                return now or after  # another was faster: it knows
            database.stand(name, after)
        if error or (not batch.events and batch.to >= database.head()):
            return after
    return after


def _after(held: Standing, batch: Batch, error: str, at: datetime) -> Standing:
    if not error:
        told = _text(at) if batch.events else held.told
        return Standing(batch.to, "", told, held.events + len(batch.events))
    fails = held.fails + 1
    wait = timedelta(seconds=min(FIRST_WAIT * 2 ** min(fails - 1, 20), LONGEST_WAIT))
    due = STOPPED if fails >= MAX_FAILS else _text(at + wait)
    return replace(held, due=due, fails=fails, error=error)


def _post(name: str, hook: Hook, batch: Batch, at: datetime) -> str:
    """Send a request; returns what went wrong, without the address: it may hold a secret."""
    own, seconds = batch.id(name), int(at.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": own,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(hook.secret, own, seconds, batch.body),
    }
    try:
        with outbound.ask(hook.url, headers, private=hook.private, method="POST", body=batch.body) as (
            said,
            _,
        ):
            return "" if 200 <= said.status < 300 else f"{_host(hook)} answered {said.status}"
    except outbound.OutboundError as error:
        return str(error).replace(hook.url, _host(hook)).replace(hook.url[:200], _host(hook))


def _host(hook: Hook) -> str:
    return urlsplit(hook.url).hostname or ""


def _text(at: datetime) -> str:
    return timestamp(at.astimezone(UTC))
