"""Ask a Composer repository about one release: the second form of its metadata.

`packages.json` says where a package's metadata are (`metadata-url`, or the packages themselves); those hold
every version, minified: each entry has only what differs from the one before it.
https://github.com/composer/composer/blob/main/doc/05-repositories.md
"""

import difflib
import hashlib
import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from biopsy.ecosystems import order, web
from biopsy.ecosystems.composer import claim, versions
from biopsy.ecosystems.composer.package import strings
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_VERSIONS = 20_000
"""Most versions of a package that are read."""

_UNSET = "__unset"
_ENDINGS = {"zip": "zip", "tar": "tar.gz", "gzip": "tar.gz", "xz": "tar.xz"}
Entry = dict[str, Any]
T = TypeVar("T")


class _Root(msgspec.Struct):
    metadata: Any = msgspec.field(default=None, name="metadata-url")
    packages: Any = None
    mirrors: Any = None


class _Page(msgspec.Struct):
    packages: dict[str, Any] = {}
    minified: Any = None


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find the release by exact version, in any spelling; an empty version is the newest stable one."""
    root = _root(client, endpoint, release)
    every = _versions(client, endpoint, root, release)
    if not every:
        raise UsageError(f"the configured repository has no package {release.name!r}")
    listed = versions.ordered(every)
    stable = [one for one in listed if not versions.prerelease(one)]
    newest = (stable or listed)[-1]
    version = _wanted(release, listed) if release.version else newest
    entry, exact = every[version], Release("composer", release.name, version)
    published = tuple(Published(one, _text(every[one].get("time")) or None) for one in listed)
    previous = order.previous(published, version, versions.prerelease)
    return Listing(
        exact,
        (_remote(exact, entry, root.mirrors, endpoint),),
        published,
        _facts(entry, newest),
        claim.of_registry(entry),
        claim.of_registry(every.get(previous or "")),
        previous=previous,
    )


def expand(entries: object, *, minified: bool) -> list[Entry]:
    """Undo the minification: each entry takes over what the one before it had, but for what is unset."""
    found: list[Entry] = []
    whole: Entry = {}
    several = list(entries.values()) if isinstance(entries, dict) else entries
    for entry in several[:MAX_VERSIONS] if isinstance(several, list) else ():
        if not isinstance(entry, dict):
            continue
        whole = {**whole, **entry} if minified else dict(entry)
        whole = {key: value for key, value in whole.items() if value != _UNSET}
        found.append(whole)
    return found


def _root(client: "httpx.Client", endpoint: Endpoint, release: Release) -> _Root:
    page = web.get(client, endpoint, f"{endpoint.url}packages.json", "application/json")
    if page.status != 200:
        raise RegistryError(f"the configured repository answered {page.status} about itself")
    return _decoded(page.body, _Root, release.name)


def _versions(client: "httpx.Client", endpoint: Endpoint, root: _Root, release: Release) -> dict[str, Entry]:
    """Give every version that has an archive, by its name; branches only where one is asked for."""
    branch = release.version.startswith("dev-") or release.version.endswith("-dev")
    inline = root.packages.get(release.name) if isinstance(root.packages, dict) else None
    if inline is not None:
        return _named(expand(inline, minified=False))
    template = root.metadata if isinstance(root.metadata, str) else ""
    if "%package%" not in template:
        raise RegistryError("the configured repository does not speak Composer's second form of metadata")
    name = f"{release.name}~dev" if branch else release.name
    url = web.joined(endpoint.url, template.replace("%package%", name))
    page = web.get(client, endpoint, url, "application/json")
    if page.status in (404, 410):
        return {}
    if page.status != 200:
        raise RegistryError(f"the configured repository answered {page.status} about {release.name!r}")
    found = _decoded(page.body, _Page, release.name)
    return _named(expand(found.packages.get(release.name), minified=found.minified is not None))


def _named(entries: list[Entry]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        version = entry.get("version")
        if isinstance(version, str) and 0 < len(version) <= versions.MAX_VERSION:
            found.setdefault(version, entry)
    return found


def _decoded(body: bytes, form: type[T], name: str) -> T:
    try:
        try:
            return msgspec.json.decode(body, type=form)
        except msgspec.DecodeError:
            return msgspec.json.decode(web.mended(body), type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise RegistryError(
            f"the configured repository's answer about {name!r} cannot be read: {err}"
        ) from err


def _wanted(release: Release, listed: list[str]) -> str:
    wanted = release.version
    if wanted in listed:
        return wanted
    if found := next((one for one in listed if versions.same(one, wanted)), None):
        return found
    close = difflib.get_close_matches(wanted, listed[::-1], 4, 0.5) or listed[:-5:-1]
    raise UsageError(f"{release.name} has no version {wanted}; there are, among others: {', '.join(close)}")


def _remote(release: Release, entry: Entry, mirrors: object, endpoint: Endpoint) -> Remote:
    dist = entry.get("dist")
    kind, url = (
        (_text(dist.get(key), 2000) for key in ("type", "url")) if isinstance(dist, dict) else ("", "")
    )
    if not isinstance(dist, dict) or kind not in _ENDINGS or not url:
        raise UsageError(f"{release.purl} has no archive: it is only to be had from its source repository")
    url = web.joined(endpoint.url, _mirrored(release, entry, dist, mirrors) or url)
    if not url.startswith(("https://", "http://")):
        raise RegistryError(f"the configured repository gives no address for {release.purl}")
    stem = re.sub(r"[^A-Za-z0-9._+-]+", "-", f"{release.name}-{release.version}").strip("-.")
    digest = _text(dist.get("shasum")).lower()
    digests = (("sha1", digest),) if re.fullmatch(r"[0-9a-f]{40}", digest) else ()
    uploaded = _text(entry.get("time")) or None
    return Remote(
        f"{stem}.{_ENDINGS[kind]}", url, "zip" if kind == "zip" else "tar", digests, uploaded=uploaded
    )


def _mirrored(release: Release, entry: Entry, dist: Entry, mirrors: object) -> str:
    """Give the address at the mirror that the repository prefers to the archive's own; empty: none."""
    for mirror in mirrors if isinstance(mirrors, list) else ():
        template = mirror.get("dist-url") if isinstance(mirror, dict) and mirror.get("preferred") else None
        if isinstance(template, str) and template:
            reference = _text(dist.get("reference"))
            plain = re.fullmatch(r"(?:[a-f0-9]*|%reference%)", reference)
            normal = _text(entry.get("version_normalized")) or release.version
            words = {
                "%package%": release.name,
                "%version%": _md5(normal) if "/" in normal else normal,
                "%reference%": reference if plain else _md5(reference),
                "%type%": _text(dist.get("type")),
                "%prettyVersion%": release.version,
            }
            for word, text in words.items():
                template = template.replace(word, text)
            return template
    return ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _facts(entry: Entry, newest: str) -> Facts:
    abandoned = entry.get("abandoned")
    instead = f"use {abandoned}" if isinstance(abandoned, str) else ""
    authors, source = entry.get("authors"), entry.get("source")
    author = authors[0] if isinstance(authors, list) and authors else None
    return Facts(
        _text(entry.get("description")),
        _text(entry.get("homepage")),
        _text(source.get("url")) if isinstance(source, dict) else "",
        ", ".join(strings(entry.get("license")))[:MAX_TEXT],
        _text(author.get("name")) if isinstance(author, dict) else "",
        (f"abandoned {instead}".strip() if abandoned else None),
        newest,
    )


def _text(value: object, limit: int = MAX_TEXT) -> str:
    return value[:limit] if isinstance(value, str) else ""
