"""Asking a registry: pages whole and under limits, kept a while and asked for once however many wait."""

import asyncio
import ssl
import time
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint
from biopsy.web.guard.network import client, stands_inside

if TYPE_CHECKING:
    from biopsy.web.guard.metrics import Metrics

MAX_PAGE = 128 * 1024**2
"""Largest listing that is read, in bytes after decompression."""

MAX_KEPT = 256 * 1024**2
"""Bytes of listings that are kept in memory."""

MAX_REDIRECTS = 5
DEADLINE = 120.0
"""Longest that one listing may take, in seconds."""

TRIES = 2
STALE = 3600.0
"""For how long a listing is still shown when the registry does not answer, in seconds."""

CHUNK = 256 * 1024
ROOM = 1024**2  # bytes that are unpacked at a time


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that was read to its end."""

    url: str
    status: int
    type: str
    body: bytes
    tag: str = ""
    serial: str = ""  # X-PyPI-Last-Serial, which mirrors look at


@dataclass(slots=True)
class _Kept:
    page: Page
    at: float


@dataclass(slots=True)
class Upstream:
    """Registries. `fresh` is for how many seconds a listing is shown without asking again."""

    verify: ssl.SSLContext
    fresh: float = 60.0
    metrics: "Metrics | None" = None
    _http: dict[bool, httpx.AsyncClient] = field(default_factory=dict)
    _kept: "OrderedDict[tuple[str, str], _Kept]" = field(default_factory=OrderedDict)
    _size: int = 0
    _asking: "dict[tuple[str, str], asyncio.Task[Page]]" = field(default_factory=dict)
    _inside: dict[str, bool] = field(default_factory=dict)

    async def page(self, endpoint: Endpoint, url: str, accept: str) -> Page:
        """A listing, perhaps one that was asked for a moment ago. Raises RegistryError."""
        key = (url, accept)
        kept = self._kept.get(key)
        if kept and time.monotonic() - kept.at < self.fresh:
            self._kept.move_to_end(key)
            self._count(here=True)
            return kept.page
        self._count(here=False)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._again(endpoint, key, kept))
            task.add_done_callback(lambda _done: self._asking.pop(key, None))
        return await asyncio.shield(task)

    def _count(self, *, here: bool) -> None:
        if self.metrics:
            self.metrics.kept("listing", here=here)

    async def _again(self, endpoint: Endpoint, key: tuple[str, str], kept: _Kept | None) -> Page:
        try:
            page = await self._read(endpoint, *key, kept.page.tag if kept else "")
        except RegistryError:
            if kept and time.monotonic() - kept.at < STALE:
                return kept.page
            raise
        if page.status == 304 and kept:
            page = kept.page
        elif page.status >= 500 and kept and time.monotonic() - kept.at < STALE:
            return kept.page
        if page.status in {200, 404}:
            self._keep(key, page)
        return page

    def _keep(self, key: tuple[str, str], page: Page) -> None:
        if old := self._kept.pop(key, None):
            self._size -= len(old.page.body)
        self._kept[key] = _Kept(page, time.monotonic())
        self._size += len(page.body)
        while self._size > MAX_KEPT and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone.page.body)

    async def _read(self, endpoint: Endpoint, url: str, accept: str, tag: str) -> Page:
        headers = {"accept": accept, **({"if-none-match": tag} if tag else {})}
        for attempt in range(1, TRIES + 1):
            try:
                async with asyncio.timeout(DEADLINE), self.open(endpoint, url, headers) as answer:
                    body = await unpacked(answer) if answer.status_code != 304 else b""
                    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
                    said = answer.headers
                    where = str(answer.url)
                    status = answer.status_code
                    page = Page(
                        where, status, media, body, said.get("etag", ""), said.get("x-pypi-last-serial", "")
                    )
                if status < 500 or attempt == TRIES:
                    return page
            except (TimeoutError, httpx.TransportError, httpcore.ConnectError) as error:
                if attempt == TRIES:
                    raise RegistryError(_unheard(endpoint, error)) from error
            await asyncio.sleep(0.2 * attempt)
        raise AssertionError

    @asynccontextmanager
    async def open(
        self, endpoint: Endpoint, url: str, headers: dict[str, str], method: str = "GET", body: bytes = b""
    ) -> AsyncIterator[httpx.Response]:
        """An answer that is still to be read, after redirects; raises RegistryError, and what httpx raises.

        The registry's authorization goes to the registry alone. See `network` for where it may lead.
        """
        for _ in range(MAX_REDIRECTS + 1):
            if not _web(url):
                raise RegistryError(f"the {endpoint.ecosystem} registry leads to no http(s) address")
            given = {**headers, **endpoint.headers(url)}
            http = await self._client(endpoint)
            try:
                request = http.build_request(method, url, headers=given, content=body or None)
                answer = await http.send(request, stream=True)
                self._heard(endpoint, f"{answer.status_code // 100}xx")
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise RegistryError(
                    f"the {endpoint.ecosystem} registry leads to no address: {error}"
                ) from error
            except (httpx.TransportError, httpcore.ConnectError, RegistryError):
                self._heard(endpoint, "failed")
                raise
            try:
                if not answer.is_redirect:
                    yield answer
                    return
                url = _joined(url, answer.headers.get("location", ""))
            finally:
                await answer.aclose()
        raise RegistryError(f"the {endpoint.ecosystem} registry leads in circles")

    def _heard(self, endpoint: Endpoint, outcome: str) -> None:
        if self.metrics:
            self.metrics.heard(endpoint.ecosystem, outcome)

    async def _client(self, endpoint: Endpoint) -> httpx.AsyncClient:
        """What may be asked: private networks only by a registry that was configured to stand in one."""
        host = urlsplit(endpoint.url).hostname or ""
        if host not in self._inside:
            self._inside[host] = await stands_inside(host)
        inwards = self._inside[host]
        if inwards not in self._http:
            self._http[inwards] = client(self.verify, inwards=inwards)
        return self._http[inwards]

    async def close(self) -> None:
        """Let go of all connections."""
        for http in self._http.values():
            await http.aclose()


async def unpacked(answer: httpx.Response, limit: int = MAX_PAGE) -> bytes:
    """The body of an answer; raises RegistryError where it is too large, or packed otherwise than asked.

    It is unpacked a piece at a time: what would unpack to much is never held.
    """
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise RegistryError(f"the registry packs its answer as {encoding[:40]!r}, which was not asked for")
    reader = None
    if encoding not in {"", "identity"}:
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | (32 if encoding != "deflate" else 0))
    body = bytearray()
    async for chunk in answer.aiter_raw(CHUNK):
        rest = chunk
        while rest:
            if reader is None:
                body += rest
                rest = b""
            else:
                try:
                    body += reader.decompress(rest, ROOM)
                except zlib.error as error:
                    raise RegistryError(f"the registry's answer is not {encoding}: {error}") from error
                rest = reader.unconsumed_tail
            if len(body) > limit:
                raise RegistryError(f"the registry's answer is larger than {limit >> 20} MiB")
    if reader is not None and (body or reader.unused_data) and (not reader.eof or reader.unused_data):
        raise RegistryError("the registry's answer does not end where its packing does")
    return bytes(body)


def _web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _joined(base: str, to: str) -> str:
    try:
        return urljoin(base, to)
    except ValueError:
        return ""


def _unheard(endpoint: Endpoint, error: Exception) -> str:
    return f"the {endpoint.ecosystem} registry did not answer: {type(error).__name__} {error}".strip()
