"""What the body of a reply may name: `${host}`, `${now}`, `${canary:metadata-secret}` and so on."""

import base64
import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping

from biopsy.sandbox.internet.leads import Leads, formed
from biopsy.sandbox.internet.reply import Asked
from biopsy.sandbox.raw import Canary

Variable = Callable[[Asked, str], str]
MAX_PUSHED = 64 * 1024
"""Bytes of a push in which names of references are looked for."""

_PUSHED = re.compile(rb"[0-9a-f]{40} [0-9a-f]{40} (refs/[!-~]{1,200})")


def of(leads: Leads, canaries: Iterable[Canary], caller: str) -> Mapping[str, Variable]:
    """The variables of a run. `caller` is the address that the sandbox seems to have from outside."""
    planted = {canary.name: canary.text or canary.secret for canary in canaries}
    return {
        "host": lambda asked, _: asked.host,
        "path": lambda asked, _: asked.path,
        "last": lambda asked, _: asked.last or "index",
        "caller": lambda _, __: caller,
        "now": lambda _, days: _moment(days),
        "id": lambda _, size: secrets.token_hex(int(size or 16) // 2),
        "number": lambda _, size: (
            "1" + "".join(secrets.choice("0123456789") for _ in range(int(size or 18) - 1))
        ),
        "origin": lambda asked, _: asked.origin or f"https://{asked.host}",
        "lead": lambda asked, form: formed(f"https://{leads.host(asked.host)}/s", form),
        "pushed": lambda asked, _: _pushed(asked.body),
        "canary": lambda _, name: planted.get(name, ""),
        "body": lambda asked, name: str(asked.field(name)),
        "accept": lambda asked, _: _accept(asked.headers.get("sec-websocket-key", "")),
    }


def _moment(days: str) -> str:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(days=float(days or 0))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _pushed(body: bytes) -> str:
    """What git hears when every reference that it pushed was taken (gitprotocol-pack, Report Status)."""
    told = ["unpack ok\n", *(f"ok {name.decode('latin-1')}\n" for name in _PUSHED.findall(body[:MAX_PUSHED]))]
    return "".join(f"{len(line) + 4:04x}{line}" for line in told) + "0000"


def _accept(key: str) -> str:
    """What a WebSocket's server answers to a key (RFC 6455, section 4.2.2)."""
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode()
