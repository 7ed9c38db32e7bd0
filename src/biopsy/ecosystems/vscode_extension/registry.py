"""Open VSX's API: `/api/NAMESPACE/NAME[/VERSION]`, documents of JSON.

https://open-vsx.org/swagger-ui/ describes them; a file's hash lies beside it, as `files.sha256`.
"""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from biopsy.ecosystems import asking, order, web
from biopsy.ecosystems.choosing import chosen
from biopsy.ecosystems.npm import versions
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

_ALIASES = ("latest", "pre-release")


class _Whose(msgspec.Struct):
    name: str = msgspec.field(default="", name="loginName")


class _Extension(msgspec.Struct):
    version: str = ""
    every: dict[str, str] = msgspec.field(default={}, name="allVersions")
    files: dict[str, str] = {}
    timestamp: str = ""
    publisher: _Whose = msgspec.field(default_factory=_Whose, name="publishedBy")
    description: Any = None
    homepage: Any = None
    repository: Any = None
    license: Any = None
    deprecated: Any = None


def endpoint() -> Endpoint:
    """Give the registry of this machine's ovsx, else the public one."""
    url = os.environ.get("OVSX_REGISTRY_URL") or asking.public("vscode-extension")
    return Endpoint("vscode-extension", asking.address("VS Code extensions", url, "set OVSX_REGISTRY_URL"))


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Ask about one version, and about the newest for what there is."""
    publisher, _, name = release.name.partition("/")
    root = f"{endpoint.url}api/{quote(publisher, safe='')}/{quote(name, safe='')}"
    about = f"extension {publisher}.{name}"
    newest = asking.document(client, endpoint, root, _Extension, about)
    given = [version for version in newest.every if version not in _ALIASES]
    every = versions.ordered({*given, newest.version} - {""})
    version = chosen(about, release.version, every, versions.prerelease, newest.version)
    one = newest
    if version != newest.version:
        one = asking.document(
            client, endpoint, f"{root}/{quote(version, safe='')}", _Extension, f"{about} {version}"
        )
    exact = Release("vscode-extension", release.name, version)
    published = tuple(_published(every, one, newest))
    return Listing(
        exact,
        (_remote(client, endpoint, exact, one),),
        published,
        Facts(
            _text(one.description),
            _text(one.homepage),
            _text(one.repository),
            _text(one.license),
            one.publisher.name[:MAX_TEXT],
            "" if one.deprecated is True else None,
            newest.version,
        ),
        previous=order.previous(published, version, versions.prerelease),
    )


def _published(every: list[str], *known: _Extension) -> Iterator[Published]:
    """Say of each version what is known: of those that were asked about, when and by whom."""
    about = {one.version: one for one in known}
    for version in every:
        one = about.get(version)
        yield (
            Published(version, one.timestamp or None, publisher=one.publisher.name)
            if one
            else Published(version)
        )


def _remote(client: "httpx.Client", endpoint: Endpoint, release: Release, one: _Extension) -> Remote:
    url = one.files.get("download", "")
    if not url.startswith(("https://", "http://")):
        raise RegistryError(f"the configured registry gives no address for {release.purl}")
    filename = f"{release.name.replace('/', '.')}-{release.version}.vsix"
    digests: tuple[tuple[str, str], ...] = ()
    place = one.files.get("sha256", "")
    if web.parts(place).netloc == web.parts(endpoint.url).netloc:
        found = re.match(rb"\s*([0-9a-fA-F]{64})\b", asking.perhaps(client, endpoint, place))
        digests = (("sha256", found[1].decode().lower()),) if found else ()
    return Remote(filename, url, "vsix", digests, uploaded=one.timestamp or None)


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
