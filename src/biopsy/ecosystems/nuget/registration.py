"""NuGet v3: the service index names the resources, the registration tells of all versions of a package.

The hash of a package stands in its leaf of the catalog (`packageHash`, SHA-512 in Base64).
"""

import base64
import binascii
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from biopsy.ecosystems import asking, order, web
from biopsy.ecosystems.choosing import chosen, univers_key
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_PAGES = 200
"""Most pages of a registration (64 versions each) that are read."""

_REGISTRATION = ("RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl/Versioned", "RegistrationsBaseUrl/3.4.0",
                 "RegistrationsBaseUrl")  # fmt: skip
_CONTENT = ("PackageBaseAddress/3.0.0",)
_UNLISTED = "1900-01-01"
_key = univers_key("NugetVersion")


class _Resource(msgspec.Struct):
    url: str = msgspec.field(default="", name="@id")
    type: Any = msgspec.field(default="", name="@type")


class _Service(msgspec.Struct):
    resources: list[_Resource] = []


class _Entry(msgspec.Struct):
    version: str = ""
    url: str = msgspec.field(default="", name="@id")
    published: Any = None
    listed: Any = None
    description: Any = None
    authors: Any = None
    home: Any = msgspec.field(default=None, name="projectUrl")
    license: Any = msgspec.field(default=None, name="licenseExpression")
    deprecation: Any = None


class _Leaf(msgspec.Struct):
    entry: _Entry = msgspec.field(default_factory=_Entry, name="catalogEntry")
    content: str = msgspec.field(default="", name="packageContent")


class _Page(msgspec.Struct):
    url: str = msgspec.field(default="", name="@id")
    items: list[_Leaf] | None = None


class _Index(msgspec.Struct):
    items: list[_Page] = []


class _Hashed(msgspec.Struct):
    hash: Any = msgspec.field(default=None, name="packageHash")
    algorithm: Any = msgspec.field(default=None, name="packageHashAlgorithm")
    size: Any = msgspec.field(default=None, name="packageSize")


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find one version; what is unlisted counts as withdrawn."""
    name, about = release.name.lower(), f"package {release.name}"
    service = asking.document(client, endpoint, endpoint.url, _Service, "service index")
    index = _resource(service, _REGISTRATION)
    leaves = {
        normal(leaf.entry.version): leaf
        for leaf in _leaves(client, endpoint, f"{index}{quote(name)}/index.json", about)
    }
    every = sorted(leaves, key=_key)
    listed = [version for version in every if not _withdrawn(leaves[version].entry)]
    newest = next((v for v in reversed(listed) if "-" not in v), listed[-1] if listed else "")
    version = chosen(about, normal(release.version) if release.version else "", every, _early, newest)
    leaf, exact = leaves[version], Release("nuget", name, version)
    published = tuple(
        Published(v, _time(leaves[v].entry), "unlisted" if _withdrawn(leaves[v].entry) else None)
        for v in every
    )
    entry = leaf.entry
    return Listing(
        exact,
        (_remote(client, endpoint, exact, leaf, service),),
        published,
        Facts(
            _text(entry.description),
            _text(entry.home),
            "",
            _text(entry.license),
            _text(entry.authors),
            _deprecated(entry.deprecation),
            newest,
        ),
        previous=order.previous(published, version, _early),
    )


def normal(version: str) -> str:
    """Write a version as NuGet's addresses do: small, without build metadata and a fourth zero."""
    version = version.strip().lower().partition("+")[0]
    numbers, dash, rest = version.partition("-")
    parts = numbers.split(".")
    if all(part.isdecimal() for part in parts):
        parts = [str(int(part)) for part in parts] + ["0"] * (3 - len(parts))
        if len(parts) == 4 and parts[3] == "0":
            parts.pop()
    return f"{'.'.join(parts)}{dash}{rest}"


def _early(version: str) -> bool:
    return "-" in version


def _resource(service: _Service, wanted: tuple[str, ...]) -> str:
    for kind in wanted:
        for one in service.resources:
            if kind in (one.type if isinstance(one.type, list) else [one.type]) and _web(one.url):
                return one.url.rstrip("/") + "/"
    raise RegistryError(f"the configured registry's index names no {wanted[0].partition('/')[0]}")


def _web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _leaves(client: "httpx.Client", endpoint: Endpoint, url: str, about: str) -> Iterator[_Leaf]:
    """Yield all versions: of few in the index itself, of many in pages of their own."""
    index = asking.document(client, endpoint, url, _Index, about)
    for page in index.items[:MAX_PAGES]:
        held = page
        if page.items is None:
            if not _web(page.url):
                raise RegistryError(f"the configured registry's pages about {about} have no address")
            held = asking.document(client, endpoint, page.url, _Page, about)
        yield from (leaf for leaf in held.items or () if leaf.entry.version)


def _remote(
    client: "httpx.Client", endpoint: Endpoint, release: Release, leaf: _Leaf, service: _Service
) -> Remote:
    filename = f"{release.name}.{release.version}.nupkg"
    url = leaf.content
    if not _web(url):
        url = (
            f"{_resource(service, _CONTENT)}{quote(release.name)}/{quote(release.version)}/{quote(filename)}"
        )
    digests: tuple[tuple[str, str], ...] = ()
    size = None
    if _web(leaf.entry.url) and web.parts(leaf.entry.url).netloc in _hosts(endpoint, service):
        body = asking.perhaps(client, endpoint, leaf.entry.url, "application/json")
        try:
            told = msgspec.json.decode(body, type=_Hashed) if body else _Hashed()
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = _Hashed()
        digests = _digest(told)
        size = told.size if isinstance(told.size, int) and 0 < told.size < 2**40 else None
    return Remote(filename, url, "nupkg", digests, size, uploaded=_time(leaf.entry))


def _hosts(endpoint: Endpoint, service: _Service) -> set[str]:
    """Give the hosts that the registry is: its own, and those that its index names."""
    return {web.parts(url).netloc for url in (endpoint.url, *(one.url for one in service.resources))}


def _digest(told: _Hashed) -> tuple[tuple[str, str], ...]:
    if told.algorithm != "SHA512" or not isinstance(told.hash, str):
        return ()
    try:
        return (("sha512", base64.b64decode(told.hash, validate=True).hex()),)
    except (binascii.Error, ValueError):
        return ()


def _withdrawn(entry: _Entry) -> bool:
    return entry.listed is False or _text(entry.published).startswith(_UNLISTED)


def _time(entry: _Entry) -> str | None:
    said = _text(entry.published)
    return said if said and not said.startswith(_UNLISTED) else None


def _deprecated(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    reasons = value.get("reasons")
    words = ", ".join(one for one in reasons[:5] if isinstance(one, str)) if isinstance(reasons, list) else ""
    return _text(value.get("message")) or words


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
