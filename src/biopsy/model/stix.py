"""STIX 2.1 (OASIS, "STIX Version 2.1"): objects, ids, times and patterns, for everything that writes it.

Ids are UUIDv5 of what an object is about, in a namespace of our own: the same facts give the same bytes,
and a consumer that has an object gets its correction.
"""

import ipaddress
import re
import uuid
from datetime import UTC, datetime
from typing import Any

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/biopsy-dev/biopsy/stix")
"""Not the namespace of STIX itself, which is for observables (section 2.9)."""

_FIRST = "2026-01-01T00:00:00.000Z"  # our identity has no other beginning
_HASHES = {
    "sha256": "SHA-256",
    "sha1": "SHA-1",
    "md5": "MD5",
    "sha512": "SHA-512",
    "ssdeep": "SSDEEP",
    "tlsh": "TLSH",
}
_HEX = {"sha256": 64, "sha1": 40, "md5": 32, "sha512": 128}
_FIELDS = {"domain": "domain-name:value", "url": "url:value", "mail": "email-addr:value"}
_OWN = re.compile(r"[a-z][a-z0-9-]{2,40}")
Object = dict[str, Any]


def us() -> Object:
    """Who says it all."""
    own = ident("identity", "biopsy")
    return made("identity", own, _FIRST, _FIRST, name="biopsy", identity_class="system")


def made(kind: str, own: str, created: str, modified: str, **parts: Any) -> Object:
    """An object; `by` among the parts is the id of who made it, `revoked` whether it was taken back."""
    revoked, by = parts.pop("revoked", False), parts.pop("by", "")
    held: Object = {"type": kind, "spec_version": "2.1", "id": own}
    held |= {"created_by_ref": by} if by else {}
    held |= {"created": created, "modified": max(created, modified)}
    return held | ({"revoked": True} if revoked else {}) | parts


def bundle(objects: dict[str, Object]) -> Object:
    """All of them as one, by their ids."""
    held = [objects[key] for key in sorted(objects)]
    about = "\n".join(f"{one['id']} {one['modified']}" for one in held)
    return {"type": "bundle", "id": ident("bundle", about), "objects": held}


def pattern(kind: str, value: str, digests: dict[str, str] | None = None) -> str:
    """The pattern (section 9) by which an indicator is found; empty where there is none.

    `kind` is a word of ours: `domain`, `url`, `mail`, `address`, `file`, `artifact`, or one of its own.
    """
    if kind in _FIELDS:
        return f"[{_FIELDS[kind]} = {quoted(value)}]"
    if kind == "address":
        return _address(value)
    if kind in {"file", "artifact"}:
        return _hashes(digests or _guessed(value))
    return f"[x-biopsy-{kind}:value = {quoted(value)}]" if _OWN.fullmatch(kind) else ""


def quoted(value: str) -> str:
    """A text as a pattern has it (section 9.1)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def moment(text: str) -> str:
    """A time as STIX writes it, to the millisecond; what is none is the oldest there is."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return "1970-01-01T00:00:00.000Z"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def ident(kind: str, about: str) -> str:
    """The id of the object of this kind that is about this."""
    own = uuid.uuid5(NAMESPACE, f"{kind}\n{about}")
    return f"{kind}--{own}"


def _address(value: str) -> str:
    try:
        version = ipaddress.ip_network(value, strict=False).version
    except ValueError:
        return ""
    return f"[ipv{version}-addr:value {'ISSUBSET' if '/' in value else '='} {quoted(value)}]"


def _hashes(digests: dict[str, str]) -> str:
    parts = [
        f"file:hashes.'{_HASHES[name]}' = {quoted(value)}"
        for name, value in sorted(digests.items())
        if name in _HASHES and _sound(name, value)
    ]
    return f"[{' OR '.join(parts)}]" if parts else ""


def _sound(name: str, value: str) -> bool:
    return name not in _HEX or bool(re.fullmatch(rf"[0-9a-f]{{{_HEX[name]}}}", value))


def _guessed(value: str) -> dict[str, str]:
    return next(({name: value} for name in _HEX if _sound(name, value)), {})
