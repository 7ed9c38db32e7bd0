"""Artifacts: fetched once however many ask, passed on as they come, verified, and kept by their hash.

    FOLDER/<algorithm>/<digest[:2]>/<digest>

Everybody who asks reads what has arrived so far. The last bytes are held back until the whole has the digest
that the registry announced: of what has another, nobody gets enough to use it.
"""

import asyncio
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpcore
import httpx

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint
from biopsy.web.guard.upstream import Upstream

MAX_FILE = 4 * 1024**3
"""Largest artifact that is passed on, in bytes (wheels of machine learning pass two gigabytes)."""

HELD = 64 * 1024
"""Bytes at the end of a file that wait for its digest."""

CHUNK = 256 * 1024
DEADLINE = 1800.0
"""Longest that one download may take, in seconds."""

MAX_DOWNLOADS = 48
"""Downloads at once; more wait."""

LOOK = 64
"""After so many files kept, what is kept is weighed."""

LOG = logging.getLogger("biopsy.guard")
_STRONG = ("sha512", "sha384", "sha256", "blake2b")


class DiffersError(RegistryError):
    """A file that is not what the registry announced."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a registry: where it is, and what it hashes to, as far as the registry says."""

    endpoint: Endpoint
    url: str
    digests: tuple[tuple[str, str], ...]
    size: int | None = None

    @property
    def key(self) -> tuple[str, str] | None:
        """The digest that it is kept by; None where there is none to trust."""
        held = dict(self.digests)
        return next(((name, held[name]) for name in _STRONG if name in held), None)


@dataclass(slots=True)
class Download:
    """A file that is arriving: `size` bytes of it are in `path`, `total` are announced."""

    path: Path
    size: int = 0
    total: int | None = None
    done: bool = False
    error: BaseException | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Wake all who read."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def begun(self) -> None:
        """Wait until it is known how long it is; raises what went wrong."""
        while self.total is None and not self.done and not self.error and not self.size:
            await self._changed.wait()
        if self.error and not self.size:
            raise self.error

    async def read(self, start: int = 0) -> AsyncIterator[bytes]:
        """What has arrived, as it arrives; raises what went wrong."""
        with self.path.open("rb") as file:
            at = start
            while True:
                safe = self.size if self.done else self.size - HELD
                while at < safe:
                    chunk = os.pread(file.fileno(), min(CHUNK, safe - at), at)
                    at += len(chunk)
                    yield chunk
                if self.error:
                    raise self.error
                if self.done:
                    return
                changed = self._changed
                if (self.size if self.done else self.size - HELD) <= at and not self.done and not self.error:
                    await changed.wait()


