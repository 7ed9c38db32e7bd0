"""Every indicator of the database, with the reports that name it: what the table and STIX are made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from biopsy.model.hosts import SHARED, host_class
from biopsy.reports.claim import Package, origins
from biopsy.reports.content import Indicator, indicators, reserved
from biopsy.reports.record import Json, Report

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class About:
    """A report that names indicators; `withdrawn` is empty while it stands."""

    id: str
    package: Package
    published: str
    modified: str
    withdrawn: str
    summary: str


@dataclass(frozen=True, slots=True)
class Naming:
    """That a report names an indicator: by which of its sources, and what they say beside it."""

    about: About
    sources: tuple[str, ...]
    paths: tuple[str, ...]
    note: str


@dataclass(slots=True)
class Observed:
    """One indicator. `public` says whose it is where that is all of us, or nobody: `cdn`, `reserved`."""

    type: str
    value: str
    public: str
    digests: dict[str, str] = field(default_factory=dict)
    reports: list[Naming] = field(default_factory=list)


class Gathered:
    """Indicators, as reports come; those of one report in two shapes are one."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: dict[tuple[str, str], Observed] = {}

    def add(self, package: Package, report: Report) -> None:
        """Take what a report names."""
        about = _about(package, report)
        for one in _indicators(report):
            held = self._found.get((one.type, one.value))
            if held is None:
                held = Observed(one.type, one.value, public(one.type, one.value))
                self._found[one.type, one.value] = held
            held.digests = {**one.digests, **held.digests}
            held.reports.append(Naming(about, tuple(sorted(one.sources)), tuple(sorted(one.paths)), one.note))

    def all(self) -> list[Observed]:
        """All of them, sorted, and their reports by id."""
        for held in self._found.values():
            held.reports.sort(key=lambda naming: naming.about.id)
        return [self._found[key] for key in sorted(self._found)]


def public(kind: str, value: str) -> str:
    """Whose an address, domain or URL is, where that is all of us, or nobody; else empty.

    What names one thing on a host that all share (a paste, a file) is that thing, and nobody else's.
    """
    host, one = value, False
    if kind == "url":
        try:
            parts = urlsplit(value)
            host, one = parts.hostname or "", bool(parts.path.strip("/") or parts.query)
        except ValueError:
            return ""
    elif kind not in {"domain", "address"}:
        return ""
    if not host or reserved(host):
        return "reserved"
    known = "" if one else host_class(host)
    return known if known in SHARED else ""


def _indicators(report: Report) -> Sequence[Indicator]:
    """Those of a report, its artifacts too; a report of one source says who names what is said of nobody."""
    names = {str(one.get("source") or "") for one in origins(report)}
    only = next(iter(names)) if len(names) == 1 else ""
    found = {(one.type, one.value): one for one in indicators([(only, report)])}
    for artifact in _artifacts(report):
        sha256, name = artifact.get("sha256"), artifact.get("filename")
        if isinstance(sha256, str) and _SHA256.fullmatch(sha256):
            paths = [name] if isinstance(name, str) and name else []
            made = Indicator("artifact", sha256, [only] if only else [], {"sha256": sha256}, paths)
            found.setdefault(("artifact", sha256), made)
    return list(found.values())


def _artifacts(report: Report) -> list[dict[str, Json]]:
    specific = report.get("database_specific")
    malware = specific.get("malware") if isinstance(specific, dict) else None
    listed = malware.get("artifacts") if isinstance(malware, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _about(package: Package, report: Report) -> About:
    def text(name: str) -> str:
        return str(report.get(name) or "")

    published = text("published") or text("modified")
    return About(text("id"), package, published, text("modified"), text("withdrawn"), text("summary"))
