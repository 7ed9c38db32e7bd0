"""The folder of exports over HTTP: files as they are, or parts of them, and nothing from outside."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from anyio import open_file, to_thread
from litestar.types import Receive, Scope, Send

from biopsy.web.shield import known

MAX_PATH = 1024  # characters
CHUNK = 256 * 1024  # bytes
_TYPES = {
    ".json": "application/json", ".zip": "application/zip", ".csv": "text/csv; charset=utf-8",
    ".zst": "application/zstd", ".gz": "application/gzip", ".txt": "text/plain; charset=utf-8",
    ".yml": "application/yaml", ".yaml": "application/yaml", ".atom": "application/atom+xml",
    ".jsonl": "application/x-ndjson",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    tag: str


class Exports:
    """Serves what stands below a folder. The folder may be swapped for another at any time."""

    def __init__(self, root: Path) -> None:
        """Take the folder."""
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        method = str(scope.get("method", ""))
        if method not in {"GET", "HEAD"}:
            await _short(send, 405, {"code": 12, "message": "Method Not Allowed"}, [(b"allow", b"GET, HEAD")])
            return
        path = scope["path"].strip("/").removeprefix("exports").strip("/")
        found = await to_thread.run_sync(self._find, path)
        if isinstance(found, list):
            await _short(send, 200, {"files": found})
        elif found is None:
            await _short(send, 404, {"code": 5, "message": "Not Found"})
        else:
            await _send(scope, send, found)

    def _find(self, path: str) -> _File | list[dict[str, Any]] | None:
        """The file of a path, or what is in the folder that it names; None where there is nothing."""
        parts = [part for part in path.split("/") if part]
        if len(path) > MAX_PATH or any(p.startswith(".") or "\\" in p or "\0" in p for p in parts):
            return None
        try:
            root = self._root.resolve(strict=True)
            place = root.joinpath(*parts).resolve(strict=True)
            if not place.is_relative_to(root):
                return None
            if place.is_dir():
                return _listing(place)
            return _file(place)
        except (OSError, ValueError, RuntimeError):
            return None


def _file(place: Path) -> _File | None:
    found = place.stat()
    if not stat.S_ISREG(found.st_mode):
        return None
    mark = f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}".encode()
    return _File(place, found.st_size, f'W/"{hashlib.blake2b(mark, digest_size=12).hexdigest()}"')


def _listing(folder: Path) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if not entry.name.startswith("."):
                size = {} if entry.is_dir() else {"size": entry.stat().st_size}
                made.append({"name": entry.name + ("/" if entry.is_dir() else ""), **size})
    return made


async def _send(scope: Scope, send: Send, found: _File) -> None:
    asked = {bytes(name): bytes(value) for name, value in scope["headers"]}
    kind = _TYPES.get(found.path.suffix, "application/octet-stream")
    if found.path.parent.name == "feeds" and found.path.suffix == ".json":
        kind = "application/feed+json"
    headers = [(b"etag", found.tag.encode()), (b"accept-ranges", b"bytes")]
    if known([asked.get(b"if-none-match", b"")], found.tag.encode()):
        await _start(send, 304, headers)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    first, last, status = 0, found.size - 1, 200
    span = _span(asked.get(b"range", b""), found.size) if b"if-range" not in asked else None
    if span == ():
        headers.append((b"content-range", f"bytes */{found.size}".encode()))
        await _short(send, 416, {"code": 3, "message": "Range Not Satisfiable"}, headers)
        return
    if span:
        first, last = span
        status = 206
        headers.append((b"content-range", f"bytes {first}-{last}/{found.size}".encode()))
    length = last - first + 1
    headers += [(b"content-type", kind.encode()), (b"content-length", str(length).encode())]
    await _start(send, status, headers)
    async with await open_file(found.path, "rb") as file:
        await file.seek(first)
        while length > 0 and (chunk := await file.read(min(CHUNK, length))):
            length -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _span(asked: bytes, size: int) -> tuple[int, int] | tuple[()] | None:
    """The one range that is asked for; None for the whole file, empty for one that is not there."""
    unit, _, text = asked.partition(b"=")
    start, dash, end = text.partition(b"-")
    if unit != b"bytes" or not dash or b"," in text or not (start + end).isdigit() or len(text) > 40:
        return None
    first, last = (int(start), int(end or size - 1)) if start else (max(0, size - int(end)), size - 1)
    return (first, min(last, size - 1)) if first <= last and first < size else ()


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _short(send: Send, status: int, body: Any, more: list[tuple[bytes, bytes]] | None = None) -> None:
    data = msgspec.json.encode(body)
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await _start(send, status, [*own, *(more or [])])
    await send({"type": "http.response.body", "body": data, "more_body": False})
