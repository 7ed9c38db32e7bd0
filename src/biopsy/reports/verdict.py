"""What the report database says of one package that is used: a verdict, and why."""

from collections.abc import Iterator
from functools import partial
from typing import Protocol

from biopsy.model.check import GIT, PURL, Checked, Cited, Entry, Verdict
from biopsy.reports import matching, naming
from biopsy.reports.claim import ORIGINS, Package
from biopsy.reports.extent import endless
from biopsy.reports.record import Report

MAX_CITED = 20  # reports named for one entry


class Store(Protocol):
    """Where reports are looked up: `reports.database.Database` is one."""

    def on(self, package: Package) -> Iterator[Report]:
        """The published reports on a package, without withdrawn ones."""


def judged(entry: Entry, store: Store) -> Checked:
    """One entry with its verdict."""
    package, version, why = _package(entry)
    if package is None:
        return Checked(entry, Verdict.UNCHECKED, why)
    reports = sorted(store.on(package), key=lambda r: str(r.get("id", "")))
    if not reports:
        return Checked(entry, Verdict.UNREPORTED)
    for verdict, words, which in (
        (Verdict.MALICIOUS, "{}", partial(_covers, package, version)),
        (Verdict.MALICIOUS, "a file with this hash is malicious: {}", partial(_names_hash, entry.hashes)),
        (Verdict.POSSIBLE, "{}", partial(_may_cover, package, version, entry.wanted)),
    ):
        if held := [r for r in reports if which(r)]:
            reason = words.format(_said(held[0], version, verdict))
            return Checked(entry, verdict, reason, tuple(map(cited, held[:MAX_CITED])))
    others = ", ".join(str(r.get("id", "?")) for r in reports[:MAX_CITED])
    return Checked(entry, Verdict.UNREPORTED, f"other versions are reported: {others}")


def _package(entry: Entry) -> tuple[Package | None, str, str]:
    """The package that an entry means, and the version; or why it means none."""
    if entry.ecosystem == PURL:
        return _of_purl(entry)
    if entry.ecosystem == GIT:
        return Package("", naming.canonical(GIT, entry.name)), entry.version, ""
    if not entry.ecosystem:
        return None, "", f"of no registry: {entry.origin}"
    return Package(entry.ecosystem, naming.canonical(entry.ecosystem, entry.name)), entry.version, ""


def _of_purl(entry: Entry) -> tuple[Package | None, str, str]:
    from packageurl import PackageURL  # noqa: PLC0415 - only SBOMs have them

    from biopsy.reports.query import named  # noqa: PLC0415

    try:
        purl = PackageURL.from_string(entry.name)
    except ValueError as error:
        return None, "", f"no package URL: {error}"
    package = named(purl, entry.name)
    if package is None:
        return None, "", f"no reports are kept on packages of type {purl.type}"
    version = purl.version or entry.version
    return package, version.removeprefix("v") if package.ecosystem == "Go" else version, ""


def _covers(package: Package, version: str, report: Report) -> bool:
    if not version:
        return any(endless(span) for about in _abouts(report) for span in about.get("ranges") or ())
    if not package.ecosystem:
        return any(version in (about.get("versions") or ()) for about in _abouts(report))
    return matching.affects(report, package.ecosystem, version)


def _may_cover(package: Package, version: str, wanted: str, report: Report) -> bool:
    """Whether a report may cover what is not pinned, or a repository at a commit that it does not name."""
    if version and package.ecosystem:
        return False
    listed = [v for about in _abouts(report) for v in about.get("versions") or () if isinstance(v, str)]
    ranged = any(about.get("ranges") for about in _abouts(report))
    if ranged or not listed or not wanted or package.ecosystem != "PyPI":
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    try:
        return any(SpecifierSet(wanted).filter(listed, prereleases=True))
    except InvalidSpecifier:
        return True


def _abouts(report: Report) -> list[Report]:
    return [about for about in report.get("affected") or () if isinstance(about, dict)]


def _names_hash(hashes: tuple[str, ...], report: Report) -> bool:
    if not hashes:
        return False
    known = digests(report)
    return any(_hex(one) in known for one in hashes)


def _hex(given: str) -> str:
    """The digest in hexadecimal, whether it is that, `sha256:<hex>` or SRI's `sha512-<base64>`."""
    kind, colon, digest = given.partition(":")
    if colon or "-" not in kind:
        return (digest or kind).lower()
    from base64 import b64decode  # noqa: PLC0415

    try:
        return b64decode(kind.partition("-")[2], validate=True).hex()
    except ValueError:
        return given


def digests(held: object) -> set[str]:
    """Every text of a report that may be a digest: both shapes of indicators have them."""
    found: set[str] = set()
    stack = [held]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack.extend(v for k, v in one.items() if k != ORIGINS)  # those are hashes of records
        elif isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, str) and len(one) in {32, 40, 64, 96, 128}:
            found.add(one.lower())
        elif isinstance(one, str) and one.startswith(("sha1-", "sha256-", "sha384-", "sha512-")):
            found.add(_hex(one))
    return found


def _said(report: Report, version: str, verdict: Verdict) -> str:
    sources = cited(report).sources
    by = f" (reported by {', '.join(sources)})" if sources else ""
    what = str(report.get("summary") or "malicious code")
    if verdict is Verdict.POSSIBLE:
        which = f"whether {version} is meant cannot be told" if version else "no version is pinned"
        return f"{what}, in some versions; {which}{by}"
    return f"{what}{by}"


def cited(report: Report) -> Cited:
    """What is shown of a report."""
    specific = report.get("database_specific")
    origins = specific.get(ORIGINS) if isinstance(specific, dict) else None
    origins = [o for o in origins if isinstance(o, dict)] if isinstance(origins, list) else []
    sources = dict.fromkeys(str(o.get("source")) for o in origins if o.get("source"))
    links = [r for r in report.get("references") or () if isinstance(r, dict) and r.get("url")]
    links.sort(key=lambda r: r.get("type") != "ADVISORY")
    link = str(links[0]["url"]) if links else ""
    return Cited(str(report.get("id", "")), str(report.get("summary") or ""), tuple(sources), link)
