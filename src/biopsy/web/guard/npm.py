"""The guard's side for npm, pnpm, yarn and bun: a registry at `/npm/`."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from biopsy.ecosystems.npm import configuration
from biopsy.errors import RegistryError
from biopsy.guard import packument as documents
from biopsy.guard.packument import ABBREVIATED, Packument
from biopsy.guard.ruling import NOTHING, Known, Offered, Ruling
from biopsy.model.release import Endpoint
from biopsy.web.guard.asked import Answer, Asked, RefusedError, problem, tag
from biopsy.web.guard.audits import Audits
from biopsy.web.guard.files import Wanted
from biopsy.web.guard.gate import Gate, Made, listing, moment, told
from biopsy.web.guard.passing import Passing
from biopsy.web.guard.upstream import Page, Upstream

LARGE = 256 * 1024
MAX_READ = 500  # documents that are kept as they were read
FAR = 1e18
NAME = re.compile(r"(?:@[A-Za-z0-9~_-][A-Za-z0-9~._-]*/)?[A-Za-z0-9~_-][A-Za-z0-9~._-]*")
MAX_NAME = 214
_TARBALL = re.compile(r"[A-Za-z0-9@~_][A-Za-z0-9@~._+-]{0,254}\.tgz")
_PLAIN = (("-", "ping"), ("-", "v1", "search"), ("-", "npm", "v1", "keys"))
"""What is passed on as it is: it names no release that could be installed from the answer."""


@dataclass(slots=True)
class Npm:
    """A registry, filtered. `endpoint` gives the one that npm is configured with for a name."""

    gate: Gate
    upstream: Upstream
    passing: Passing
    endpoint: Callable[[str], Awaitable[Endpoint]]
    audits: Audits
    _read: dict[str, tuple[Page, Packument]] = field(default_factory=dict)

    async def answer(self, asked: Asked) -> Answer:
        """Answer what is below `/npm/`; raises RefusedError and RegistryError."""
        path = joined(asked.path[1:])
        if path[:1] == ("-",):
            return await self._service(asked, path)
        if asked.method not in {"GET", "HEAD"}:
            raise RefusedError(405, "the guard only lets packages out: publish to the registry itself")
        name = path[0] if path else ""
        if len(name) > MAX_NAME or not NAME.fullmatch(name):
            raise RefusedError(404, "no such page: a registry is at /npm/")
        match path[1:]:
            case () | ("",):
                return await self._listing(asked, name)
            case ("-", filename) | ("-", _, filename) if _TARBALL.fullmatch(filename):
                return await self._tarball(asked, name, filename)
            case (version,):
                return await self._version(asked, name, version)
        raise RefusedError(404, "no such page: a registry is at /npm/")

    async def _service(self, asked: Asked, path: tuple[str, ...]) -> Answer:
        """What is no package: audits, tags, and what is passed on."""
        if path[:4] == ("-", "npm", "v1", "security") and asked.method == "POST":
            return await self.audits.answer(asked, path[4:])
        if asked.method not in {"GET", "HEAD"}:
            raise RefusedError(405, "the guard only lets packages out: ask the registry itself")
        if path == ("-", "ping"):
            return Answer(200, b"{}", "application/json")
        tags = joined(path[2:])
        if (
            path[:2] == ("-", "package")
            and len(tags) == 2
            and tags[1] == "dist-tags"
            and NAME.fullmatch(tags[0])
        ):
            made = await self._made(asked, tags[0], short=False)
            held = msgspec.json.decode(made.body)
            return Answer(200, msgspec.json.encode(held.get("dist-tags", {})), "application/json")
        attested = path[:4] == ("-", "npm", "v1", "attestations") and len(path) in {5, 6}
        if path not in _PLAIN and not attested:
            raise RefusedError(404, "the guard does not know this service of a registry")
        if attested and self.gate.policy.reserved("npm", _bare(path[4:])) is not None:
            raise RefusedError(404, "it has no attestations: the name is reserved")
        endpoint = await self.endpoint("")
        below = "/".join(quote(part, safe="@") for part in path)
        url = f"{endpoint.url}{below}" + (f"?{asked.query}" if asked.query else "")
        page = await self.upstream.page(endpoint, url, "application/json")
        return Answer(page.status, page.body, page.type or "application/json")

    async def of(self, name: str) -> Endpoint:
        """The registry that a name comes from; raises RefusedError for one that comes from none."""
        where = self.gate.reserved("npm", name)
        return configuration.at(where) if where else await self.endpoint(name)

    async def _listing(self, asked: Asked, name: str) -> Answer:
        short = ABBREVIATED in asked.headers.get("accept", "")
        made = await self._made(asked, name, short=short)
        self.gate.log_listing(asked, made.decision)
        if made.empty:
            return problem(403, made.empty)
        headers = {"etag": made.tag, "vary": "accept, user-agent", "cache-control": "no-cache"}
        if asked.knows(made.tag):
            return Answer(304, headers=headers)
        return Answer(200, made.body, ABBREVIATED if short else "application/json", headers)

    async def _made(self, asked: Asked, name: str, *, short: bool) -> Made:
        page = await self._page(name)
        key = ("npm", name, str(short), asked.client.shown, asked.base)
        return self.gate.made(key, page) or self.gate.keep(
            key, await self._make(asked, page, name, short=short)
        )

    async def _page(self, name: str) -> Page:
        """The whole document: the short one has neither dates nor scripts, which rulings ask for."""
        endpoint = await self.of(name)
        page = await self.upstream.page(endpoint, endpoint.url + quote(name, safe="@"), "application/json")
        if page.status in {404, 405, 410}:
            raise RefusedError(404, f"the configured registry has no package {name!r}")
        if page.status != 200:
            raise RefusedError(502, f"the configured registry answers {page.status} about {name!r}")
        return page

    async def _make(self, asked: Asked, source: Page, name: str, *, short: bool) -> Made:
        document = await self._document(source, name)
        basis, rulings = self.gate.basis(), self._rulings(document, name)
        until = min((r.until for r in rulings.values() if r.until), default=FAR)
        said = {id(r): told(r, Offered("npm", name, v), asked.base) for v, r in rulings.items() if r.rule}
        held = documents.filtered(
            document,
            rulings,
            asked.client.shown,
            lambda version, ruling: _address(asked.base, name, version, ruling),
            lambda ruling: said[id(ruling)],
            short=short,
        )
        body = msgspec.json.encode(held)
        empty = ""
        if rulings and all(r.blocks for r in rulings.values()):
            newest = document.tags.get("latest", "")
            chosen = newest if newest in rulings else documents.ordered(rulings)[-1]
            empty = said[id(rulings[chosen])]
        return Made(body, tag(body), source, basis, until, listing("npm", name, rulings), empty)

    async def _document(self, source: Page, name: str) -> Packument:
        held = self._read.get(name)
        if held and held[0] is source:
            return held[1]
        try:
            if len(source.body) > LARGE:
                read = await asyncio.to_thread(documents.read, source.body)
            else:
                read = documents.read(source.body)
        except documents.UnreadableError as error:
            raise RegistryError(
                f"the configured registry answers no document of {name!r}: {error}"
            ) from error
        while len(self._read) >= MAX_READ:
            del self._read[next(iter(self._read))]
        self._read[name] = (source, read)
        return read

    def _known(self, document: Packument, name: str) -> dict[str, Known]:
        hashes = {v: [f"{k}:{d}" for k, d in e.digests] for v, e in document.entries.items()}
        return self.gate.knowledge.of("npm", name, hashes)

    def _rulings(self, document: Packument, name: str) -> dict[str, Ruling]:
        known = self._known(document, name)
        return {
            v: self.gate.rule(self._offered(document, name, v), known.get(v, NOTHING))
            for v in document.entries
        }

    @staticmethod
    def _offered(document: Packument, name: str, version: str) -> Offered:
        entry = document.entries[version]
        return Offered("npm", name, version, moment(document.time(version)), scripts=entry.scripts)

    async def _version(self, asked: Asked, name: str, wanted: str) -> Answer:
        """One version's entry, by its number or a tag."""
        made = await self._made(asked, name, short=False)
        document = await self._document(await self._page(name), name)
        version = wanted if wanted in document.entries else document.tags.get(wanted, "")
        held: Any = msgspec.json.decode(made.body)
        version = held["dist-tags"].get(wanted, version) if wanted not in document.entries else version
        if version not in document.entries:
            raise RefusedError(404, f"{name} has no version {wanted[:80]!r}")
        ruling = self._rulings(document, name)[version]
        if ruling.blocks:
            return problem(403, told(ruling, Offered("npm", name, version), asked.base))
        return Answer(200, msgspec.json.encode(held["versions"][version]), "application/json")

    async def _tarball(self, asked: Asked, name: str, filename: str) -> Answer:
        endpoint = await self.of(name)
        document = await self._document(await self._page(name), name)
        versions = documents.version_named(document, name, filename)
        if not versions:
            raise RefusedError(404, f"the configured registry has no file {filename!r} of {name}")
        known = self._known(document, name)
        for version in versions:  # one file of several versions passes where all of them may
            offered = self._offered(document, name, version)
            ruling = self.gate.rule(offered, known.get(version, NOTHING))
            self.gate.log_file(asked, offered, filename, ruling)
            if ruling.blocks:
                return problem(403, told(ruling, offered, asked.base))
        entry = document.entries[versions[0]]
        await self.passing.looked_at(
            asked, offered, ruling, known.get(versions[0], NOTHING), dict(entry.digests)
        )
        if not entry.tarball.startswith(("https://", "http://")):
            raise RegistryError(f"the configured registry gives no address for {name} {versions[0]}")
        return await self.passing.file(asked, Wanted(endpoint, entry.tarball, entry.digests))

    def address(self, name: str, filename: str) -> str:
        """Where the registry has a tarball that was listed a while ago; empty where none was."""
        held = self._read.get(name)
        versions = documents.version_named(held[1], name, filename) if held else ()
        return held[1].entries[versions[0]].tarball if held and versions else ""

    async def offers(self, name: str) -> dict[str, Ruling]:
        """By version, what becomes of it. For people who ask why."""
        return self._rulings(await self._document(await self._page(name), name), name)


def _address(base: str, name: str, version: str, ruling: Ruling) -> str:
    """Where a tarball is; of a blocked one, where it says why, in the address too: pnpm shows no more."""
    if not ruling.blocks:
        return f"{base}/npm/{name}/-/{quote(documents.filename(name, version))}"
    words = re.sub(r"[^A-Za-z0-9.]+", "-", ruling.reason)[:200].strip("-.")
    return f"{base}/blocked/npm/{name}/{quote(version)}/{words}.tgz"


def _bare(path: tuple[str, ...]) -> str:
    """The name in `NAME@VERSION`, however its parts were written."""
    whole = "/".join(path)
    return whole.rpartition("@")[0] or whole


def joined(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path with the two parts of a scoped name as one."""
    if len(path) > 1 and path[0].startswith("@") and "/" not in path[0]:
        return (f"{path[0]}/{path[1]}", *path[2:])
    return path
