"""Indicators, classes and techniques as a person wants to see them."""

import re
from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.attack import TACTICS, Technique
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis, Call, Ioc, IocType

WORDS = {
    IocType.DOMAIN: "domain",
    IocType.URL: "URL",
    IocType.ADDRESS: "address",
    IocType.HASH: "SHA-256",
    IocType.WALLET: "wallet",
    IocType.TOKEN: "token",
    IocType.MAIL: "mail",
}
_UNKNOWN = re.compile(r"[${]|%[sd]|\?(?![\w%.-]+=)")
"""Where an address was read as a pattern, marks stand for what was not known: `/agent-?-?`, `/agent-$`."""

_ADDRESS = re.compile(r"\b(?:http|ws|ftp)s?://[^\s/?#]+")
_HOST = re.compile(r"(?<![\w./[-])(?:[\w-]+\.)+[a-z]{2,}(?![\w./-])")
_LIVE = frozenset({IocType.DOMAIN, IocType.URL, IocType.ADDRESS, IocType.MAIL})


def accused(analysis: Analysis) -> bool:
    """Whether what is listed are indicators; else they are contacts of something that did nothing wrong."""
    return analysis.verdict.call in {Call.MALICIOUS, Call.SUSPICIOUS}


def defanged(ioc: Ioc) -> str:
    """The value so that nobody follows it by mistake: `hxxps://x[.]example/a.js`."""
    if ioc.type not in _LIVE:
        return ioc.value
    scheme, there, rest = ioc.value.rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.replace(".", "[.]").replace("@", "[@]")
    if not there and ioc.type is IocType.ADDRESS:
        host = host.replace(":", "[:]", 1)
    return f"{scheme.replace('tt', 'xx')}{there}{host}{slash}{path}"


def unlinked(behaviour: Behaviour) -> str:
    """A line of evidence of which no program that shows it makes a link: `GET hxxps://x[.]example/a.js`."""
    told, at, where = str(behaviour).rpartition(" @ ")
    kind, blank, what = told.partition(" ")
    what = _ADDRESS.sub(lambda found: _harmless(found[0]), what)
    if behaviour.kind.family in {"net", "canary"}:
        what = _HOST.sub(lambda found: _harmless(found[0]), what)
    return kind + blank + what + at + where


def _harmless(address: str) -> str:
    scheme, there, host = address.rpartition("://")
    return f"{scheme.replace('tt', 'xx')}{there}{host.replace('.', '[.]')}"


def telling(analysis: Analysis) -> tuple[Ioc, ...]:
    """The indicators that are worth naming first: nobody else's, and not of a domain whose URL is named.

    A pattern (`/agent-?-?`) is left out where an address of its host is known whole.
    """
    own = [ioc for ioc in analysis.iocs if not ioc.shared and ioc.type is not IocType.HASH]
    whole = {_host(ioc.value) for ioc in own if ioc.type is IocType.URL and not _UNKNOWN.search(ioc.value)}
    own = [ioc for ioc in own if not (_UNKNOWN.search(ioc.value) and _host(ioc.value) in whole)]
    urls = {_host(ioc.value) for ioc in own if ioc.type is IocType.URL}
    return tuple(ioc for ioc in own if not (ioc.type is IocType.DOMAIN and ioc.value in urls))


def _host(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host


class Cell(Struct, frozen=True):
    """A technique in the matrix; `found` says that a finding names it, not just a behaviour."""

    technique: Technique
    found: bool


class Column(Struct, frozen=True):
    """A tactic, with the techniques that serve it here."""

    tactic: str
    cells: tuple[Cell, ...]


def matrix(analysis: Analysis) -> Iterator[Column]:
    """The part of the ATT&CK matrix that findings touch, each column with its findings' techniques first."""
    found = {name for f in analysis.findings if f.status != "draft" for name in f.attack}
    for tactic in TACTICS:
        here = [one for one in analysis.attack.techniques if tactic in one.tactics]
        cells = [Cell(one, one.id in found) for one in here]
        if cells:
            cells.sort(key=lambda cell: (not cell.found, cell.technique.id))
            yield Column(tactic.replace("-", " ").capitalize(), tuple(cells))
