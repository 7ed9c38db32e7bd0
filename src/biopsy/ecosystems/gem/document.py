"""What a registry of gems says in JSON; all of it may be missing, and nothing of it is needed."""

from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems import web
from biopsy.ecosystems.protocol import MAX_TEXT, Facts
from biopsy.errors import RegistryError
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

MAX_VERSIONS = 20_000
"""Most versions of one gem of which it is read when they came."""

_SHA = regex(r"[0-9a-f]{64}")


class Version(msgspec.Struct, frozen=True):
    """An entry of `api/v1/versions/NAME.json`; whatever has the wrong type is empty."""

    number: str = ""
    platform: str = "ruby"
    created: str = ""
    sha: str = ""
    summary: str = ""
    authors: str = ""
    license: str = ""
    links: tuple[str, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """All that was answered."""

    versions: dict[tuple[str, str], Version] = {}
    homepage: str = ""
    repository: str = ""
    owners: tuple[str, ...] = ()

    def version(self, number: str, platform: str = "ruby") -> Version | None:
        """Give an entry."""
        return self.versions.get((number, platform))

    def time(self, number: str, platform: str) -> str:
        """Say when a gem was published; empty where nobody says."""
        one = self.version(number, platform)
        return one.created if one else ""

    def digests(self, number: str, platform: str) -> tuple[tuple[str, str], ...]:
        """Give the hash of a gem as far as the registry says it."""
        one = self.version(number, platform)
        return (("sha256", one.sha),) if one and one.sha else ()

    def facts(self, number: str, newest: str) -> Facts:
        """Give what is for people."""
        one = next((v for (n, _), v in self.versions.items() if n == number), Version())
        return Facts(one.summary, self.homepage, self.repository, one.license, one.authors, newest=newest)


def ask(client: "httpx.Client", endpoint: Endpoint, name: str) -> Document:
    """Read what there is; an answer that cannot be read counts as none."""
    listed = _json(client, endpoint, f"api/v1/versions/{name}.json")
    entries = [_version(one) for one in listed[:MAX_VERSIONS]] if isinstance(listed, list) else []
    about = _json(client, endpoint, f"api/v1/gems/{name}.json")
    owners = _json(client, endpoint, f"api/v1/gems/{name}/owners.json")
    handles = [_text(one, "handle") for one in owners[:100]] if isinstance(owners, list) else []
    return Document(
        {(one.number, one.platform): one for one in entries if one.number},
        _text(about, "homepage_uri"),
        _text(about, "source_code_uri"),
        tuple(sorted(handle for handle in set(handles) if handle)),
    )


def _version(raw: Any) -> Version:
    about = raw.get("metadata") if isinstance(raw, dict) else None
    links = (
        [v for v in about.values() if isinstance(v, str) and "://" in v] if isinstance(about, dict) else []
    )
    licenses = raw.get("licenses") if isinstance(raw, dict) else None
    sha = _text(raw, "sha")
    return Version(
        _text(raw, "number"),
        _text(raw, "platform") or "ruby",
        _text(raw, "created_at"),
        sha if _SHA.fullmatch(sha) else "",
        _text(raw, "summary"),
        _text(raw, "authors"),
        ", ".join(one for one in licenses[:5] if isinstance(one, str)) if isinstance(licenses, list) else "",
        tuple(dict.fromkeys(link[:MAX_TEXT] for link in links))[:20],
    )


def _json(client: "httpx.Client", endpoint: Endpoint, path: str) -> Any:
    try:
        page = web.get(client, endpoint, endpoint.url + path, "application/json")
        return msgspec.json.decode(web.mended(page.body)) if page.status == 200 else None
    except (RegistryError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found[:MAX_TEXT] if isinstance(found, str) else ""
