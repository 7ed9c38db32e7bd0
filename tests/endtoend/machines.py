"""Machines of a network: namespaces with addresses of their own, joined by a bridge in one of them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from biopsy.queue import keeper
from biopsy.queue.embedded import find_binaries

HUB = "10.213.77.1"
PORT = 5432


@dataclass(frozen=True)
class Machine:
    """A namespace; `command` makes a command happen in it."""

    name: str
    address: str

    def command(self, *words: object) -> list[str]:
        """Put what is needed before a command."""
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def cut(self) -> None:
        """Pull its cable."""
        _ip("-n", self.name, "link", "set", "eth", "down")

    def mend(self) -> None:
        """Put it back."""
        _ip("-n", self.name, "link", "set", "eth", "up")

    def kill(self) -> None:
        """End every process in it, as when its power fails."""
        asked = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True)
        for pid in asked.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@contextlib.contextmanager
def network(count: int) -> Iterator[tuple[Machine, list[Machine]]]:
    """A hub and so many machines; all goes with the block, whatever still runs in them."""
    mark = f"be{os.getpid()}"
    hub = Machine(f"{mark}-hub", HUB)
    others = [Machine(f"{mark}-{number}", f"10.213.77.{10 + number}") for number in range(count)]
    made: list[Machine] = []
    try:
        for one in (hub, *others):
            _ip("netns", "add", one.name)
            made.append(one)
            _ip("-n", one.name, "link", "set", "lo", "up")
        _ip("-n", hub.name, "link", "add", "bridge", "type", "bridge")
        _ip("-n", hub.name, "addr", "add", f"{HUB}/24", "dev", "bridge")
        _ip("-n", hub.name, "link", "set", "bridge", "up")
        for number, one in enumerate(others):
            port = f"port{number}"
            _ip("-n", one.name, "link", "add", "eth", "type", "veth", "peer", "name", port, "netns", hub.name)
            _ip("-n", hub.name, "link", "set", port, "master", "bridge", "up")
            _ip("-n", one.name, "addr", "add", f"{one.address}/24", "dev", "eth")
            _ip("-n", one.name, "link", "set", "eth", "up")
        yield hub, others
    finally:
        for one in made:
            with contextlib.suppress(subprocess.SubprocessError):
                one.kill()
                _ip("netns", "delete", one.name)


@contextlib.contextmanager
def postgres(hub: Machine, folder: Path) -> Iterator[str]:
    """A PostgreSQL that listens in the hub; its DSN for machines of the network."""
    binaries, data = find_binaries(folder / "none"), folder / "data"
    initdb = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "biopsy",
        "--auth=trust",
        "--no-locale",
        "--encoding=UTF8",
        "--no-sync",
    ]
    subprocess.run([*keeper.as_nobody(), *initdb], check=True, capture_output=True)
    with (data / "pg_hba.conf").open("a") as file:
        file.write("host all all 10.213.77.0/24 trust\n")
    settings = {"listen_addresses": HUB, "port": PORT, "unix_socket_directories": folder, "fsync": "off"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = hub.command(*keeper.as_nobody(), binaries / "postgres", "-D", data, *words)
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    local = f"host={folder} port={PORT} user=biopsy dbname=postgres"
    try:
        for _ in range(200):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(local).close()
                break
            time.sleep(0.1)
        yield f"host={HUB} port={PORT} user=biopsy dbname=postgres"
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)


SERVE = """
import sys, time
from tests.registry.server import StandIn
from tests.registry import build
with StandIn(port={port}, host={host!r}) as stand_in:
    for number in range({count}):
        name = "calm-%d" % number
        text = {{"calm_%d/__init__.py" % number: "def value():\\n    return %d\\n" % number}}
        stand_in.publish("pypi", name, "1.0", [build.wheel(name, "1.0", text)])
    print("ready", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def registry(hub: Machine, count: int, port: int = 8080) -> Iterator[str]:
    """A stand-in of PyPI in the hub, with so many packages; the address of its index."""
    root = Path(__file__).parents[2]
    code = SERVE.format(port=port, host=HUB, count=count)
    environment = {**os.environ, "PYTHONPATH": f"{root}:{os.environ.get('PYTHONPATH', '')}"}
    server = subprocess.Popen(
        hub.command(sys.executable, "-c", code),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield f"http://{HUB}:{port}/pypi/simple/"
    finally:
        server.kill()
        server.wait()
