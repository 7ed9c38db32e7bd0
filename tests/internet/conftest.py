"""Two network namespaces and a veth pair, the simulated internet in one, this test's thread in the other."""

import ctypes
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import dnslib
import msgspec
import pytest

from biopsy.model.release import Endpoint
from biopsy.sandbox.internet import authority, gateway, served
from biopsy.sandbox.internet.record import Count
from biopsy.sandbox.internet.spec import Bounds, Spec, write
from biopsy.sandbox.raw import Canary, Said

T = TypeVar("T")
BOUNDS = Bounds()
CLONE_NEWNET = 0x40000000
DECODE = msgspec.json.Decoder(Said)


def ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True)


@dataclass
class Net:
    """A running internet, seen from inside the sandbox's namespace."""

    folder: Path
    process: subprocess.Popen[bytes]
    namespace: str
    ready_s: float
    spec: Spec
    _ask: dict = field(default_factory=dict)

    def inside(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread of the sandbox's network namespace."""
        out: list = []

        def thread() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with Path("/run/netns", self.namespace).open() as file:
                assert libc.setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                out.append((True, work()))
            except BaseException as err:
                out.append((False, err))

        runner = threading.Thread(target=thread)
        runner.start()
        runner.join()
        fine, value = out[0]
        if not fine:
            raise value
        return value

    def run(self, *command: str, **more) -> subprocess.CompletedProcess[str]:
        """Run a command in the sandbox's network, with our name server."""
        resolv = self.folder / "resolv.conf"
        resolv.write_text("nameserver 192.168.1.1\n")
        mounted = (
            "unshare",
            "-m",
            "sh",
            "-c",
            'mount --bind "$0" /etc/resolv.conf && exec "$@"',
            str(resolv),
            *command,
        )
        return subprocess.run(
            ("ip", "netns", "exec", self.namespace, *mounted),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **more,
        )

    def curl(self, url: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run("curl", "-sS", "-m", "20", "--cacert", str(self.folder / "ca.pem"), *more, url)

    def dns(self, message: bytes, server: str = "192.168.1.1", port: int = 53, timeout: float = 5) -> bytes:
        def ask() -> bytes:
            family = socket.AF_INET6 if ":" in server else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                client.settimeout(timeout)
                client.connect((server, port))
                client.send(message)
                return client.recv(65535)

        return self.inside(ask)

    def query(self, name: str, kind: str = "A") -> dnslib.DNSRecord:
        return dnslib.DNSRecord.parse(self.dns(dnslib.DNSRecord.question(name, kind).pack()))

    def address(self, name: str, kind: str = "A") -> str:
        return str(self.query(name, kind).rr[0].rdata)

    def tcp(self, address: str, port: int, data: bytes = b"", wait: float = 2.0, shut: bool = True) -> bytes:
        """Say `data`, return what comes back until the end or a silence."""

        def talk() -> bytes:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            got = b""
            with socket.socket(family) as client:
                client.settimeout(wait)
                client.connect((address, port))
                client.sendall(data)
                try:
                    if shut:
                        client.shutdown(socket.SHUT_WR)
                    while chunk := client.recv(65536):
                        got += chunk
                except OSError:
                    pass
            return got

        return self.inside(talk)

    def tell(self, line: str) -> None:
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().decode().strip() == line

    def said(self) -> list[Said]:
        """Everything recorded so far."""
        data = (self.folder / "said.jsonl").read_bytes()
        return [DECODE.decode(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]  # whole lines

    def heard(self, wanted: Callable[[Said], object], seconds: float = 5.0) -> Said:
        """The first record that is wanted, once it is there."""
        until = time.monotonic() + seconds
        while True:
            for said in self.said():
                if wanted(said):
                    return said
            assert time.monotonic() < until, [(s.protocol, s.name, s.port, s.summary) for s in self.said()][
                -20:
            ]
            time.sleep(0.02)

    def end(self) -> Count:
        self.process.stdin.close()
        assert self.process.wait(5) == 0
        return msgspec.json.decode((self.folder / "said.count.json").read_bytes(), type=Count)


def spent(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


possible = os.geteuid() == 0 and shutil.which("ip") and shutil.which("nft")


@contextmanager
def internet(
    folder: Path,
    bounds: Bounds = BOUNDS,
    endpoints: tuple[Endpoint, ...] = (),
    canaries: tuple[Canary, ...] = (),
    forward: gateway.Forward | None = None,
) -> Iterator[Net]:
    if not possible:
        pytest.skip("needs root, ip and nft")
    folder.mkdir(exist_ok=True)
    name = f"bt{os.getpid()}{os.urandom(2).hex()}"
    inner, outer = f"{name}s", f"{name}i"
    process = None
    try:
        ip("netns", "add", inner)
        ip("netns", "add", outer)
        ip("link", "add", "veth-i", "netns", outer, "type", "veth", "peer", "name", "eth0", "netns", inner)
        ip("-n", inner, "link", "set", "lo", "up")
        ip("-n", inner, "addr", "add", "192.168.1.37/24", "dev", "eth0")
        ip("-n", inner, "addr", "add", "fd12:3456:789a::25/128", "dev", "eth0", "nodad")
        ip("-n", inner, "link", "set", "eth0", "up")
        ip("-n", inner, "route", "add", "default", "via", "192.168.1.1")
        ip("-n", inner, "-6", "route", "add", "fd12:3456:789a::1/128", "dev", "eth0")
        ip("-n", inner, "-6", "route", "add", "default", "via", "fd12:3456:789a::1")
        authority.make(folder)
        spec = Spec(
            folder, "veth-i", "192.168.1.37", "192.168.1.1", "a seed", "fd12:3456:789a::25", "fd12:3456:789a::1",
            endpoints, folder / "gateway.sock" if forward else None, (*served.canaries(b"a seed"), *canaries), bounds,
        )  # fmt: skip
        write(spec, folder / "internet.json")
        process = subprocess.Popen(
            (
                "ip",
                "netns",
                "exec",
                outer,
                sys.executable,
                "-m",
                "biopsy.sandbox.internet",
                folder / "internet.json",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert select.select([process.stdout], [], [], 20)[0]
        assert process.stdout.readline() == b"ready\n"
        net = Net(folder, process, inner, spent(process.pid), spec)
        if forward:
            with gateway.serve(spec.gateway, forward, endpoints, canaries, bounds):
                yield net
        else:
            yield net
    finally:
        if process is not None:
            process.terminate()
            process.wait(5)
            process.stdin.close()
            process.stdout.close()
        for one in (inner, outer):
            subprocess.run(("ip", "netns", "del", one), check=False, capture_output=True)


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    """One internet for all tests that leave it as it was."""
    with internet(tmp_path_factory.mktemp("internet") / "R") as one:
        yield one
