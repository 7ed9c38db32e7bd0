"""Projects of an index as they were read: a page each, and of every file when it came out."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from biopsy.ecosystems.pypi import configuration
from biopsy.errors import RegistryError
from biopsy.guard import simple
from biopsy.model.release import Endpoint
from biopsy.web.guard.asked import RefusedError
from biopsy.web.guard.gate import Gate, moment
from biopsy.web.guard.upstream import Page, Upstream

LARGE = 256 * 1024
"""From so many bytes on a page is read in a thread, so that others do not wait for it."""

FORMS = (simple.JSON, simple.HTML, "application/json", "text/html", "application/xhtml+xml", "")
"""Media types of pages of projects."""

MAX_READ = 2000
"""Pages that are kept as they were read."""

_ACCEPT = f"{simple.JSON}, {simple.HTML};q=0.6, text/html;q=0.5"


@dataclass(slots=True)
class Project:
    """A project's page as it was read: its files, and of each when it came out."""

    source: Page
    page: simple.Page
    times: dict[str, float | None] = field(default_factory=dict)


@dataclass(slots=True)
class Projects:
    """Where projects come from. `endpoint` gives the index that pip is configured with, when it is needed."""

    gate: Gate
    upstream: Upstream
    endpoint: Callable[[str], Awaitable[Endpoint]]
    seen: Callable[[str], None] | None = None  # is told one address of each host that files are at
    _read: dict[str, Project] = field(default_factory=dict)

    def kept(self, name: str) -> Project | None:
        """A project that was read a while ago."""
        return self._read.get(name)

    async def of(self, name: str) -> Endpoint:
        """The index that a name comes from; raises RefusedError for one that comes from none."""
        where = self.gate.reserved("pypi", name)
        return configuration.at(where) if where else await self.endpoint(name)

    async def page(self, name: str) -> Page:
        """The page of a project as the index has it; raises RefusedError and RegistryError."""
        endpoint = await self.of(name)
        page = await self.upstream.page(endpoint, f"{endpoint.url}{name}/", _ACCEPT)
        if page.status in {404, 410}:
            raise RefusedError(404, f"the configured index has no package {name!r}")
        if page.status != 200:
            raise RefusedError(502, f"the configured index answers {page.status} about {name!r}")
        return page

    async def project(self, source: Page, name: str) -> Project:
        """The page, read; with times of the index's document where it has none and an age is asked."""
        held = self._read.get(name)
        if held is None or held.source is not source:
            if source.type not in FORMS:
                raise RegistryError(
                    f"the configured index answers {source.type[:80]!r}, which is no page of one"
                )
            read = simple.from_json if source.type.endswith("json") else simple.from_html
            try:
                if len(source.body) > LARGE:
                    page = await asyncio.to_thread(read, source.body, source.url)
                else:
                    page = read(source.body, source.url)
            except simple.UnreadableError as error:
                raise RegistryError(
                    f"the configured index answers no page about {name!r}: {error}"
                ) from error
            held = Project(source, page, {f.filename: moment(f.said.get("upload-time")) for f in page.files})
            if self.seen:
                for url in {urlsplit(f.url).netloc: f.url for f in page.files}.values():
                    self.seen(url)
            while len(self._read) >= MAX_READ:
                del self._read[next(iter(self._read))]
            self._read[name] = held
        if None in held.times.values() and self.gate.policy.terms("pypi", name).age:
            for file, at in (await self._uploads(name)).items():
                if held.times.get(file, 0) is None:
                    held.times[file] = at
        return held

    async def _uploads(self, name: str) -> dict[str, float | None]:
        """When files came out, by the document that most indexes have beside their pages."""
        endpoint = await self.of(name)
        parts = urlsplit(endpoint.url)
        if not parts.path.endswith("/simple/"):
            return {}
        url = urlunsplit(parts._replace(path=f"{parts.path.removesuffix('simple/')}pypi/{name}/json"))
        try:
            page = await self.upstream.page(endpoint, url, "application/json")
            held: Any = msgspec.json.decode(page.body) if page.status == 200 else {}
        except (RegistryError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
        releases = held.get("releases") if isinstance(held, dict) else None
        listed = [one for some in _dict(releases).values() if isinstance(some, list) for one in some]
        rows = [one for one in listed if isinstance(one, dict) and isinstance(one.get("filename"), str)]
        return {row["filename"]: moment(row.get("upload_time_iso_8601")) for row in rows}


def normal(name: str) -> str:
    """A name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
