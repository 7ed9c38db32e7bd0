"""The index's JSON documents about a project and a release: times, sizes, a description, who owns it.

Every field may be missing or of the wrong type: what cannot be used counts as absent.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec
from packaging.utils import canonicalize_name

from biopsy.ecosystems import web
from biopsy.ecosystems.claims import MAX_README, Manifest
from biopsy.ecosystems.protocol import MAX_TEXT, Facts
from biopsy.ecosystems.pypi import claim
from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

_REPOSITORY = ("source", "source code", "repository", "github", "code", "source_code", "sourcecode")


class Upload(NamedTuple):
    """One file as the JSON document has it."""

    size: int | None
    uploaded: str | None
    yanked: str | None


class Document(msgspec.Struct):
    """`/pypi/NAME/json`, or `/pypi/NAME/VERSION/json`."""

    info: dict[str, Any] = {}
    releases: dict[str, Any] = {}
    ownership: Any = None
    urls: Any = None
    vulnerabilities: Any = None

    def uploads(self) -> dict[str, Upload]:
        """Give what is said of each file, by its name."""
        found: dict[str, Upload] = {}
        for several in self.releases.values():
            for one in several if isinstance(several, list) else ():
                if isinstance(one, dict) and isinstance(name := one.get("filename"), str):
                    found[name] = Upload(
                        size if isinstance(size := one.get("size"), int) and size >= 0 else None,
                        text(one.get("upload_time_iso_8601")) or None,
                        text(one.get("yanked_reason")) if one.get("yanked") is True else None,
                    )
        return found

    def owners(self) -> tuple[str, ...]:
        """Give the accounts that may publish now."""
        roles = self.ownership.get("roles") if isinstance(self.ownership, dict) else None
        users = [one.get("user") for one in roles if isinstance(one, dict)] if isinstance(roles, list) else []
        return tuple(sorted({text(user) for user in users if text(user)}))[:50]

    def advisories(self) -> tuple[str, ...]:
        """Give the records that call this very release malware, by their ids; flaws are no matter of ours."""
        known = self.vulnerabilities[:1000] if isinstance(self.vulnerabilities, list) else []
        found: set[str] = set()
        for one in known:
            if isinstance(one, dict) and not one.get("withdrawn"):
                aliases = one.get("aliases")
                ids = [one.get("id"), *(aliases[:20] if isinstance(aliases, list) else [])]
                found |= {text(id_) for id_ in ids if text(id_).startswith("MAL-")}
        return tuple(sorted(found))[:20]

    def facts(self) -> Facts:
        """Give what people look at."""
        info = self.info
        urls = {k.lower(): v for k, v in self._urls().items()}
        return Facts(
            text(info.get("summary")),
            text(info.get("home_page")) or text(urls.get("homepage")),
            next((text(urls[n]) for n in _REPOSITORY if n in urls), ""),
            text(info.get("license_expression")) or text(info.get("license")),
            text(info.get("author")) or text(info.get("author_email")),
        )

    def manifest(self) -> Manifest | None:
        """Give what the index shows in place of the release's own manifest; None where it shows none."""
        info = self.info
        if not text(info.get("name")) or not text(info.get("version")):
            return None
        readme = info.get("description")
        lines = info.get("requires_dist")
        links = [info.get("home_page"), info.get("download_url"), *self._urls().values()]
        return Manifest(
            canonicalize_name(text(info.get("name"))),
            claim.version(text(info.get("version"))),
            summary=claim.known(text(info.get("summary"))),
            readme=claim.known(readme[:MAX_README]) if isinstance(readme, str) else "",
            links=tuple(link for one in links[:50] if (link := claim.known(text(one)))),
            mails=claim.mails(text(info.get("author_email")), text(info.get("maintainer_email"))),
            dependencies=claim.requirements(x[:2000] for x in lines if isinstance(x, str))
            if isinstance(lines, list)
            else self._none_needed(),
        )

    def _none_needed(self) -> Mapping[str, str] | None:
        """Nothing is how an index writes no dependencies, and not knowing them: a wheel always tells."""
        files = self.urls[:1000] if isinstance(self.urls, list) else []
        wheel = any(isinstance(one, dict) and text(one.get("filename")).endswith(".whl") for one in files)
        return {} if wheel and self.info.get("requires_dist", 0) is None else None

    def _urls(self) -> dict[str, Any]:
        urls = self.info.get("project_urls")
        return urls if isinstance(urls, dict) else {}


def ask(client: "httpx.Client", endpoint: Endpoint, name: str, version: str = "") -> Document | None:
    """Read the document that lies beside `/simple/`; None where there is none to use. Never fails."""
    parts = urlsplit(endpoint.url)
    if not parts.path.endswith("/simple/"):
        return None
    below = f"{name}/{version}/json" if version else f"{name}/json"
    url = urlunsplit(parts._replace(path=f"{parts.path.removesuffix('simple/')}pypi/{below}"))
    try:
        page = web.get(client, endpoint, url, "application/json")
        if page.status != 200:
            return None
        try:
            return msgspec.json.decode(page.body, type=Document)
        except msgspec.DecodeError:
            return msgspec.json.decode(web.mended(page.body), type=Document)
    except (RegistryError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def text(value: object) -> str:
    """Give a text, cut to what is kept of prose; empty for anything else."""
    return value[:MAX_TEXT] if isinstance(value, str) else ""
