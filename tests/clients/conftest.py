"""A live `biopsy serve` with made-up reports, and what runs a client against it as docs/clients.md says."""

import base64
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from tests.clients import front as fronts
from tests.clients import guide, install, proxy, seeds

from biopsy.ecosystems.npm import configuration as npm
from biopsy.ecosystems.pypi import configuration as pip
from biopsy.errors import RegistryError

REPORT = re.compile(r"MAL-\d{4}-\d+")
PATIENCE = 180  # seconds that one command of a client may take
ALL = os.environ.get("BIOPSY_TEST_CLIENTS") == "all"
"""Set by `make test-clients`: install what is missing."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a client ended, and all that it said."""

    status: int
    said: str

    def reports(self) -> set[str]:
        """The ids of reports that it named."""
        return set(REPORT.findall(self.said))


@dataclass
class Client:
    """An installed client in a folder of its own: `run` does what a section of docs/clients.md says."""

    folder: Path
    front: fronts.Front
    path: list[Path]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, title: str, **more: str) -> Ran:
        """Write the files of the section, run its commands; the last one's end is the end."""
        section = guide.sections()[title]
        for name, text in section.files.items():
            self.write(name, text.replace(guide.SERVER, self.front.url))
        ran = Ran(0, "")
        for command in section.commands:
            ran = self.shell(command.replace(guide.SERVER, self.front.url), **more)
        return ran

    def shell(self, command: str, **more: str) -> Ran:
        """Run one command."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env={**self._environment(), **more}, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE, text=True, errors="replace",
        )  # fmt: skip
        print(f"$ {command}\n{done.stdout}[{done.returncode}]")
        return Ran(done.returncode, done.stdout)

    def write(self, name: str, text: str) -> None:
        """Put a file into the client's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def _environment(self) -> dict[str, str]:
        """The environment without what sets clients up: they are to do what the page says, and no more."""
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.lower().startswith(("npm_config_", "uv_", "pip_index"))
        }
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        words = {
            "HOME": str(home),
            "PATH": ":".join([*map(str, self.path), kept["PATH"]]),
            "NO_COLOR": "1",
            "NO_UPDATE_NOTIFIER": "1",
        }
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "CI", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            kept.pop(name, None)
        return {**kept, **words, **self.environment}


BIOPSY = [sys.executable, "-c", "from biopsy.cli import main; main()"]


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BIOPSY_HOME with the made-up reports, and a folder for exports."""
    home = tmp_path_factory.mktemp("served")
    seeds.plant(home / "reports.db")
    (home / "exports").mkdir()
    return home


@pytest.fixture(scope="session")
def exports(kept: Path) -> Path:
    """The folder with exports in it, which the server serves."""
    words = ["reports", "release", str(kept / "exports"), "--home", str(kept)]
    subprocess.run([*BIOPSY, *words], check=True, capture_output=True)
    return kept / "exports"


@pytest.fixture(scope="session")
def server(kept: Path) -> Iterator[str]:
    """The command itself, at a port of loopback, with the made-up reports."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["serve", "--port", str(port), "--home", str(kept), "--exports", str(kept / "exports")]
    process = subprocess.Popen([*BIOPSY, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    for _ in range(900):
        if process.poll() is not None:
            raise RuntimeError(process.stderr.read().decode() if process.stderr else "biopsy serve ended")
        try:
            httpx.get(f"{url}/v1/vulns/{seeds.PYPI}", trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("biopsy serve did not answer within 90 s")


@pytest.fixture
def through_proxy(front: fronts.Front, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a client whose hosts are fixed."""
    (tmp_path / "authority").mkdir()
    environment, listener = proxy.start(front, tmp_path / "authority")
    yield environment
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def front(server: str) -> Iterator[fronts.Front]:
    """What stands before the server and keeps what is asked."""
    front, listener = fronts.start(server)
    yield front
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def client(request: pytest.FixtureRequest, front: fronts.Front, home: Path, tmp_path: Path) -> Client:
    """The client that the test's `clients` mark names, installed, or a skip that says why not."""
    marker = request.node.get_closest_marker("clients")
    path: list[Path] = []
    if not ALL and (slow := install.SLOW.intersection(marker.args)):
        pytest.skip(f"{', '.join(slow)} takes longer: `make test-clients` runs it")
    try:
        for name in marker.args:
            path += install.client(name, home, install=ALL or name in install.QUICK)
    except install.NotHere as error:
        pytest.skip(str(error))
    (tmp_path / "project").mkdir()
    return Client(tmp_path / "project", front, path)


@cache
def _answers(url: str, authorization: str) -> str:
    """Why a registry cannot be asked, or nothing."""
    headers = {"authorization": authorization} if authorization else {}
    try:
        status = fronts.registry().get(url, headers=headers).status_code
    except httpx.HTTPError as error:
        return f"the registry does not answer: {type(error).__name__}"
    return "" if status == 200 else f"the registry answers with {status}"


@pytest.fixture
def registry() -> str:
    """The registry that npm is set up with, or a skip where it does not answer."""
    try:
        endpoint = npm.endpoint()
    except RegistryError as error:
        pytest.skip(str(error))
    if why := _answers(f"{endpoint.url}ms", endpoint.authorization):
        pytest.skip(why)
    return endpoint.url


@pytest.fixture
def index(home: Path) -> dict[str, str]:
    """What tells uv the index that pip is set up with, and where to keep what it fetched; or a skip."""
    try:
        endpoint = pip.endpoint()
    except RegistryError as error:
        pytest.skip(str(error))
    if why := _answers(f"{endpoint.url}iniconfig/", endpoint.authorization):
        pytest.skip(why)
    url, parts = endpoint.url.rstrip("/"), urlsplit(endpoint.url)
    if endpoint.authorization.startswith("Basic "):
        user, _, word = base64.b64decode(endpoint.authorization[6:]).decode().partition(":")
        url = f"{parts.scheme}://{quote(user)}:{quote(word)}@{parts.netloc}{parts.path}".rstrip("/")
    kept = str(home / "clients" / "uv-cache")
    return {
        "UV_DEFAULT_INDEX": url, "UV_CACHE_DIR": kept, "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never",
    }  # fmt: skip
