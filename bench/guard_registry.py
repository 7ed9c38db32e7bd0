"""The registry of `bench.guard`: one project and one package, their listings and files, in memory."""

import asyncio
import base64
import hashlib
import json
import sys
from functools import cache

FILES, SIZE = 300, 200_000


@cache
def content(number: int) -> bytes:
    """The bytes of a file."""
    return hashlib.sha256(str(number).encode()).digest() * (SIZE // 32)


def listings(base: str) -> dict[str, tuple[str, bytes]]:
    """What is answered, by path."""
    files = [
        {
            "filename": f"bench-1.{n}-py3-none-any.whl",
            "url": f"{base}/files/bench-1.{n}-py3-none-any.whl",
            "hashes": {"sha256": hashlib.sha256(content(n)).hexdigest()},
            "size": len(content(n)), "upload-time": "2024-01-01T00:00:00Z", "requires-python": ">=3.8",
        }
        for n in range(FILES)
    ]  # fmt: skip
    page = {
        "meta": {"api-version": "1.1"},
        "name": "bench",
        "versions": [f"1.{n}" for n in range(FILES)],
        "files": files,
    }
    versions = {
        f"1.{n}.0": {
            "name": "bench", "version": f"1.{n}.0", "dependencies": {"ms": "^2.0.0"},
            "dist": {
                "tarball": f"{base}/files/bench-1.{n}.0.tgz",
                "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content(n)).digest()).decode(),
            },
        }
        for n in range(FILES)
    }  # fmt: skip
    times = {f"1.{n}.0": "2024-01-01T00:00:00.000Z" for n in range(FILES)}
    document = {"name": "bench", "dist-tags": {"latest": "1.299.0"}, "versions": versions, "time": times}
    return {
        "/simple/bench/": ("application/vnd.pypi.simple.v1+json", json.dumps(page).encode()),
        "/npm/bench": ("application/json", json.dumps(document).encode()),
    }


async def main() -> None:
    """Serve until the end."""
    held: dict[str, tuple[str, bytes]] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                number = path.removeprefix("/files/bench-1.").partition("-")[0].partition(".")[0]
                kind, body = held.get(path) or ("application/octet-stream", content(int(number)))
                close = b"connection: close" in head.lower()
                writer.write(
                    f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
                )
                writer.write(body)
                await writer.drain()
                if close:
                    break
        except (asyncio.IncompleteReadError, OSError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2048)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    held.update(listings(base))
    print(f"registry at {base}", file=sys.stderr, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
