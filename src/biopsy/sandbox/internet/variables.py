"""What the body of a reply may name: `${host}`, `${now}`, `${canary:metadata-secret}` and so on."""

import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping

from biopsy.sandbox.internet.reply import Asked
from biopsy.sandbox.raw import Canary

Variable = Callable[[Asked, str], str]


def of(seed: str, canaries: Iterable[Canary], caller: str) -> Mapping[str, Variable]:
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
        "abi": lambda asked, _: _abi(f"https://{_word(seed, asked.host)}.node-relay.example/s"),
        "canary": lambda _, name: planted.get(name, ""),
        "body": lambda asked, name: str(asked.field(name)),
        "accept": lambda asked, _: _accept(asked.headers.get("sec-websocket-key", "")),
    }


def _moment(days: str) -> str:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(days=float(days or 0))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _word(seed: str, text: str) -> str:
    return "n" + hashlib.blake2b(text.encode(), key=seed.encode()[:64], digest_size=5).hexdigest()


def _abi(text: str) -> str:
    """A string as a contract returns it: offset, length, bytes filled up to 32."""
    data = text.encode()
    padded = data + bytes(-len(data) % 32)
    return "0x" + (32).to_bytes(32, "big").hex() + len(data).to_bytes(32, "big").hex() + padded.hex()


def _accept(key: str) -> str:
    """What a WebSocket's server answers to a key (RFC 6455, section 4.2.2)."""
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode()
