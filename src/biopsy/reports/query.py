"""Questions to the report database in the words of OSV's API, and their answers.

What is asked, refused and answered is as OSV's own service has it (documentation of `POST /v1/query`), so
that clients work by changing a URL. Two things are better here: names match by the rules of every ecosystem,
and of a purl of a kind that we do not know a `warning` says so.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from packageurl import PackageURL

from biopsy.reports import matching, naming
from biopsy.reports.claim import Package
from biopsy.reports.record import Json, Report

MAX_QUERIES = 1000  # of one batch
MAX_RESULTS = 3000  # reports in one answer
MAX_BATCHED = 1000  # reports in the answer to one query of a batch
MAX_TEXT = 2048  # characters of a name, version or purl
FIRST_PAGE = base64.b64encode(b"FIRST_PAGE_TOKEN").decode()


class QueryError(Exception):
    """A question that makes no sense. The message is the API's; its code is 3, `invalid argument`."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: a package, perhaps at a version; `after` is the id that the page before ended with.

    `package` is None where nothing can be known: a purl of an unknown kind, a commit.
    """

    package: Package | None
    version: str = ""
    after: str = ""
    warning: str = ""


class Store(Protocol):
    """Where reports are looked up."""

    def on(self, package: Package) -> Iterator[Report]:
        """The published reports on a package, without withdrawn ones."""


def parse(body: Json) -> Query:
    """Read a query; raises QueryError with the API's own words."""
    if not isinstance(body, dict):
        raise QueryError("no query provided")
    if (plain := _plain(body)) is not None:
        return plain
    commit, version, token = (_text(body, name) for name in ("commit", "version", "page_token"))
    about = body.get("package")
    if about is not None and not isinstance(about, dict):
        raise QueryError("invalid query")
    if commit is not None:
        if len(commit) not in {40, 64} or any(c not in "0123456789abcdefABCDEF" for c in commit):
            raise QueryError("invalid hash")
        return Query(None)
    if not about:
        raise QueryError("invalid query" if body else "no query provided")
    after = _after(token)
    purl = _text(about, "purl")
    if purl:
        return _by_purl(purl, about, version, after)
    name, ecosystem = _text(about, "name") or "", _text(about, "ecosystem") or ""
    if not name or (not ecosystem and not version):
        raise QueryError("invalid query")
    known = _ecosystem(ecosystem)
    return Query(Package(known, naming.canonical(known or "Git", name)), version or "", after)


def _plain(body: dict[str, Json]) -> Query | None:
    """The question in the form that nearly all have, read fast; None for any other, right or wrong."""
    about, version = body.get("package"), body.get("version") or ""
    if type(about) is not dict or body.get("commit") or body.get("page_token") or about.get("purl"):
        return None
    name, ecosystem = about.get("name"), about.get("ecosystem")
    if type(name) is not str or type(version) is not str or type(ecosystem) is not str:
        return None
    if ecosystem not in naming.KNOWN or not 0 < len(name) <= MAX_TEXT or len(version) > MAX_TEXT:
        return None
    return Query(Package(ecosystem, naming.RULES[ecosystem].canonical(name)), version)


def _text(held: dict[str, Json], name: str) -> str | None:
    value = held.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise QueryError(f"invalid {name}")
    return value


def _ecosystem(ecosystem: str) -> str:
    if ecosystem in {"GIT", ""}:
        return ""
    if naming.base(ecosystem) not in naming.KNOWN:
        raise QueryError("invalid ecosystem")
    return ecosystem


def _by_purl(purl: str, about: dict[str, Json], version: str | None, after: str) -> Query:
    for name in ("name", "ecosystem"):
        if about.get(name):
            raise QueryError(f"{name} specified in a PURL query")
    try:
        given = PackageURL.from_string(purl)
    except ValueError as error:
        raise QueryError(f"failed to parse purl: {error}") from error
    if version and given.version:
        raise QueryError("version specified in params and PURL query")
    package = named(given, purl)
    if package is None:
        return Query(None, warning=f"no reports on packages of type {given.type}")
    return Query(package, version or given.version or "", after)


def named(purl: PackageURL, text: str = "") -> Package | None:
    """The package that a purl means; None where its type is none of ours.

    `text` is the purl as it was written: the library makes names of npm small, which are told by case.
    """
    ecosystem = _TYPES.get(purl.type)
    if ecosystem is None:
        return None
    rules = naming.RULES[ecosystem]
    parts = [p for p in (purl.namespace, purl.name) if p]
    name = rules.between.join(parts) if ecosystem in {"Maven", "VSCode"} else "/".join(parts)
    written = unquote(re.split(r"[?#]|(?<=.)@", text, maxsplit=1)[0])
    if ecosystem == "npm" and written.lower().endswith(f"/{name.lower()}"):
        name = written[-len(name) :]
    if ecosystem == "Go" and purl.subpath:
        name = f"{name}/{purl.subpath}"
    return Package(ecosystem, naming.canonical(ecosystem, name))


_TYPES = {
    "pypi": "PyPI", "npm": "npm", "gem": "RubyGems", "nuget": "NuGet", "cargo": "crates.io", "golang": "Go",
    "maven": "Maven", "composer": "Packagist", "hex": "Hex", "vscode": "VSCode", "vscode-extension": "VSCode",
    "githubactions": "GitHub Actions", "github": "GitHub Actions", "generic": "OSS-Fuzz",
}  # fmt: skip


def _after(token: str | None) -> str:
    if token is None or token == FIRST_PAGE:
        return ""
    try:
        return base64.b64decode(token.encode(), b"-_", validate=True).decode()
    except (ValueError, UnicodeError) as error:
        raise QueryError("invalid cursor") from error


def answer(store: Store, query: Query, limit: int = MAX_RESULTS) -> tuple[list[Report], str]:
    """The reports that a query means, by id, and the token of the next page; empty where there is none."""
    if query.package is None:
        return [], ""
    found: list[Report] = []
    ecosystem, version, after = query.package.ecosystem, query.version, query.after
    reports = list(store.on(query.package))
    if len(reports) > 1:
        reports.sort(key=_id)
    for report in reports:
        if _id(report) <= after or (version and not matching.affects(report, ecosystem, version)):
            continue
        if len(found) == limit:
            return found, base64.urlsafe_b64encode(_id(found[-1]).encode()).decode()
        found.append(report)
    return found, ""


def _id(report: Report) -> str:
    return str(report.get("id", ""))


def brief(report: Report) -> dict[str, Any]:
    """What a batch answers of a report."""
    return {"id": report.get("id", ""), "modified": report.get("modified", "")}
