"""The machine that a run pretends to be: profile, canaries, drivers, the artifact, trust and network.

Nothing in it names us: what a package can see is a project of somebody's.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_128
from importlib.resources import files as resources
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.sandbox import canary, profile, trace
from biopsy.sandbox.image_tools import NODE_GYP, VENV
from biopsy.sandbox.inside.prepare import GUISE, JOURNAL
from biopsy.sandbox.internet import served
from biopsy.sandbox.layer import SINK
from biopsy.sandbox.order import Order, Place
from biopsy.sandbox.phases import TOOLS
from biopsy.sandbox.raw import Canary, Job
from biopsy.sandbox.toolchain import Toolchain, interpreter, machine

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian keeps the certificates that everything trusts."""

PLANTED = 9_000
"""Bytes of a file that is planted."""

_SETTLED = 90 * 86400  # seconds since a machine got its tools
_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the machine is, in the simulated internet."""

    address4: str
    gateway4: str
    address6: str
    gateway6: str


@dataclass(frozen=True, slots=True)
class Machine:
    """All of it: what the cell is told, and what was planted."""

    order: Order
    canaries: tuple[Canary, ...]
    seed: bytes


def address() -> Address:
    """Choose an address such as a home's or an office's router gives."""
    net = f"192.168.{secrets.randbelow(200) + 10}"
    wide = ":".join(f"{secrets.randbelow(65535) + 1:x}" for _ in range(2))
    return Address(
        f"{net}.{secrets.randbelow(150) + 20}",
        f"{net}.1",
        f"fd{secrets.randbelow(256):02x}:{wide}::{secrets.randbelow(60000) + 16:x}",
        f"fd{secrets.randbelow(256):02x}:{wide}::1",
    )


def make(job: Job, where: Address, ca: bytes) -> Machine:
    """Make the machine for a run; `ca` is the run's certificate authority, in PEM."""
    seed = secrets.token_bytes(16)
    chosen = profile.load(job.profile)
    canaries = canary.plant(seed, chosen)
    made = chosen.furnish(seed, canaries)
    filename = job.artifact.name
    if not filename or filename.startswith("."):
        raise UsageError(f"an artifact needs a file name: {filename!r}")
    artifact = f"{made.project}/vendor/{filename}"
    values = {"{home}": made.home, "{project}": made.project}
    tools = _Tools(job, made, values)
    places = [*_own(made), *_drivers(), *tools.places()]
    places.append(Place(artifact, source=str(job.artifact.resolve()), uid=made.uid, gid=made.gid, age=600))
    places.append(Place(BUNDLE, ca, append=True, age=40 * 86400))
    places += _planted(job, made, seed)
    places.append(Place("/etc/resolv.conf", f"nameserver {where.gateway4}\n".encode(), age=3600))
    env = {
        **made.env,
        "PWD": made.project,
        "VIRTUAL_ENV": str(VENV),
        **dict.fromkeys(_TRUST, BUNDLE),
        **tools.environment(),
    }
    env["PATH"] = ":".join((*tools.path(), f"{VENV}/bin", env.get("PATH", "/usr/bin:/bin")))
    order = Order(
        made.hostname, made.uid, made.gid, made.user, made.home, made.project, env, tuple(places), job.phases,
        artifact, msgspec.json.encode(trace.points(str(SINK))), made.uptime,
    )  # fmt: skip
    return Machine(order, (*canaries, *served.unsaid(seed)), seed)


class _Tools:
    """What the toolchains of a machine have put into it."""

    def __init__(self, job: Job, made: profile.Furnished, values: dict[str, str]) -> None:
        self._chains = machine(job.subject.ecosystem)
        self._owner = (made.uid, made.gid)
        self._values = values
        self._registries = {endpoint.ecosystem: endpoint.url for endpoint in job.endpoints}

    def environment(self) -> dict[str, str]:
        """Give the variables, those that name a registry only where there is one."""
        said = ((one, *item) for one in self._chains for item in one.environment.items())
        return {name: self._fill(one, text) for one, name, text in said if self._stands(one, text)}

    def path(self) -> list[str]:
        """Give the folders that go before those of the profile's PATH."""
        return [self._fill(one, folder) for one in self._chains for folder in one.path]

    def places(self) -> Iterator[Place]:
        """Give the files, those that name a registry only where there is one."""
        for one in self._chains:
            for where, file in one.files.items():
                known = file.unless and re.fullmatch(file.unless, self._registries.get(one.type, ""))
                if self._stands(one, file.text) and not known:
                    text = _listener(file.source) if file.source else file.text
                    uid, gid = (0, 0) if file.system else self._owner
                    yield Place(
                        self._fill(one, where), self._fill(one, text).encode(), mode=file.mode, uid=uid,
                        gid=gid, append=file.append, age=_SETTLED,
                    )  # fmt: skip

    def _stands(self, one: Toolchain, text: str) -> bool:
        return "{registry}" not in text or one.type in self._registries

    def _fill(self, one: Toolchain, text: str) -> str:
        for key, value in (*self._values.items(), ("{registry}", self._registries.get(one.type, ""))):
            text = text.replace(key, value)
        return text


def _listener(name: str) -> str:
    """Give the text of a file of `inside/drivers`, which says where its journal goes as `@PLACE@`."""
    text = (resources("biopsy.sandbox") / "inside" / "drivers" / name).read_text("utf-8")
    return text.replace("@PLACE@", JOURNAL).replace("@GUISE@", GUISE)


def _own(made: profile.Furnished) -> Iterator[Place]:
    """What the profile has, and the folders that its user would have."""
    for folder in (made.home, made.project, f"{made.home}/.cache", f"{made.home}/.local/bin"):
        yield Place(folder, uid=made.uid, gid=made.gid, mode=0o755, folder=True)
    for one in made.files:
        owner = (made.uid, made.gid) if one.own else (0, 0)
        yield Place(one.path, one.data, mode=one.mode, uid=owner[0], gid=owner[1], age=one.age)
    yield Place(f"{made.home}/.cache/node-gyp", link=str(NODE_GYP), uid=made.uid, gid=made.gid)


def _planted(job: Job, made: profile.Furnished, seed: bytes) -> Iterator[Place]:
    """Give what lies there for the package to destroy; what the profile has in such a place stays."""
    for plant in job.plants:
        path, data = made.home + plant.removeprefix("~"), shake_128(seed + plant.encode()).digest(PLANTED)
        yield Place(path, data, uid=made.uid, gid=made.gid, age=30 * 86400, spare=True)


def _drivers() -> Iterator[Place]:
    folder = Path(str(resources("biopsy.sandbox") / "drivers"))
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith(("_", ".")):
            mode = 0o644 if interpreter(file.name) else 0o755
            yield Place(f"{TOOLS}/{file.name}", source=str(file), mode=mode, age=_SETTLED)