@dataclass(slots=True)
class Files:
    """The files that are kept below a folder, at most so many bytes of them."""

    folder: Path
    upstream: Upstream
    most: int = 10 * 1024**3
    _arriving: dict[tuple[str, str], Download] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_DOWNLOADS))
    _added: int = 0

    def kept(self, wanted: Wanted) -> Path | None:
        """Where a file is kept, if it is."""
        if wanted.key is None:
            return None
        path = self._place(wanted.key)
        return path if path.is_file() else None

    def fetch(self, wanted: Wanted) -> Download:
        """A file on its way, or here; nobody fetches what somebody is fetching."""
        path = self.kept(wanted)
        if self.upstream.metrics:
            self.upstream.metrics.kept("file", here=path is not None)
        if path is not None:
            size = path.stat().st_size
            with suppress(OSError):
                os.utime(path)
            return Download(path, size, size, done=True)
        key = wanted.key or ("url", wanted.url)
        if held := self._arriving.get(key):
            return held
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".part-", dir=self.folder)
        os.close(handle)
        made = self._arriving[key] = Download(Path(name))
        task = asyncio.create_task(self._arrive(wanted, made, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return made

    async def _arrive(self, wanted: Wanted, made: Download, key: tuple[str, str]) -> None:
        try:
            async with self._turn, asyncio.timeout(DEADLINE):
                await self._download(wanted, made)
            if wanted.key:
                place = self._place(wanted.key)
                place.parent.mkdir(parents=True, exist_ok=True)
                made.path.chmod(0o644)
                made.path.replace(place)
                made.path = place
                await self._weigh()
            made.done = True
        except RegistryError as error:
            made.error = error
        except Exception as error:  # whatever it is, those who wait are to hear of it
            if not isinstance(error, (httpx.HTTPError, httpcore.ConnectError, TimeoutError)):
                LOG.exception("a file could not be fetched")
            made.error = RegistryError(
                f"cannot fetch {wanted.url.rpartition('/')[2]}: {type(error).__name__}"
            )
        except asyncio.CancelledError:
            made.error = RegistryError("the guard is ending")
            raise
        finally:
            self._arriving.pop(key, None)
            made.tell()
            if made.error or not wanted.key:
                asyncio.get_running_loop().call_later(60, lambda: made.path.unlink(missing_ok=True))

    async def _download(self, wanted: Wanted, made: Download) -> None:
        names = {name for name, _ in wanted.digests if name in hashlib.algorithms_guaranteed}
        hashes = {name: hashlib.new(name, usedforsecurity=False) for name in names}
        headers = {"accept-encoding": "identity", "accept": "*/*"}
        async with self.upstream.open(wanted.endpoint, wanted.url, headers) as answer:
            if answer.status_code != 200:
                raise RegistryError(f"the registry answers {answer.status_code}")
            announced = answer.headers.get("content-length", "")
            packed = answer.headers.get("content-encoding", "identity") not in {"", "identity"}
            if packed:
                raise RegistryError("the registry packs an artifact once more, which was not asked for")
            made.total = int(announced) if announced.isdigit() else None
            if (made.total or 0) > MAX_FILE:
                raise RegistryError(f"larger than {MAX_FILE >> 30} GiB")
            made.tell()
            with made.path.open("wb", buffering=0) as file:
                async for chunk in answer.aiter_raw(CHUNK):
                    file.write(chunk)
                    for one in hashes.values():
                        one.update(chunk)
                    made.size += len(chunk)
                    if made.size > MAX_FILE:
                        raise RegistryError(f"larger than {MAX_FILE >> 30} GiB")
                    made.tell()
        if made.total is not None and made.size != made.total:
            raise RegistryError("it ends early")
        _verify(wanted, {name: one.hexdigest() for name, one in hashes.items()})

    def _place(self, key: tuple[str, str]) -> Path:
        algorithm, digest = key
        return self.folder / algorithm / digest[:2] / digest

    async def _weigh(self) -> None:
        """Now and then, drop what was asked for longest ago until the rest is within the limit."""
        self._added += 1
        if self._added % LOOK == 1:
            await asyncio.to_thread(trim, self.folder, self.most)

    async def close(self) -> None:
        """Break off what is arriving."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _verify(wanted: Wanted, found: Mapping[str, str]) -> None:
    for algorithm, expected in wanted.digests:
        if algorithm in found and found[algorithm] != expected:
            name = wanted.url.rpartition("/")[2]
            raise DiffersError(f"{name} is not what the registry announced: its {algorithm} differs")


def trim(folder: Path, most: int) -> None:
    """Remove files, what was asked for longest ago first, until the rest has at most so many bytes."""
    held: list[tuple[float, int, Path]] = []
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                at = path.stat()
                if path.name.startswith(".part-") and time.time() - at.st_mtime > DEADLINE:
                    path.unlink()
                elif not path.name.startswith(".part-"):
                    held.append((at.st_mtime, at.st_size, path))
    total = sum(size for _, size, _ in held)
    for _, size, path in sorted(held):
        if total <= most:
            return
        with suppress(OSError):
            path.unlink()
            total -= size
