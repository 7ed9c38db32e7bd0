"""Reports as npm's clients read them: advisories on packages, and on a tree of dependencies."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from biopsy.reports import content, matching
from biopsy.reports.claim import OWN, Package
from biopsy.reports.npm_range import npm_range
from biopsy.reports.query import QueryError
from biopsy.reports.reader import Reader

MAX_PACKAGES = 50_000  # of one request, and nodes of a tree
MAX_VERSIONS = 1000  # of one package
MAX_PATHS = 100  # of one finding
MAX_NAME = 2048  # characters of a name or a version
WORST = {"score": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
"""What malicious code is rated: it runs with the rights of whoever installs it."""


Shown = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes of a report what is served."""


def _versions(name: str, given: Any) -> list[str]:
    if not isinstance(given, list) or len(given) > MAX_VERSIONS or len(name) > MAX_NAME:
        raise QueryError(f"{name[:80]!r}: a list of at most {MAX_VERSIONS:,} versions")
    if not all(isinstance(one, str) and len(one) <= MAX_NAME for one in given):
        raise QueryError(f"{name[:80]!r}: versions are texts")
    return given


def _found(reader: Reader, name: str, versions: Iterable[str]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The reports on a package, each with those of the versions that it covers."""
    for report in reader.on(Package("npm", name)):
        if bad := [version for version in versions if matching.affects(report, "npm", version)]:
            yield report, bad


def _bulk(reader: Reader, asked: dict[str, list[str]], shown: Shown) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, versions in asked.items():
        for report, bad in _found(reader, name, versions):
            found.setdefault(name, []).append(advisory(shown(report), bad))
    return found


def bulk(reader: Reader, asked: Any, shown: Shown = content.shown) -> dict[str, list[dict[str, Any]]]:
    """What reports say to a question of `npm audit`; raises QueryError for what is none."""
    return _bulk(reader, _wanted(asked), shown)


def tree(reader: Reader, asked: Any, shown: Shown = content.shown) -> dict[str, Any]:
    """The same for a whole tree, as older clients ask."""
    if not isinstance(asked, dict):
        raise QueryError("an object with dependencies")
    return _audit(reader, list(_nodes(asked)), shown)


def _wanted(asked: Any) -> dict[str, list[str]]:
    if not isinstance(asked, dict) or len(asked) > MAX_PACKAGES:
        raise QueryError(f"an object of at most {MAX_PACKAGES:,} names")
    return {name: _versions(name, versions) for name, versions in asked.items()}


Node = tuple[str, str, str, bool]
"""A package in a tree: name, version, path from the root, whether only developers need it."""


def _nodes(tree: dict[str, Any]) -> Iterator[Node]:
    """Every package of a tree; raises QueryError for too many. A list instead of recursion: depth is free."""
    count, open_ = 0, [(tree.get("dependencies"), "")]
    while open_:
        level, path = open_.pop()
        for name, held in level.items() if isinstance(level, dict) else ():
            count += 1
            if count > MAX_PACKAGES or len(name) > MAX_NAME or len(path) > 64 * MAX_NAME:
                raise QueryError(f"more than {MAX_PACKAGES:,} packages, or a name that is too long")
            if not isinstance(held, dict):
                continue
            here, version = f"{path}>{name}" if path else name, held.get("version")
            if isinstance(version, str) and len(version) <= MAX_NAME:
                yield name, version, here, held.get("dev") is True
            open_.append((held.get("dependencies"), here))


def _audit(reader: Reader, nodes: list[Node], shown: Shown) -> dict[str, Any]:
    asked: dict[str, dict[str, list[tuple[str, bool]]]] = {}
    for name, version, path, dev in nodes:
        asked.setdefault(name, {}).setdefault(version, []).append((path, dev))
    advisories: dict[str, Any] = {}
    hits = 0
    for name, versions in asked.items():
        for report, bad in _found(reader, name, versions):
            findings = []
            for version in bad:
                places = versions[version]
                hits += len(places)
                findings.append(_finding(version, places))
            one = _old(shown(report), name, bad, findings)
            advisories[str(one["id"])] = one
    developing = sum(dev for *_, dev in nodes)
    return {
        "actions": [],
        "advisories": advisories,
        "muted": [],
        "metadata": {
            "vulnerabilities": {"info": 0, "low": 0, "moderate": 0, "high": 0, "critical": hits},
            "dependencies": len(nodes) - developing,
            "devDependencies": developing,
            "optionalDependencies": 0,
            "totalDependencies": len(nodes),
        },
    }


def _finding(version: str, places: list[tuple[str, bool]]) -> dict[str, Any]:
    paths = [path for path, _ in places[:MAX_PATHS]]
    dev = all(dev for _, dev in places)
    return {"version": version, "paths": paths, "dev": dev, "optional": False, "bundled": False}


def _old(report: dict[str, Any], name: str, bad: list[str], findings: list[Any]) -> dict[str, Any]:
    """An advisory as older clients read it."""
    made = advisory(report, bad)
    return (
        made
        | {
            "module_name": name,
            "findings": findings,
            "patched_versions": "<0.0.0",  # none: a malicious release is never mended
            "overview": str(report.get("details") or made["title"])[:2000],
            "recommendation": "Remove it, and treat what it could read as known to others.",
            "references": made["url"],
            "cves": [],
            "access": "public",
            "created": str(report.get("published") or report.get("modified") or ""),
            "updated": str(report.get("modified") or ""),
            "deleted": None,
            "found_by": {"name": ""},
            "reported_by": {"name": ""},
            "metadata": None,
        }
    )


def advisory(report: dict[str, Any], versions: list[str]) -> dict[str, Any]:
    """A report as npm's clients read it. Its number is made of the id, and stays."""
    own = str(report.get("id", ""))
    links = [r for r in report.get("references") or () if isinstance(r, dict)]
    links.sort(key=lambda r: r.get("type") != "ADVISORY")
    urls = [r["url"] for r in links if isinstance(r.get("url"), str)]
    return {
        "id": number(own),
        "url": urls[0] if urls else f"https://osv.dev/vulnerability/{own}",
        "title": f"{report.get('summary') or 'Malicious code'} ({own})",
        "severity": "critical",
        "vulnerable_versions": npm_range(report, versions),
        "cwe": ["CWE-506"],
        "cvss": WORST,
    }


def number(own: str) -> int:
    """The number of a report: `MAL-2026-17` is 2026 and then 17, so that no two of ours are the same."""
    if OWN.fullmatch(own):
        _, year, count = own.split("-")
        return int(year) * 1_000_000_000 + int(count)
    return zlib.crc32(own.encode("utf-8", "surrogatepass"))
