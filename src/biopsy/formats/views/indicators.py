"""Indicators, classes and techniques as a person wants to see them."""

from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.attack import TACTICS, Technique
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


def telling(analysis: Analysis) -> tuple[Ioc, ...]:
    """The indicators that are worth naming first: nobody else's, and not of a domain whose URL is named."""
    own = [ioc for ioc in analysis.iocs if not ioc.shared and ioc.type is not IocType.HASH]
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
