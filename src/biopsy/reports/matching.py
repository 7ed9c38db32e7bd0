"""Whether a report affects a version (OSV schema, "Evaluation" of affected versions).

A version is affected when it is listed, or when it lies in one of the ranges. Events are sorted, and of
those at or before the version the last decides: `introduced` begins, `fixed` and `limit` end, `last_affected`
ends after itself.
"""

import re
from typing import Any

from biopsy.reports.record import Json, Report
from biopsy.reports.versions import Order, order, parsed

_RANK = {"introduced": 0, "last_affected": 1, "fixed": 2, "limit": 3}
_DIGITS = re.compile(r"\d+|rc|alpha|beta|preview", re.IGNORECASE)


def affects(report: Report, ecosystem: str, version: str) -> bool:
    """Whether any package of that ecosystem in a report is affected at a version.

    A version that a person cleared is not, though a range holds it: no range of OSV leaves one version out.
    """
    if version in cleared(report):
        return False
    return any(
        covers(about, ecosystem, version)
        for about in report.get("affected") or ()
        if isinstance(about, dict) and ecosystem_of(about) == ecosystem.partition(":")[0]
    )


def cleared(report: Report) -> frozenset[str]:
    """The versions that were called affected and are not (`cleared` of schema/report-1.json)."""
    specific = report.get("database_specific")
    ours = specific.get("malware") if isinstance(specific, dict) else None
    listed = ours.get("cleared") if isinstance(ours, dict) else None
    rows = listed if isinstance(listed, list) else []
    return frozenset(str(one.get("version")) for one in rows if isinstance(one, dict))


def ecosystem_of(about: dict[str, Json]) -> str:
    """The ecosystem that an `affected` entry is of, without a release of it (`Debian:12` is of Debian)."""
    package = about.get("package")
    return str(package.get("ecosystem", "")).partition(":")[0] if isinstance(package, dict) else ""


def covers(about: dict[str, Json], ecosystem: str, version: str) -> bool:
    """Whether an `affected` entry covers a version."""
    listed = [v for v in about.get("versions") or () if isinstance(v, str)]
    if version in listed:
        return True
    how = order(ecosystem)
    mine = parsed(how, version)
    if mine is None:
        return any(_alike(version, other) for other in listed)
    if any((theirs := parsed(how, other)) is not None and theirs == mine for other in listed):
        return True
    return any(
        _within(span, ecosystem, version) for span in about.get("ranges") or () if isinstance(span, dict)
    )


def _within(span: dict[str, Json], ecosystem: str, version: str) -> bool:
    kind = str(span.get("type", ""))
    how = order(ecosystem, kind)
    mine = parsed(how, version)
    if kind == "GIT" or mine is None:
        return False
    decided = False
    for at, _, name, _ in events(span, how):
        if at is not None and (at > mine or (at == mine and name == "last_affected")):
            break
        decided = name == "introduced"
    return decided


Event = tuple[Any, int, str, str]
"""Where something begins or ends: its key, its rank among those of one version, its name, the version."""


def events(span: dict[str, Json], how: Order | None) -> list[Event]:
    """The events in order; that of `0`, before everything, has no key. What is no version is left out."""
    first: list[Event] = []
    rest: list[Event] = []
    for event in span.get("events") or ():
        for name, value in event.items() if isinstance(event, dict) else ():
            if name not in _RANK or not isinstance(value, str) or (name == "limit" and value == "*"):
                continue
            if value == "0":
                first.append((None, _RANK[name], name, value))
            elif (at := parsed(how, value)) is not None:
                rest.append((at, _RANK[name], name, value))
    return first + sorted(rest, key=lambda e: (e[0], e[1]))


def _alike(one: str, two: str) -> bool:
    """Whether two versions that have no order are spelled alike: as tags, or but for their separators."""
    return _tag(one) == _tag(two) != "" or _plain(one) == _plain(two)


def _tag(version: str) -> str:
    return "-".join(part.lower() for part in _DIGITS.findall(version))


def _plain(version: str) -> str:
    return re.sub(r"[-_.]+", ".", version.lower())
