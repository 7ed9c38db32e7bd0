"""The host's end of the registry gateway: really fetches, keeps what it fetched, under limits.

What an install needs again and again (build tools above all) comes from `folder`: answers that are files for
good, answers that are indexes (text, JSON) for `FRESH` seconds. When the folder has grown past `MAX_CACHE`,
what was used longest ago goes.
"""

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import msgspec

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint
from biopsy.sandbox.internet.gateway import Fetch, Reply

MAX_ANSWER = 512 * 1024**2
"""Longest answer, in bytes."""
MAX_CACHE = 2 * 1024**3
"""Bytes of answers that are kept."""
FRESH = 600.0
"""Seconds for which an index is taken from the cache."""
TIMEOUT = 60.0
"""Seconds without a byte from the registry."""

_INDEX = ("text/", "application/json", "application/vnd.")
_CHUNK = 256 * 1024


class Kept(msgspec.Struct, frozen=True):
    """What stands beside a kept body. `until` is in seconds of the epoch, 0 is for good."""

    status: int
    kind: str
    until: float


class Forwarder:
    """Performs fetches for every run; safe to call from many threads."""

    def __init__(self, endpoints: Iterable[Endpoint], client: httpx.Client, folder: Path) -> None:
        """Fetch with `client`; what is private about `endpoints` is added here and nowhere else."""
        self._endpoints = tuple(endpoints)
        self._client = client
        self._folder = folder
        self._lock = threading.Lock()
        self._size: int | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def __call__(self, fetch: Fetch) -> Reply:
        """The registry's answer; raise RegistryError where it gives none."""
        key = hashlib.sha256(f"{fetch.method} {fetch.url} {fetch.accept}".encode()).hexdigest()
        body = self._folder / key[:2] / key
        if (kept := self._kept(body)) is not None:
            return Reply(kept.status, kept.kind, path=body)
        try:
            return self._fetch(fetch, body)
        except httpx.HTTPError as err:
            raise RegistryError(f"{fetch.url}: {err or type(err).__name__}") from err

    def _kept(self, body: Path) -> Kept | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            kept = msgspec.json.decode(body.with_suffix(".json").read_bytes(), type=Kept)
            if body.is_file() and (not kept.until or time.time() < kept.until):
                os.utime(body)
                return kept
        return None

    def _fetch(self, fetch: Fetch, body: Path) -> Reply:
        headers = {"accept": fetch.accept}
        for endpoint in self._endpoints:
            headers |= endpoint.headers(fetch.url)
        with self._client.stream(
            fetch.method, fetch.url, headers=headers, follow_redirects=True, timeout=TIMEOUT
        ) as answer:
            kind = answer.headers.get("content-type", "application/octet-stream")[:200]
            if fetch.method == "HEAD" or answer.status_code != httpx.codes.OK:
                small = answer.read() if _length(answer) <= _CHUNK else b""
                return Reply(answer.status_code, kind, small)
            return self._keep(answer, kind, body)

    def _keep(self, answer: httpx.Response, kind: str, body: Path) -> Reply:
        body.parent.mkdir(exist_ok=True, mode=0o700)
        size = 0
        with tempfile.NamedTemporaryFile(dir=body.parent, prefix=".part", delete=False) as part:
            try:
                for chunk in answer.iter_bytes(_CHUNK):
                    size += _checked(chunk, size, answer)
                    part.write(chunk)
                part.flush()
                until = time.time() + FRESH if kind.startswith(_INDEX) else 0.0
                body.with_suffix(".json").write_bytes(msgspec.json.encode(Kept(200, kind, until)))
                Path(part.name).replace(body)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
        self._prune(size)
        return Reply(200, kind, path=body)

    def _prune(self, grown: int) -> None:
        with self._lock:
            if self._size is None:
                self._size = sum(size for _, size, _ in self._bodies())
            else:
                self._size += grown
            if self._size <= MAX_CACHE:
                return
            for _, size, path in sorted(self._bodies()):
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
                self._size -= size
                if self._size <= MAX_CACHE // 2:
                    return

    def _bodies(self) -> Iterable[tuple[float, int, Path]]:
        for path in self._folder.glob("??/*"):
            if not path.suffix and not path.name.startswith("."):
                with contextlib.suppress(OSError):
                    status = path.stat()
                    yield status.st_mtime, status.st_size, path


def _checked(chunk: bytes, before: int, answer: httpx.Response) -> int:
    if before + len(chunk) > MAX_ANSWER:
        raise RegistryError(f"{answer.url}: more than {MAX_ANSWER} bytes")
    return len(chunk)


def _length(answer: httpx.Response) -> int:
    try:
        return int(answer.headers.get("content-length", _CHUNK + 1))
    except ValueError:
        return _CHUNK + 1
