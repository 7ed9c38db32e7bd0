"""Ask an npm registry about one release."""

import base64
import binascii
import difflib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

import msgspec

from biopsy.ecosystems import order, web
from biopsy.ecosystems.npm import claim, signatures, versions
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import RegistryError, UsageError
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

_FILENAME = regex(r"[A-Za-z0-9@~][A-Za-z0-9@~._+-]{0,254}", re.ASCII)


MAX_PEOPLE = 2000
"""Most releases, the latest, of which it is read who published them."""


class _Dist(msgspec.Struct):
    tarball: str = ""
    integrity: str | None = None
    shasum: str | None = None
    signatures: Any = None


class _Who(msgspec.Struct):
    """What an entry says about how it came there: npm sets these, the package does not."""

    user: Any = msgspec.field(default=None, name="_npmUser")
    maintainers: Any = None
    dist: Any = None


class _About(msgspec.Struct):
    description: Any = None
    homepage: Any = None
    repository: Any = None
    license: Any = None
    author: Any = None


class _Version(_About):
    dist: _Dist = msgspec.field(default_factory=_Dist)
    deprecated: Any = None


class _Packument(_About):
    versions: dict[str, msgspec.Raw] = {}
    tags: dict[str, str] = msgspec.field(default={}, name="dist-tags")
    time: Any = None
    readme: Any = None

    @property
    def times(self) -> dict[str, Any]:
        """When each version came; empty where the registry does not tell."""
        return self.time if isinstance(self.time, dict) else {}


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find the release by exact version or dist-tag; an empty version is the tag `latest`."""
    packument = _packument(client, endpoint, release)
    every = versions.ordered(packument.versions)
    newest = packument.tags.get("latest", "")
    if newest not in packument.versions:
        newest = versions.highest(every) or ""
    if not newest:
        raise UsageError(f"{release.purl} has no version that npm could install{_taken_off(packument, '')}")
    version = _wanted(release, packument, every) if release.version else newest
    entry = _entry(packument, version, release.name)
    exact = Release("npm", release.name, version)
    times = packument.times
    published = tuple(_published(packument, every))
    previous = order.previous(published, version, versions.prerelease)
    return Listing(
        exact,
        (_remote(exact, entry.dist, _text(times.get(version)) or None),),
        published,
        Facts(
            _text(entry.description) or _text(packument.description),
            _text(entry.homepage) or _text(packument.homepage),
            _text(entry.repository, "url") or _text(packument.repository, "url"),
            _text(entry.license, "type") or _text(packument.license, "type"),
            _text(entry.author, "name") or _text(packument.author, "name"),
            _deprecated(entry.deprecated),
            newest,
        ),
        claim.of_registry(_decoded(packument, version), packument.readme if version == newest else None),
        claim.of_registry(_decoded(packument, previous or "")),
        signature=signatures.check(
            client,
            endpoint,
            f"{release.name}@{version}:{entry.dist.integrity}",
            entry.dist.signatures,
            _text(times.get(version)),
        ),
        previous=previous,
    )


def _published(packument: _Packument, every: list[str]) -> Iterator[Published]:
    """Say of each version when and by whom it was published, as far as the registry does."""
    whose = {v: _who(packument.versions[v]) for v in every[-MAX_PEOPLE:]}
    attests = any(who.attested for who in whose.values())
    signs = any(who.signed for who in whose.values())
    for version in every:
        time = _text(packument.times.get(version)) or None
        if who := whose.get(version):
            yield Published(
                version,
                time,
                publisher=who.publisher,
                mail=who.mail,
                maintainers=who.maintainers,
                provenance=who.attested if attests else None,
                signed=who.signed if signs else None,
                trusted=who.trusted,
            )
        else:
            yield Published(version, time)


class _Whose(NamedTuple):
    publisher: str = ""
    mail: str = ""
    maintainers: tuple[str, ...] = ()
    attested: bool = False
    signed: bool = False
    trusted: bool = False


def _who(raw: msgspec.Raw) -> _Whose:
    try:
        entry = msgspec.json.decode(raw, type=_Who)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Whose()
    several = entry.maintainers[:50] if isinstance(entry.maintainers, list) else []
    names = (_text(one, "name") for one in several)
    dist = entry.dist if isinstance(entry.dist, dict) else {}
    return _Whose(
        _text(entry.user, "name"),
        _text(entry.user, "email"),
        tuple(sorted({name for name in names if name})),
        bool(dist.get("attestations")),
        bool(dist.get("signatures")),
        isinstance(entry.user, dict) and bool(entry.user.get("trustedPublisher")),
    )


def _decoded(packument: _Packument, version: str) -> object:
    raw = packument.versions.get(version)
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _packument(client: "httpx.Client", endpoint: Endpoint, release: Release) -> _Packument:
    url = endpoint.url + quote(release.name, safe="@")
    page = web.get(client, endpoint, url, "application/json")
    if page.status in (404, 405, 410):
        raise UsageError(f"the configured registry has no package {release.name!r}")
    if page.status != 200:
        raise RegistryError(f"the configured registry answered {page.status} about {release.name!r}")
    try:
        try:
            return msgspec.json.decode(page.body, type=_Packument)
        except msgspec.DecodeError:
            return msgspec.json.decode(web.mended(page.body), type=_Packument)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise RegistryError(
            f"the configured registry's answer about {release.name!r} cannot be read: {err}"
        ) from err


def _entry(packument: _Packument, version: str, name: str) -> _Version:
    try:
        return msgspec.json.decode(packument.versions[version], type=_Version)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise RegistryError(
            f"the configured registry's entry of {name}@{version} cannot be read: {err}"
        ) from err


def _wanted(release: Release, packument: _Packument, every: list[str]) -> str:
    wanted = release.version
    for version in (wanted, wanted.removeprefix("v"), packument.tags.get(wanted, "")):
        if version in packument.versions:
            return version
    if gone := _taken_off(packument, wanted):
        raise UsageError(f"{release.name} has no version {wanted}{gone}")
    close = difflib.get_close_matches(wanted, every[::-1], 4, 0.5) or every[:-5:-1]
    tags = ", ".join(sorted(packument.tags)[:4])
    raise UsageError(
        f"{release.name} has no version {wanted}; there are, among others: {', '.join(close)} (tags: {tags})"
    )


def _taken_off(packument: _Packument, version: str) -> str:
    """Say that a version, or all of them, were there once: the registry keeps their times."""
    if version and (time := _text(packument.times.get(version))):
        return f": it was published ({time[:40]}), and taken off the registry since"
    if not packument.versions and (time := _text(packument.times.get("unpublished"), "time")):
        return f": all were taken off the registry ({time[:40]})"
    return ""


def _remote(release: Release, dist: _Dist, uploaded: str | None) -> Remote:
    if not dist.tarball.startswith(("https://", "http://")) or not web.parts(dist.tarball).netloc:
        raise RegistryError(f"the configured registry gives no address for {release.purl}")
    filename = unquote(web.parts(dist.tarball).path.rpartition("/")[2])
    if not _FILENAME.fullmatch(filename):
        filename = f"{release.name.rpartition('/')[2]}-{release.version}.tgz"
    return Remote(filename, dist.tarball, "tgz", _digests(dist), uploaded=uploaded)


def _digests(dist: _Dist) -> tuple[tuple[str, str], ...]:
    """Turn subresource integrity (base64) and shasum (hex) into digests in hex."""
    found: dict[str, str] = {}
    for part in (dist.integrity or "").split():
        algorithm, _, text = part.partition("?")[0].partition("-")
        if algorithm in ("sha512", "sha384", "sha256", "sha1"):
            try:
                found.setdefault(algorithm, base64.b64decode(text, validate=True).hex())
            except (binascii.Error, ValueError):
                continue
    if dist.shasum and re.fullmatch(r"[0-9a-fA-F]{40}", dist.shasum):
        found.setdefault("sha1", dist.shasum.lower())
    return tuple(sorted(found.items()))


def _deprecated(value: object) -> str | None:
    """`deprecated` is a text; some old documents have a boolean, and an empty text means no."""
    return _text(value) or ("" if value is True else None)


def _text(value: object, key: str = "") -> str:
    if isinstance(value, dict) and key:
        value = value.get(key)
    return value[:MAX_TEXT] if isinstance(value, str) else ""
