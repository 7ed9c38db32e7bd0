"""What the registries answered, kept: nothing is asked twice, so that sweeps are polite and repeatable."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx

from biopsy import fetch

_CHUNK = 256 * 1024
_real = fetch.client


def use(folder: Path) -> None:
    """Have every registry client of this process keep what it gets in `folder`, and ask for nothing twice."""
    folder.mkdir(parents=True, exist_ok=True)

    def client(agent: str = "biopsy-evals") -> httpx.Client:
        made = _real(agent)
        made._transport = Keeping(made._transport, folder)  # noqa: SLF001 - the one seam there is
        made._mounts = {key: one and Keeping(one, folder) for key, one in made._mounts.items()}  # noqa: SLF001
        return made

    fetch.client = client


class Keeping(httpx.BaseTransport):
    """Answers a GET from disk where it was answered before; 200 and 404 are kept, as they came."""

    def __init__(self, inner: httpx.BaseTransport, folder: Path) -> None:
        """Ask `inner` what `folder` does not hold."""
        self._inner, self._folder = inner, folder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, from disk or from `inner`."""
        name = hashlib.sha256(f"{request.url} {request.headers.get('accept', '')}".encode()).hexdigest()
        head, body = self._folder / f"{name}.json", self._folder / f"{name}.body"
        if request.method != "GET":
            return self._inner.handle_request(request)
        if not head.is_file():
            answer = self._inner.handle_request(request)
            if answer.status_code not in (200, 404):
                return answer
            _keep(answer, head, body)
        about = json.loads(head.read_text())
        return httpx.Response(about["status"], headers=about["headers"], stream=_File(body))

    def close(self) -> None:
        """Close what asks."""
        self._inner.close()


class _File(httpx.SyncByteStream):
    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _keep(answer: httpx.Response, head: Path, body: Path) -> None:
    """Write body, then head: a head on disk means that the whole answer is there."""
    assert isinstance(answer.stream, httpx.SyncByteStream)
    with contextlib.closing(answer):
        _write(body, answer.stream)
    _write(head, [_head(answer)])


def _write(path: Path, parts: Iterable[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        for part in parts:
            file.write(part)
    Path(name).replace(path)


def _head(answer: httpx.Response) -> bytes:
    dropped = ("transfer-encoding", "connection", "set-cookie")
    headers = [(key, value) for key, value in answer.headers.items() if key not in dropped]
    return json.dumps({"status": answer.status_code, "headers": headers}).encode()


__all__ = ["Keeping", "use"]
