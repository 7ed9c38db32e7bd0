"""Ask a registry of gems about one release: the compact index, and the JSON API where there is one.

    info/NAME               a line a version: `1.0-java dep:>= 1&< 2|checksum:…,ruby:>= 2.7`
    api/v1/versions/NAME.json   when, by the registry's own clock, and what each says of itself
    api/v1/gems/NAME.json, api/v1/gems/NAME/owners.json

A mirror may have the first only; then nothing is known of times and people.
https://guides.rubygems.org/rubygems-org-compact-index-api/, https://guides.rubygems.org/rubygems-org-api/
"""

import difflib
from typing import TYPE_CHECKING

from msgspec import Struct

from biopsy.ecosystems import order, web
from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.gem import document, versions
from biopsy.ecosystems.protocol import Listing, Published
from biopsy.errors import RegistryError, UsageError
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_LINES = 50_000
"""Most versions of one gem that are read."""

HERE = ("x86_64-linux", "x86_64-linux-gnu", "x64-linux", "ruby")
"""Platforms that an install on the sandbox's machine takes, the first that there is (`Gem::Platform`)."""

_LINE = regex(r"([0-9A-Za-z.]{1,100})(?:-([A-Za-z0-9._-]{1,100}))?(?: (.*))?")
_SHA = regex(r"[0-9a-f]{64}")


class Line(Struct, frozen=True):
    """One line of `info/NAME`: a gem of one version for one platform."""

    version: str
    platform: str = "ruby"
    dependencies: dict[str, str] = {}
    checksum: str = ""
    created: str = ""

    def filename(self, name: str) -> str:
        """Name its file."""
        full = self.version if self.platform == "ruby" else f"{self.version}-{self.platform}"
        return f"{name}-{full}.gem"


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find the release. An empty version is the highest that is no pre-release."""
    lines = _info(client, endpoint, release.name)
    every = versions.ordered({line.version for line in lines})
    newest = versions.highest(every)
    if newest is None:
        raise UsageError(f"{release.purl} has no version that gem could install")
    version = _wanted(release, every) if release.version else newest
    about = document.ask(client, endpoint, release.name)
    published = tuple(_published(one, about, lines) for one in every)
    previous = order.previous(published, version, versions.prerelease)
    mine = sorted((line for line in lines if line.version == version), key=_preference)
    return Listing(
        Release("gem", release.name, version),
        tuple(_remote(endpoint, release.name, line, about) for line in mine),
        published,
        about.facts(version, newest),
        _manifest(release.name, mine[0], about),
        next((_manifest(release.name, line, about) for line in lines if line.version == previous), None),
        owners=about.owners,
        previous=previous,
    )


def _info(client: "httpx.Client", endpoint: Endpoint, name: str) -> list[Line]:
    page = web.get(client, endpoint, f"{endpoint.url}info/{name}", "text/plain, */*")
    if page.status in (404, 410):
        raise UsageError(f"the configured registry has no gem {name!r}")
    if page.status != 200:
        raise RegistryError(f"the configured registry answered {page.status} about {name!r}")
    return lines(page.body)


def lines(body: bytes) -> list[Line]:
    """Read `info/NAME`; lines that are none are left out, and of several for one file the last counts."""
    text = body.decode("utf-8", "replace")
    found: dict[tuple[str, str], Line] = {}
    for raw in text.split("\n")[:MAX_LINES]:
        match = _LINE.fullmatch(raw.strip())
        if match and match[1][0].isdigit():
            one = _line(match[1], match[2] or "ruby", match[3] or "")
            found[one.version, one.platform] = one
    return list(found.values())


def _line(version: str, platform: str, rest: str) -> Line:
    listed, _, demands = rest.partition("|")
    needs = {}
    for one in listed.split(",")[:1000]:
        name, colon, wanted = one.partition(":")
        if colon:
            spec = ", ".join(wanted.split("&"))
            needs[name.strip()] = "" if spec == ">= 0" else spec
    said = dict(part.partition(":")[::2] for part in demands.split(","))
    digest = said.get("checksum", "")
    created = said.get("created_at", "")
    return Line(version, platform, needs, digest if _SHA.fullmatch(digest) else "", created)


def _wanted(release: Release, every: list[str]) -> str:
    if release.version in every:
        return release.version
    version, _, _ = release.version.partition("-")  # as file names have it: 1.0-java
    if version in every:
        return version
    close = difflib.get_close_matches(release.version, every[::-1], 4, 0.5) or every[:-5:-1]
    raise UsageError(
        f"{release.name} has no version {release.version}; there are, among others: {', '.join(close)}"
    )


def _preference(line: Line) -> tuple[int, str]:
    return (HERE.index(line.platform) if line.platform in HERE else len(HERE), line.platform)


def _remote(endpoint: Endpoint, name: str, line: Line, about: document.Document) -> Remote:
    filename = line.filename(name)
    digests = (("sha256", line.checksum),) if line.checksum else about.digests(line.version, line.platform)
    when = about.time(line.version, line.platform) or line.created or None
    return Remote(filename, f"{endpoint.url}gems/{filename}", "gem", digests, uploaded=when)


def _published(version: str, about: document.Document, every: list[Line]) -> Published:
    times = [about.time(version, line.platform) or line.created for line in every if line.version == version]
    known = sorted(time for time in times if time)
    return Published(version, known[0] if known else None, touched=known[-1] if known else None)


def _manifest(name: str, line: Line, about: document.Document) -> Manifest:
    said = about.version(line.version, line.platform)
    return Manifest(
        name,
        line.version,
        summary=said.summary if said else None,
        links=said.links if said else None,
        dependencies=line.dependencies,
    )
