"""Package URLs say the same as the ecosystem and name beside them."""

from collections.abc import Iterator

from packageurl import PackageURL

from biopsy.reports import naming
from biopsy.reports.checks import Fault, held, objects, pointer, text
from biopsy.reports.record import Report

_BETWEEN = {"maven": ":", "vscode": ".", "vscode-extension": "."}
_NAME_ONLY = frozenset({"deb", "apk"})
_KINDS = {rules.ecosystem: {rules.purl} for rules in naming.RULES.values() if rules.purl}
_KINDS["VSCode"] = {"vscode-extension", "vscode"}  # the specification's, and what was written before it
_KINDS["GitHub Actions"] = {"github", "githubactions"}


def check(report: Report) -> Iterator[Fault]:
    """A purl parses, and means this package."""
    for number, about in objects(report, "affected"):
        package = held(about, "package")
        if not (given := text(package, "purl")):
            continue
        at = pointer("affected", number, "package", "purl")
        try:
            purl = PackageURL.from_string(given)
        except (ValueError, TypeError) as error:
            yield Fault("purl", at, f"no package URL: {error}"[:200])
            continue
        ecosystem, name = text(package, "ecosystem"), text(package, "name")
        if purl.type not in _KINDS.get(naming.base(ecosystem), ()):
            yield Fault("purl-type", at, f"{purl.type} is not the type of {ecosystem}")
        elif not _same(purl, ecosystem, name):
            yield Fault("purl-name", at, f"{given[:80]} is not {name[:80]}")
        if purl.version:
            yield Fault("purl-version", at, "a version: the versions stand beside it", warning=True)


def _same(purl: PackageURL, ecosystem: str, name: str) -> bool:
    parts = [purl.name] if purl.type in _NAME_ONLY else [p for p in (purl.namespace, purl.name) if p]
    whole = _BETWEEN.get(purl.type, "/").join(parts)
    whole = f"{whole}/{purl.subpath}" if purl.subpath else whole
    mine, theirs = (naming.canonical(ecosystem, n) for n in (whole, name))
    # purl writes the names of some types small (purl specification, types), whatever the registry does
    return mine == theirs or (whole == whole.lower() and mine == theirs.lower())
