"""Telling people: what waits in the queue's box goes to webhooks, and to chats that take Slack's form.

    # BIOPSY_HOME/messages.toml
    [to.chat]
    url = "$CHAT_URL"                     # what begins with a dollar sign is read from the environment
    form = "slack"                        # or json, which is signed (Standard Webhooks 1.0)
    on = ["malicious", "parked"]          # verdicts; parked, trouble, feed; default: all but benign, unknown
    ecosystems = ["npm"]                  # default: all

    [to.siem]
    url = "https://siem.example/biopsy"
    secret = "$SIEM_SECRET"               # at least 16 bytes
    private = true                        # in our own network, or without TLS

Each message arrives at least once, under the same id; who does not answer is asked later and later.
"""

import os
import time
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible
from biopsy.model.dossier import Call
from biopsy.reports import outbound
from biopsy.reports.feeds.hook import MIN_SECRET, key, signature

FILE = "messages.toml"
MAX_FILE = 256 * 1024
MAX_ANSWER = 64 * 1024
MAX_BLOCK = 2900  # characters of a text block: Slack takes 3,000
MAX_LINE = 1000
FIRST_WAIT, LONGEST_WAIT, MAX_TRIES = 30.0, 3600.0, 60
"""Seconds after the first failure and at most; after so many tries a message is given up: two days."""

VERDICTS = tuple(call.value for call in Call)
OTHERS = ("parked", "trouble", "feed")
USUAL = ("malicious", "suspicious", *OTHERS)
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/biopsy-dev/biopsy/messages")
_MARKS = {"malicious": "\U0001f534", "suspicious": "\U0001f7e0", "parked": "\u23f8", "trouble": "\u26a0"}


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """Where messages go, and which."""

    url: str
    form: str = "json"
    on: tuple[str, ...] = USUAL
    ecosystems: tuple[str, ...] = ()
    secret: str = ""
    private: bool = False

    def wants(self, kind: str, payload: Mapping[str, Any]) -> bool:
        """Whether a message is for this place."""
        ecosystem = payload.get("ecosystem", "")
        return topic(kind, payload) in self.on and (
            not self.ecosystems or not ecosystem or ecosystem in self.ecosystems
        )


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    to: dict[str, Place] = {}


def topic(kind: str, payload: Mapping[str, Any]) -> str:
    """What a message is about, in the words of `on`."""
    if kind == "verdict":
        return str(payload.get("verdict", ""))
    return kind.partition("-")[0]


def read(home: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Place]:
    """Read the file; none of them without it. UsageError says what is wrong in it."""
    path = home / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise UsageError(f"{path} is larger than {MAX_FILE >> 10} KiB")
        held = msgspec.convert(tomllib.loads(data.decode()), type=_File)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, msgspec.ValidationError) as err:
        raise UsageError(f"{path}: {err}") from err
    made = {}
    for name, place in held.to.items():
        try:
            made[name] = _checked(place, environment)
        except (UsageError, outbound.OutboundError) as err:
            raise UsageError(f"{path}: to.{name}: {err}") from err
    return made


def _checked(place: Place, environment: Mapping[str, str]) -> Place:
    said = {"url": place.url, "secret": place.secret}
    for field, value in said.items():
        if value.startswith("$"):
            if not (found := environment.get(value[1:], "")):
                raise UsageError(f"{field}: the environment has no {value[1:]}")
            said[field] = found
    outbound.target(said["url"], private=place.private)
    if place.form not in {"json", "slack"}:
        raise UsageError("form: json or slack")
    if unknown := set(place.on) - {*VERDICTS, *OTHERS}:
        raise UsageError(
            f"on: unknown: {', '.join(sorted(unknown))}; there are: {', '.join((*VERDICTS, *OTHERS))}"
        )
    if said["secret"] and len(key(said["secret"])) < MIN_SECRET:
        raise UsageError(f"secret: at least {MIN_SECRET} bytes")
    return replace(place, **said)


def wanted(places: Iterable[Place]) -> frozenset[str]:
    """The verdicts that any place wants to hear of."""
    return frozenset(word for place in places for word in place.on if word in VERDICTS)


def send(place: Place, number: int, kind: str, payload: Mapping[str, Any], made: float) -> str:
    """Send a message; say what went wrong, if anything. The address is not said: it may be secret."""
    body = _slack(kind, payload) if place.form == "slack" else _plain(number, kind, payload, made)
    own, now = f"msg_{uuid.uuid5(_SPACE, f'{number} {made}')}", int(time.time())
    headers = {"content-type": "application/json", "webhook-id": own, "webhook-timestamp": str(now)}
    if place.secret:
        headers["webhook-signature"] = signature(place.secret, own, now, body)
    try:
        with outbound.ask(place.url, headers, private=place.private, method="POST", body=body) as (
            said,
            parts,
        ):
            size = 0
            for part in parts:
                size += len(part)
                if size > MAX_ANSWER:
                    break
            return "" if 200 <= said.status < 300 else f"it answered {said.status}"
    except outbound.OutboundError as err:
        return str(err).replace(place.url, "it").replace(place.url[:200], "it")


def wait(tries: int) -> float:
    """How long to wait after so many tries, in seconds."""
    return min(FIRST_WAIT * 2.0 ** max(0, tries - 1), LONGEST_WAIT)


def _plain(number: int, kind: str, payload: Mapping[str, Any], made: float) -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made))
    return msgspec.json.encode(
        {"schema_version": "1", "id": number, "kind": kind, "at": at, "about": payload}
    )


def _slack(kind: str, payload: Mapping[str, Any]) -> bytes:
    """In plain text blocks nothing that a package chose is markup, a link or a call to everybody."""
    lines = words(kind, payload)
    block = {
        "type": "section",
        "text": {"type": "plain_text", "text": "\n".join(lines)[:MAX_BLOCK], "emoji": True},
    }
    return msgspec.json.encode(
        {
            "text": _escaped(lines[0]),
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "blocks": [block],
        }
    )


def words(kind: str, payload: Mapping[str, Any]) -> list[str]:
    """Say a message in lines for people; the first says all that matters."""
    about = topic(kind, payload)
    mark = f"{_MARKS[about]} " if about in _MARKS else ""
    if kind == "verdict":
        first = f"{mark}{about}: {payload.get('purl', '')}"
        rest = [payload.get("reason", ""), _named("rules", payload.get("rules")), payload.get("report", "")]
        rest.append(f"biopsy show {payload['run_id']}" if payload.get("run_id") else "")
    elif kind == "parked":
        first = f"{mark}parked: {payload.get('purl', '')}: {payload.get('reason', '')}"
        rest = [payload.get("detail", ""), f"biopsy queue show {payload.get('job', '')}"]
    else:
        first = f"{mark}{kind}: {payload.get('feed') or payload.get('reason') or ''}"
        rest = [f"{name}: {value}" for name, value in payload.items() if name != "feed" and value]
    return [_tame(str(line)) for line in (first, *rest) if line]


def _named(name: str, values: Any) -> str:
    return f"{name}: {', '.join(map(str, values))}" if values else ""


def _tame(text: str) -> str:
    return visible(text).replace("://", "[:]//")[:MAX_LINE]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
