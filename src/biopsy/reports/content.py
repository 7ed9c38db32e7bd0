"""What a report says beyond OSV: indicators in one shape, the severity that consumers show.

Indicators come in two shapes, `iocs` and `indicators`; here they are read into one, each with all the sources
that name it. `database_specific.malware` holds it, by schema/report-1.json.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from biopsy.reports.claim import origins
from biopsy.reports.gather import union
from biopsy.reports.record import Json, Report

MAX_VALUE = 4096  # characters of one indicator; longer ones are left out
DIGESTS = {"sha256": 64, "sha1": 40, "md5": 32, "tlsh": 0, "ssdeep": 0}
"""How a file is known, and how many hex digits that has; 0: a form of its own."""

_RESERVED = (".example", ".test", ".invalid", ".localhost", ".local", ".internal", ".onion.example")
_NAMES = frozenset({"localhost", "example.com", "example.net", "example.org", "example.edu"})
_SCHEME = re.compile(r"(?i)^h(?:xx|\*\*|tt)p(s?)(?:\[:\]|:)(?://|\[//\])")
_DOT = re.compile(r"\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)", re.IGNORECASE)


def refang(value: str) -> str:
    """A value as it was before somebody made it harmless to click: `hxxps://x[.]io` is `https://x.io`."""
    whole = _DOT.sub(".", value.strip()).replace("[:]", ":").replace("[@]", "@").replace("[at]", "@")
    return _SCHEME.sub(lambda m: f"http{m[1].lower()}://", whole)


def reserved(host: str) -> bool:
    """Whether a host stands for nobody: names of RFC 2606 and 6761, addresses that are not routed."""
    name = host.lower().removesuffix(".")
    try:
        return not ipaddress.ip_network(name, strict=False).is_global
    except ValueError:
        return name in _NAMES or name.endswith(_RESERVED)


@dataclass(slots=True)
class Indicator:
    """One indicator: its type (`domain`, `url`, `address`, `file`, …), its value, and who names it."""

    type: str
    value: str
    sources: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    note: str = ""

    def data(self) -> dict[str, Any]:
        """As schema/report-1.json has it."""
        made: dict[str, Any] = {"type": self.type, "value": self.value, "sources": sorted(self.sources)}
        made |= {"digests": self.digests} if self.digests else {}
        made |= {"paths": sorted(self.paths)} if self.paths else {}
        return made | ({"note": self.note} if self.note else {})


VECTORS = {
    "critical": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",  # 10.0: whoever installs it, is in its hands
    "high": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",  # 8.8
    "medium": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N",  # 5.3
    "low": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",  # 3.1
}
"""The severity of a malicious package as a vector of CVSS 3.1, so that consumers show it."""

_CLAIMED: dict[str, type] = {
    "category": str, "confidence": str, "severity": str, "campaign": dict, "registry": dict,
    "classes": list, "techniques": list, "behaviours": list, "artifacts": list, "analyses": list,
}  # fmt: skip
"""What a source may say in our own part; the rest of it is computed, or decided."""

_TYPES = {"domains": "domain", "ips": "address", "urls": "url", "strings": "string"}


def indicators(records: Iterable[tuple[str, Report]]) -> list[Indicator]:
    """The indicators of several sources' records, (source, record) each, as one list, sorted.

    Equal ones (domains by their small letters, addresses by what they mean, files by their hash) are one,
    with every source. What cannot be read is left out: `validate` says what that is.
    """
    found: dict[tuple[str, str], Indicator] = {}
    for source, record in records:
        for one in _of(record):
            mine = found.setdefault((one.type, one.value), one)
            _add(mine.sources, one.sources or ([source] if source else []))
            _add(mine.paths, one.paths)
            mine.digests = {**one.digests, **mine.digests}
            mine.note = mine.note or one.note
    return sorted(found.values(), key=lambda i: (i.type, i.value))


def malware(base: Report, claims: Iterable[tuple[str, Report]], standing: Iterable[str]) -> dict[str, Any]:
    """Our own part of a report: what its base says, and what the records of sources say beside it.

    `standing` are the sources whose claims still stand: what only others named is left out. Of a base of one
    source that source names all of its indicators; of one of several nobody knows which, and they have none.
    """
    made = dict(_object(_object(base.get("database_specific")).get("malware")))
    listed = list(claims)
    for _, record in listed:
        said = _object(_object(record.get("database_specific")).get("malware"))
        for name, kind in _CLAIMED.items():
            if isinstance(said.get(name), kind) and said[name]:
                mine = made.get(name)
                made[name] = union(mine, said[name]) if kind is list else mine or said[name]
    there = set(standing)
    from_base = origins(base)
    alone = {_text(one.get("source")) for one in from_base}
    source = next(iter(alone)) if len(alone) == 1 else ""
    found = []
    for one in indicators([(source, base), *listed]):
        kept = [name for name in one.sources if name in there]
        if kept or not one.sources:
            one.sources = kept
            found.append(one.data())
    made.pop("iocs", None)
    return {**made, "iocs": found} if found else made


def shown(report: Report) -> Report:
    """A report with the severity that consumers read: a CVSS vector, and `database_specific.severity`.

    OSV has no severity for malware, so that each consumer makes up its own, or shows none. A report that has
    a severity keeps it. The files of the directory layout are left without, as its keepers have it.
    """
    specific = _object(report.get("database_specific"))
    level = _text(_object(specific.get("malware")).get("severity")) or "critical"
    word = level if level in VECTORS else "critical"
    made = {**report, "database_specific": {"severity": word.upper(), **specific}}
    abouts = [_object(one) for one in _list(report.get("affected"))]
    if not report.get("severity") and not any(one.get("severity") for one in abouts):
        made["severity"] = [{"type": "CVSS_V3", "score": VECTORS[word]}]
    return made


def _of(record: Report) -> Iterator[Indicator]:
    top = _object(record.get("database_specific"))
    yield from _settled(_object(top.get("malware")).get("iocs"))
    yield from _lists(_object(top.get("iocs")))
    for about in _list(record.get("affected")):
        inner = _object(_object(about).get("database_specific"))
        yield from _lists(_object(inner.get("iocs")))
        yield from _lists(_object(inner.get("indicators")))


def _settled(given: Json) -> Iterator[Indicator]:
    """Indicators in our own shape already."""
    for one in map(_object, _list(given)):
        if _text(one.get("type")) and _text(one.get("value")):
            digests = {k: v for k, v in _object(one.get("digests")).items() if isinstance(v, str)}
            sources, paths = _texts(one.get("sources")), _texts(one.get("paths"))
            yield Indicator(one["type"], one["value"], sources, digests, paths, _text(one.get("note")))


def _lists(held: dict[str, Json]) -> Iterator[Indicator]:
    for name, kind in _TYPES.items():
        for raw in _texts(held.get(name)):
            if value := _canonical(kind, raw):
                yield Indicator(kind, value)
    for raw in _list(held.get("hashes")):
        if isinstance(raw, str) and raw.strip():
            yield Indicator("file", raw.strip().lower())
    for one in map(_object, _list(held.get("files"))):
        digests = _digests(_object(one.get("digests")))
        yield from _file(digests, _texts(one.get("paths")), _text(one.get("note")))
    for one in map(_object, _list(held.get("evidence_files"))):
        yield from _file(_digests(one), [p for p in (_text(one.get("path")),) if p])
    for one in map(_object, _list(held.get("package_integrity"))):
        digests = _digests(_object(one.get("hashes")))
        yield from _file(digests, [p for p in (_text(one.get("filename")),) if p], kind="artifact")


def _file(
    digests: dict[str, str], paths: list[str], note: str = "", kind: str = "file"
) -> Iterator[Indicator]:
    """A file by the best of its hashes, or by its path where it has none."""
    value = next((digests[name] for name in DIGESTS if name in digests), "") or next(iter(paths), "")
    if value:
        yield Indicator(kind, value, [], digests, list(paths), note)


def _digests(held: dict[str, Json]) -> dict[str, str]:
    skipped = {"path", "filename", "note", "source"}
    return {
        k: v.lower() if DIGESTS.get(k) else v
        for k, v in held.items()
        if isinstance(v, str) and v and k not in skipped
    }


def _canonical(kind: str, raw: str) -> str:
    value = refang(raw)
    if not value or len(value) > MAX_VALUE:
        return ""
    if kind == "domain":
        return value.lower().removesuffix(".")
    if kind != "address":
        return value
    try:
        found = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return ""
    return str(found) if "/" in value else str(found.network_address)


def _add(mine: list[str], more: Iterable[str]) -> None:
    mine += [one for one in dict.fromkeys(more) if one not in mine]


def _object(held: Json) -> dict[str, Json]:
    return held if isinstance(held, dict) else {}


def _list(held: Json) -> list[Json]:
    return held if isinstance(held, list) else []


def _text(held: Json) -> str:
    return held if isinstance(held, str) else ""


def _texts(held: Json) -> list[str]:
    return [one for one in _list(held) if isinstance(one, str) and one and len(one) <= MAX_VALUE]
