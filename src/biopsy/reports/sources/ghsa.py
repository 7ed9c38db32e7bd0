"""GitHub's advisories of malware: its REST API, or files of what that gives; made into OSV here."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from biopsy.reports import outbound, shapes
from biopsy.reports.record import Json, RecordError, Report, timestamp
from biopsy.reports.sources import Batch, Object, Settings, SourceError, batches

MAX_PAGES = 10_000
LATE = timedelta(hours=2)  # looked at again: an advisory may be seen after others that were changed later
_CURSOR = "updated"
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_LIMIT = re.compile(r"(<=|>=|<|>|=)\s*([^\s,]+)")
_ECOSYSTEMS = {
    "npm": "npm", "pip": "PyPI", "rubygems": "RubyGems", "nuget": "NuGet", "maven": "Maven", "go": "Go",
    "rust": "crates.io", "composer": "Packagist", "erlang": "Hex", "actions": "GitHub Actions",
}  # fmt: skip


class Ghsa:
    """Reads advisories by the time of their change, page by page: there is no number that is too many."""

    kind = "ghsa"
    options = frozenset({"token"})

    def convert(self, advisory: Report) -> Report:
        """Make OSV of one advisory; see `converted`."""
        return converted(advisory)

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:
        """Yield advisories that changed since the cursor; each page is a batch with its cursor."""
        path = Path(settings.place)
        if path.is_file():
            yield from batches(shapes.objects(path, path.name))
            return
        token = settings.options.get("token", "")
        headers = {"accept": "application/vnd.github+json"}
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        url = _first(settings.place, cursors.get(_CURSOR, ""))
        for _ in range(MAX_PAGES):
            rows, link = _page(url, headers, private=settings.private)
            newest = max((str(r.get("updated_at") or "") for r in rows), default="")
            yield Batch([_object(r) for r in rows], {_CURSOR: newest} if newest else {})
            if not link:
                return
            if urlsplit(urljoin(url, link))[:2] != urlsplit(url)[:2]:
                raise SourceError(f"{settings.place}: the next page is on another host")
            url = urljoin(url, link)
        raise SourceError(f"{settings.place}: more than {MAX_PAGES:,} pages; run it again to go on")


def _first(place: str, cursor: str) -> str:
    asked = {"type": "malware", "sort": "updated", "direction": "asc", "per_page": "100"}
    if cursor:
        asked["modified"] = f">={timestamp(datetime.fromisoformat(cursor) - LATE)}"
    return f"{place}?{urlencode(asked)}"


def _page(url: str, headers: Mapping[str, str], *, private: bool) -> tuple[list[Report], str]:
    with tempfile.TemporaryFile() as file:
        with outbound.ask(url, headers, private=private) as (answer, body):
            if answer.status != 200:
                raise SourceError(f"{url}: status {answer.status}")
            outbound.save(body, file)
        file.seek(0)
        data = file.read(shapes.MAX_LIST)
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{url}: no JSON") from error
    if not isinstance(rows, list):
        raise SourceError(f"{url}: no list of advisories")
    found = _NEXT.search(answer.headers.get("link", ""))
    return [r for r in rows if isinstance(r, dict)], found[1] if found else ""


def _object(row: Report) -> Object:
    return str(row.get("ghsa_id") or row.get("url") or ""), json.dumps(row, sort_keys=True).encode()


def converted(advisory: Report) -> Report:
    """Make OSV of an advisory of GitHub's API; raises RecordError. A record that is OSV stays as it is."""
    if "affected" in advisory:
        return advisory
    own, rows = advisory.get("ghsa_id"), advisory.get("vulnerabilities")
    if not isinstance(own, str) or not isinstance(rows, list):
        raise RecordError("no-advisory", "neither OSV nor an advisory: no ghsa_id, no vulnerabilities")
    made: Report = {
        "schema_version": "1.7.4",
        "id": own,
        "modified": advisory.get("updated_at") or "",
        "published": advisory.get("published_at") or "",
    }
    if advisory.get("withdrawn_at"):
        made["withdrawn"] = advisory["withdrawn_at"]
    others = [i.get("value") for i in _dicts(advisory, "identifiers") if i.get("value") not in {None, own}]
    if others:
        made["aliases"] = others
    made |= {"summary": advisory.get("summary") or "", "details": advisory.get("description") or ""}
    weaknesses = [{"cweId": c.get("cwe_id"), "name": c.get("name")} for c in _dicts(advisory, "cwes")]
    by_package: dict[str, Report] = {}
    for row in rows:
        _affect(by_package, row if isinstance(row, dict) else {}, weaknesses)
    links = [u for u in advisory.get("references") or () if isinstance(u, str)]
    page = advisory.get("html_url")
    made["affected"] = list(by_package.values())
    made["references"] = [
        *([{"type": "ADVISORY", "url": page}] if isinstance(page, str) else []),
        *({"type": "WEB", "url": u} for u in links if u != page),
    ]
    return made


def _dicts(held: Report, name: str) -> list[Report]:
    value = held.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _affect(found: dict[str, Report], row: Report, weaknesses: list[Report]) -> None:
    package = row.get("package")
    package = package if isinstance(package, dict) else {}
    word, name = str(package.get("ecosystem") or "").lower(), package.get("name")
    if word not in _ECOSYSTEMS or not isinstance(name, str):
        raise RecordError("bad-ecosystem", f"vulnerabilities.package: {word!r} is none that OSV has")
    ecosystem = _ECOSYSTEMS[word]
    about = found.setdefault(f"{ecosystem}/{name}", {"package": {"ecosystem": ecosystem, "name": name}})
    if weaknesses:
        about["database_specific"] = {"cwes": weaknesses}
    text = row.get("vulnerable_version_range")
    limits = _LIMIT.findall(text) if isinstance(text, str) else []
    if limits and all(sign == "=" for sign, _ in limits):
        about.setdefault("versions", []).extend(v for _, v in limits)
        return
    events = _events(limits)
    first = row.get("first_patched_version")
    if first and isinstance(first, str) and not any("fixed" in e or "last_affected" in e for e in events):
        events.append({"fixed": first})
    kind = "SEMVER" if ecosystem in {"npm", "Go"} else "ECOSYSTEM"
    about.setdefault("ranges", []).append({"type": kind, "events": events})


def _events(limits: list[tuple[str, str]]) -> list[Json]:
    """A range in the words of OSV; one without a lower end begins with the first version."""
    begins = [v for sign, v in limits if sign == ">="]
    if any(sign == ">" and v not in {"0", "0.0.0"} for sign, v in limits):
        raise RecordError(
            "bad-range", "vulnerable_version_range: OSV has no range that begins after a version"
        )
    events: list[Json] = [{"introduced": begins[0] if begins else "0"}]
    ends = {"<": "fixed", "<=": "last_affected"}
    return [*events, *({ends[sign]: v} for sign, v in limits if sign in ends)]


READER = Ghsa()
