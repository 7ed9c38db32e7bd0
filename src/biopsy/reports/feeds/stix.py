"""Indicators as one STIX 2.1 bundle (OASIS, "STIX Version 2.1").

A report is a `malware` object, an indicator an `indicator` with a pattern, and that one indicates the other
a `relationship`. Ids are UUIDv5 of what an object is about, in a namespace of our own: the same reports give
the same bytes, and a consumer that has an object gets its correction. What was withdrawn is `revoked`. What
blocks others when it is blocked, and what stands for nobody, is left out (the table has it); so is a file
that is known by its path only.
"""

import ipaddress
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from biopsy.reports import naming
from biopsy.reports.feeds.observed import About, Observed

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


def bundle(found: Iterable[Observed]) -> bytes:
    """All that indicators say, as one bundle."""
    us = _id("identity", "biopsy")
    made: dict[str, Object] = {
        us: _object("identity", us, _FIRST, _FIRST, name="biopsy", identity_class="system")
    }
    for one in found:
        pattern = _pattern(one)
        if pattern and not one.public:
            for by in one.reports:
                own = _id("malware", by.about.id)
                if own not in made:
                    made[own] = _malware(own, by.about, us)
            for held in _objects(one, pattern, us, made):
                made[held["id"]] = held
    objects = [made[key] for key in sorted(made)]
    whole = {"type": "bundle", "id": _id("bundle", "\n".join(f"{o['id']} {o['modified']}" for o in objects))}
    return msgspec.json.encode({**whole, "objects": objects}) + b"\n"


def _objects(one: Observed, pattern: str, us: str, made: dict[str, Object]) -> Iterator[Object]:
    """The indicator, and what it indicates, of which the objects are made already."""
    own = _id("indicator", f"{one.type}\n{one.value}")
    created = min(_time(by.about.published) for by in one.reports)
    changed = max(created, *(_changed(by.about) for by in one.reports))
    yield _object(
        "indicator", own, created, changed, revoked=all(by.about.withdrawn for by in one.reports), by=us,
        name=f"{one.type} {one.value}"[:300],
        description="Named by reports of malicious packages: it indicates what these are on.",
        indicator_types=["malicious-activity"],
        pattern=pattern, pattern_type="stix", valid_from=created,
    )  # fmt: skip
    for by in one.reports:
        malware = made[_id("malware", by.about.id)]
        link = _id("relationship", f"{own} indicates {malware['id']}")
        times = (max(created, malware["created"]), max(changed, malware["modified"]))
        yield _object(
            "relationship", link, *times, revoked=bool(by.about.withdrawn), by=us,
            relationship_type="indicates", source_ref=own, target_ref=malware["id"],
            **({"description": f"Named by {', '.join(by.sources)}."} if by.sources else {}),
        )  # fmt: skip


def _malware(own: str, about: About, us: str) -> Object:
    rules = naming.RULES.get(naming.base(about.package.ecosystem))
    labels = [rules.purl] if rules and rules.purl else []
    return _object(
        "malware", own, _time(about.published), _changed(about),
        revoked=bool(about.withdrawn), by=us,
        name=f"{about.package.ecosystem or 'Git'}/{about.package.name}",
        **({"description": about.summary} if about.summary else {}),
        **({"labels": labels} if labels else {}),
        is_family=False, external_references=[{"source_name": "osv", "external_id": about.id}],
    )  # fmt: skip


def _object(kind: str, own: str, created: str, modified: str, **parts: Any) -> Object:
    revoked, by = parts.pop("revoked", False), parts.pop("by", "")
    made: Object = {"type": kind, "spec_version": "2.1", "id": own}
    made |= {"created_by_ref": by} if by else {}
    made |= {"created": created, "modified": max(created, modified)}
    return made | ({"revoked": True} if revoked else {}) | parts


def _pattern(one: Observed) -> str:
    if one.type in _FIELDS:
        return f"[{_FIELDS[one.type]} = {_quoted(one.value)}]"
    if one.type == "address":
        return _address(one.value)
    if one.type in {"file", "artifact"}:
        return _hashes(one.digests or _guessed(one.value))
    return f"[x-biopsy-{one.type}:value = {_quoted(one.value)}]" if _OWN.fullmatch(one.type) else ""


def _address(value: str) -> str:
    try:
        version = ipaddress.ip_network(value, strict=False).version
    except ValueError:
        return ""
    return f"[ipv{version}-addr:value {'ISSUBSET' if '/' in value else '='} {_quoted(value)}]"


def _hashes(digests: dict[str, str]) -> str:
    parts = [
        f"file:hashes.'{_HASHES[name]}' = {_quoted(value)}"
        for name, value in sorted(digests.items())
        if name in _HASHES and _sound(name, value)
    ]
    return f"[{' OR '.join(parts)}]" if parts else ""


def _sound(name: str, value: str) -> bool:
    return name not in _HEX or bool(re.fullmatch(rf"[0-9a-f]{{{_HEX[name]}}}", value))


def _guessed(value: str) -> dict[str, str]:
    return next(({name: value} for name in _HEX if _sound(name, value)), {})


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _changed(about: About) -> str:
    modified = _time(about.modified)
    return max(modified, _time(about.withdrawn)) if about.withdrawn else modified


def _time(text: str) -> str:
    """A time as STIX writes it, to the millisecond; what is none is the oldest there is."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return "1970-01-01T00:00:00.000Z"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _id(kind: str, about: str) -> str:
    own = uuid.uuid5(NAMESPACE, f"{kind}\n{about}")
    return f"{kind}--{own}"


__all__: Sequence[str] = ("NAMESPACE", "bundle")
