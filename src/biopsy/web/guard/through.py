"""Requests that were on their way to registries themselves, answered as the guard has it.

`uv sync` of a lock file asks for files at the addresses that stand in it, and poetry asks its index whatever
the environment says: both are guarded by standing in the way (`tunnel`), with addresses as they were, so that
lock files stay as they are.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from biopsy.ecosystems.pypi import configuration
from biopsy.errors import BiopsyError
from biopsy.model.release import Endpoint
from biopsy.web.guard.app import answered, deliver
from biopsy.web.guard.asked import Answer, Asked, Receive, RefusedError, Scope, Send, read
from biopsy.web.guard.projects import Projects, normal
from biopsy.web.guard.pypi import Pypi

if TYPE_CHECKING:
    from biopsy.web.guard.app import Guard

MAX_PLACES = 200
"""Hosts and indexes that a project's files name, which are heeded."""

_DOCUMENT = re.compile(r"pypi/([A-Za-z0-9._-]+)/(?:([A-Za-z0-9._!+-]+)/)?json")
_INDEX = re.compile(r"(?:registry|url)\s*=\s*\"(https?://[^\"\s@]{1,500})\"")
_SUFFIX = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")


@dataclass(slots=True)
class Through:
    """An ASGI application for those requests: indexes by address, and hosts that files come from."""

    guard: "Guard"
    base: str = ""
    indexes: list[Pypi] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    _urls: list[str] = field(default_factory=list)
    _given: dict[str, str] = field(default_factory=dict)

    def index(self, url: str) -> None:
        """Heed an index; RegistryError where its address is none."""
        endpoint = configuration.at(url)
        if endpoint.url in self._urls or len(self._urls) >= MAX_PLACES:
            return

        async def own(_name: str) -> Endpoint:
            given = endpoint.authorization or self._given.get(endpoint.url, "")
            return msgspec.structs.replace(endpoint, authorization=given)

        self._urls.append(endpoint.url)
        guard = self.guard
        projects = Projects(guard.gate, guard.upstream, own, self.host)
        self.indexes.append(Pypi(guard.gate, guard.upstream, guard.passing, projects))
        self.host(endpoint.url)

    def host(self, url: str) -> None:
        """Heed the host of an address."""
        parts = urlsplit(url)
        if parts.hostname and len(self.hosts) < MAX_PLACES:
            self.hosts.setdefault(_place(parts.netloc, parts.scheme), parts.scheme)

    def learn(self, texts: Iterable[str]) -> None:
        """Heed the indexes and hosts that lock files and settings of a project name."""
        for text in texts:
            for url in _INDEX.findall(text):
                try:
                    self.host(url) if url.partition("#")[0].endswith(_SUFFIX) else self.index(url)
                except (BiopsyError, ValueError):
                    continue  # what is no address leads nowhere

    def heeds(self, host: str, port: int) -> bool:
        """Whether requests to a host are answered here."""
        return bool({_place(f"{host}:{port}", scheme) for scheme in ("http", "https")} & self.hosts.keys())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await deliver(await answered(self._answering(scope, receive)), scope["method"], send)

    def _answering(self, scope: Scope, receive: Receive) -> Callable[[], Awaitable[Answer]]:
        async def answer() -> Answer:
            asked = replace(read(scope, receive, base=self.base), through=True)
            given = asked.headers.get("host", "")
            place = next((p for p in (_place(given, "https"), _place(given, "http")) if p in self.hosts), "")
            if not place:
                raise RefusedError(421, "the guard does not stand for this host")
            raw = scope.get("raw_path") or scope["path"].encode()
            return await self._of(asked, f"{self.hosts[place]}://{place}{raw.decode('ascii', 'replace')}")

        return answer

    async def _of(self, asked: Asked, url: str) -> Answer:
        if asked.method not in {"GET", "HEAD"}:
            raise RefusedError(405, "the guard only lets packages out of the index")
        for address, side in zip(self._urls, self.indexes, strict=True):
            if url.startswith(address):
                if given := asked.headers.get("authorization"):  # the client's own for this very index
                    self._given[address] = given
                below = tuple(unquote(part) for part in url[len(address) :].split("/"))
                return await side.answer(replace(asked, path=("pypi", "simple", *below)))
        side = self.indexes[0]
        if (answer := await side.through(asked, url)) is not None:
            return answer
        if found := _DOCUMENT.fullmatch(urlsplit(url).path.lstrip("/")):
            if self.guard.gate.policy.reserved("pypi", normal(found[1])) is not None:
                raise RefusedError(
                    403, f"{found[1]} is a name of your own, which this index is not asked for"
                )
            ruling = (await side.offers(found[1])).get(
                found[2] or ""
            )  # reads its page, and so where files are
            if ruling is not None and ruling.blocks:
                raise RefusedError(403, f"{found[1]} {found[2]} is blocked by biopsy guard: {ruling.reason}")
        endpoint = await side.projects.endpoint("")
        page = await self.guard.upstream.page(endpoint, url, asked.headers.get("accept", "*/*"))
        return Answer(page.status, page.body, page.type or "application/octet-stream")


def _place(netloc: str, scheme: str) -> str:
    """A host with its port, where that is another than its scheme's."""
    place = netloc.rpartition("@")[2].lower()
    return place.removesuffix(":443" if scheme == "https" else ":80")
