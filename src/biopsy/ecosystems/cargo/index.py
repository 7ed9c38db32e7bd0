"""Ask a sparse index about one crate: a file of JSON lines, a version each.

`config.json` says where crates are (`dl`, with markers); a crate's file lies under its name in small letters.
https://doc.rust-lang.org/cargo/reference/registry-index.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from biopsy.ecosystems import asking, order, web
from biopsy.ecosystems.cargo import claim, versions
from biopsy.ecosystems.choosing import chosen
from biopsy.ecosystems.claims import MAX_EACH, Manifest
from biopsy.ecosystems.protocol import Facts, Listing, Published
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_VERSIONS = 20_000
"""Most versions of a crate that are read."""

MAX_SPELLINGS = 16
"""Most ways of `-` and `_` in which a name is asked for, as Cargo does."""


class _Config(msgspec.Struct):
    dl: str = ""


class _Dependency(msgspec.Struct):
    name: str = ""
    req: str = ""
    kind: str | None = None
    package: str | None = None
    registry: str | None = None


class _Line(msgspec.Struct):
    name: str = ""
    vers: str = ""
    cksum: str = ""
    yanked: bool = False
    deps: list[_Dependency] = []
    links: str | None = None
    pubtime: str | None = None


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find the release by its exact version; an empty one is the newest that was not withdrawn."""
    config = asking.document(client, endpoint, f"{endpoint.url}config.json", _Config, "its index")
    lines = {line.vers: line for line in _lines(client, endpoint, release.name)}
    if not lines:
        raise UsageError(f"the configured registry has no crate {release.name!r}")
    listed = versions.ordered(lines)
    offered = [version for version in listed if not lines[version].yanked]
    newest = ([one for one in offered if not versions.prerelease(one)] or offered or listed)[-1]
    version = chosen(release.name, release.version, listed, versions.prerelease, newest)
    line = lines[version]
    exact = Release("cargo", line.name, version)
    published = tuple(Published(one, lines[one].pubtime, "" if lines[one].yanked else None) for one in listed)
    previous = order.previous(published, version, versions.prerelease)
    return Listing(
        exact,
        (_remote(line, config.dl),),
        published,
        Facts(newest=newest),
        _manifest(line),
        _manifest(lines[previous]) if previous else None,
        previous=previous,
    )


def path(name: str) -> str:
    """Give where a crate's file lies in an index."""
    lower = name.lower()
    if len(lower) < 3:
        return f"{len(lower)}/{lower}"
    return f"3/{lower[0]}/{lower}" if len(lower) == 3 else f"{lower[:2]}/{lower[2:4]}/{lower}"


def spellings(name: str) -> Iterator[str]:
    """Yield a name with its hyphens and underscores in every way, as it is written first."""
    places = [at for at, letter in enumerate(name) if letter in "-_"]
    yield name
    for number in range(min(2 ** len(places), MAX_SPELLINGS)):
        letters = list(name)
        for bit, at in enumerate(places):
            letters[at] = "_" if number >> bit & 1 else "-"
        if (made := "".join(letters)) != name:
            yield made


def url(template: str, name: str, version: str, cksum: str) -> str:
    """Fill the markers of a download address in, or add what stands for none (the registry index format)."""
    lower = path(name.lower()).rpartition("/")[0]
    prefix = path(name).rpartition("/")[0]
    if len(name) > 2:  # letters as they are in the name
        prefix = f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"
    words = {
        "{crate}": name, "{version}": version, "{prefix}": prefix, "{lowerprefix}": lower,
        "{sha256-checksum}": cksum,
    }  # fmt: skip
    if not any(word in template for word in words):
        return f"{template.rstrip('/')}/{name}/{quote(version)}/download"
    for word, value in words.items():
        template = template.replace(word, quote(value, safe="/+"))
    return template


def _lines(client: "httpx.Client", endpoint: Endpoint, name: str) -> list[_Line]:
    for one in spellings(name):
        page = web.get(client, endpoint, f"{endpoint.url}{path(one)}", "text/plain, */*")
        if page.status == 200:
            return list(_read(page.body))
        if page.status not in (*asking.ABSENT, 451):
            raise RegistryError(f"the configured registry answered {page.status} about {name}")
    return []


def _read(body: bytes) -> Iterator[_Line]:
    """Read the lines that can be read: one that cannot hides no other."""
    for count, line in enumerate(body.splitlines()):
        if count >= MAX_VERSIONS:
            return
        try:
            found = msgspec.json.decode(web.mended(line), type=_Line, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if found.name and found.vers:
            yield found


def _remote(line: _Line, template: str) -> Remote:
    digests = (("sha256", line.cksum.lower()),) if len(line.cksum) == 64 else ()
    where = url(template, line.name, line.vers, line.cksum)
    yanked = "" if line.yanked else None
    return Remote(f"{line.name}-{line.vers}.crate", where, "crate", digests, None, yanked, line.pubtime)


def _manifest(line: _Line) -> Manifest:
    wanted: dict[str, Any] = {}
    for one in line.deps[:MAX_EACH]:
        if one.kind != "dev":
            at = f"registry:{one.registry}" if one.registry else claim.requirement(one.req)
            wanted[one.package or one.name] = at
    return Manifest(line.name, line.vers, dependencies=wanted)
