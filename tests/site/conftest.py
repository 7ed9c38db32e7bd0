"""A browser before a real server: Debian's Chromium, a phone and a desk, screenshots kept in build/site."""

import asyncio
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "site_pages"))

SHOTS = Path(os.environ.get("BIOPSY_SHOTS") or Path(__file__).parents[2] / "build" / "site")
WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}


@dataclass
class Served:
    """A server with a few packages, and a token that may do everything."""

    url: str
    home: Path
    token: str
    token_id: str


@dataclass
class Looked:
    """A page of a browser, what its console said and what it asked for."""

    page: Any
    url: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def go(self, path: str) -> Any:
        """Go somewhere, and wait until it is there."""
        return self.page.goto(self.url + path, wait_until="load")

    def away(self) -> list[str]:
        """What was asked of anybody else."""
        return [url for url in self.asked if not url.startswith((f"{self.url}/", "data:", "about:", "blob:"))]

    def shot(self, name: str) -> None:
        """Keep a picture of the page as it is."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True, animations="disabled")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a home that was made for it."""
    import uvicorn
    from made_site import home

    from biopsy.reports.tokens import SCOPES, Tokens
    from biopsy.warehouse import Warehouse
    from biopsy.web.app import Settings, build

    place = home(tmp_path_factory.mktemp("site"))
    Warehouse(place).pack()
    token, secret = Tokens(place / "tokens.db").create("ada", SCOPES, 1)
    with socket.create_server(("127.0.0.1", 0)) as some:
        url = f"http://127.0.0.1:{some.getsockname()[1]}"
        settings = Settings(place / "reports.db", tokens=place / "tokens.db", url=url, home=place)
        server = uvicorn.Server(uvicorn.Config(build(place / "reports.db", settings), log_level="warning"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([some])), daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield Served(url, place, secret, token.id)
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def windows(chromium: Any, served: Served) -> Iterator[dict[str, Looked]]:
    """A window of each width, which all tests of pages share."""
    made = {name: _window(chromium, served.url, size) for name, size in WIDTHS.items()}
    yield made
    for one in made.values():
        one.page.context.close()


@pytest.fixture
def window(chromium: Any, served: Served) -> Iterator[Looked]:
    """A window of one's own, without cookies."""
    made = _window(chromium, served.url, WIDTHS["desk"])
    yield made
    made.page.context.close()


def _window(browser: Any, url: str, size: tuple[int, int]) -> Looked:
    shape = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=shape, reduced_motion="reduce", accept_downloads=True)
    context.set_default_timeout(10_000)
    page = context.new_page()
    made = Looked(page, url)
    page.on("console", lambda one: made.said.append(one.text) if one.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: made.said.append(str(error)))
    context.on("request", lambda one: made.asked.append(one.url))
    return made
