"""Indicators of compromise: each is what its list says it is, so that machines can block it.

Both shapes in use are checked: `iocs` (at the top, or with the package) and `indicators` (with the
package). A defanged value (`hxxp://x[.]example`) is understood, and said to be one.
"""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from biopsy.model.hosts import SHARED, host_class, hosts
from biopsy.reports.checks import Fault, held, objects, pointer, text, texts
from biopsy.reports.content import DIGESTS, refang, reserved
from biopsy.reports.record import Json, Report

_DOMAIN = re.compile(r"[A-Za-z0-9_.-]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_LISTS = ("domains", "ips", "urls")
_KNOWN = {
    "iocs": {*_LISTS, "files", "strings", "hashes"},
    "indicators": {*_LISTS, "files", "evidence_files", "package_integrity"},
}
_FILE = {"paths", "note", "source", "digests"}
_FROM = ("PACKAGE_ARCHIVE", "DROPPED", "IN_MEMORY")


def check(report: Report) -> Iterator[Fault]:
    """Every list of both shapes."""
    yield from _shape(held(report, "database_specific"), "iocs", ("database_specific", "iocs"))
    for number, about in objects(report, "affected"):
        for name in _KNOWN:
            specific = held(about, "database_specific")
            yield from _shape(specific, name, ("affected", number, "database_specific", name))


def _shape(specific: dict[str, Json], name: str, at: tuple[str | int, ...]) -> Iterator[Fault]:
    given = held(specific, name)
    if name in specific and not isinstance(specific[name], dict):
        yield Fault("ioc-shape", pointer(*at), "an object of lists")
    for part, value in given.items():
        if part not in _KNOWN[name]:
            yield Fault("ioc-list", pointer(*at, part), f"none of {', '.join(sorted(_KNOWN[name]))}")
        elif not isinstance(value, list):
            yield Fault("ioc-shape", pointer(*at, part), "a list")
        elif part in _LISTS:
            yield from _values(given, part, at)
    for number, one in objects(given, "files"):
        yield from _file(one, (*at, "files", number))
    for part, inner in (("evidence_files", ""), ("package_integrity", "hashes")):
        for number, one in objects(given, part):
            where = (*at, part, number, inner) if inner else (*at, part, number)
            yield from _digests(held(one, inner) if inner else one, where)


def _values(given: dict[str, Json], part: str, at: tuple[str | int, ...]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, raw in enumerate(given[part]):
        where = pointer(*at, part, number)
        value = refang(raw) if isinstance(raw, str) else ""
        if value != raw and value:
            yield Fault("ioc-defanged", where, f"write it whole: {value[:80]}", warning=True)
        why = _wrong(part, value)
        if why:
            yield Fault(f"ioc-{part.removesuffix('s')}", where, f"{str(raw)[:80]!r}: {why}")
        elif value in seen:
            yield Fault("ioc-twice", where, f"{value[:80]} stands there already", warning=True)
        elif why := _harmless(part, value):
            yield Fault("ioc-harmless", where, f"{value[:80]}: {why}", warning=True)
        seen.add(value)


def _wrong(part: str, value: str) -> str:
    match part:
        case "domains":
            return _no_domain(value)
        case "ips":
            return "" if _network(value) else "neither an address nor a network"
        case _:
            return _no_url(value)


def _no_domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        return "letters, digits, `.`, `-` and `_`"
    if len(value) > 255 or any(len(label) > 63 for label in value.split(".")):
        return "longer than a name may be (RFC 1035)"
    if any(not label for label in value.removesuffix(".").split(".")):
        return "an empty label"
    return "an address: it belongs under ips" if _network(value) else ""


def _no_url(value: str) -> str:
    if not value or any(c.isspace() or ord(c) < 32 or ord(c) == 127 for c in value):
        return "empty, or white space in it"
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        return "no URL"
    return "" if url.scheme and (url.netloc or url.path) else "no scheme"


def _network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return "/" not in value or value.rpartition("/")[2].isdigit()


def _harmless(part: str, value: str) -> str:
    try:
        host = (urlsplit(value).hostname or "") if part == "urls" else value.lower().removesuffix(".")
    except ValueError:
        return ""
    if reserved(host):
        return "a name or address that is nobody's"
    return "blocking it would hit others" if part == "domains" and _shared(host) else ""


def _file(one: dict[str, Json], at: tuple[str | int, ...]) -> Iterator[Fault]:
    for name in one:
        if name not in _FILE:
            yield Fault("ioc-file", pointer(*at, name), f"none of {', '.join(sorted(_FILE))}")
    if one.get("source") not in {None, *_FROM}:
        yield Fault("ioc-file", pointer(*at, "source"), f"none of {', '.join(_FROM)}")
    paths, digests = list(texts(one, "paths")), held(one, "digests")
    if not paths and not digests:
        yield Fault("ioc-file", pointer(*at), "neither paths nor digests")
    for number, path in paths:
        if not path or any(ord(c) < 32 for c in path):
            yield Fault("ioc-file", pointer(*at, "paths", number), "empty, or control characters in it")
    for name in digests:
        if name not in DIGESTS:
            yield Fault("ioc-digest", pointer(*at, "digests", name), f"none of {', '.join(DIGESTS)}")
    yield from _digests(digests, (*at, "digests"))


def _digests(digests: dict[str, Json], at: tuple[str | int, ...]) -> Iterator[Fault]:
    for name, length in DIGESTS.items():
        if name not in digests or not length:
            continue
        value = text(digests, name)
        if len(value) != length or not _HEX.fullmatch(value):
            yield Fault("ioc-digest", pointer(*at, name), f"{value[:80]!r} is not {length} hex digits")


def _shared(host: str) -> bool:
    """Whether a host, as a whole, serves everybody: its own domain is listed, not only one above it."""
    return host in hosts() and host_class(host) in SHARED
