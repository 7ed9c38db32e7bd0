"""A stand-in registry on the loopback address, and trees made of texts."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from biopsy.model.release import Tree, TreeFile


class Registry:
    """Serves what is put into `pages` (path → status, type, body) and notes what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, str, bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                status, kind, body = registry.pages.get(self.path, (404, "text/plain", b"no"))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", body.decode())
                    body = b""
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def page(self, path: str, body: str | bytes, kind: str = "text/html", status: int = 200) -> None:
        """Put a page."""
        self.pages[path] = (status, kind, body.encode() if isinstance(body, str) else body)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that answers 404 to everything until told otherwise."""
    one = Registry()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A plain client, without the environment's proxies."""
    with httpx.Client(follow_redirects=True, max_redirects=5, trust_env=False) as one:
        yield one


Plant = Callable[[dict[str, str]], Tree]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Make a tree of path → text."""

    def make(files: dict[str, str]) -> Tree:
        found = []
        for path, text in files.items():
            target = tmp_path / "tree" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            data = text.encode("utf-8", "surrogateescape")
            target.write_bytes(data)
            found.append(TreeFile(path, len(data), hashlib.sha256(data).hexdigest()))
        return Tree(tmp_path / "tree", tuple(found))

    return make
