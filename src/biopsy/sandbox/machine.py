"""The machine that a run pretends to be: profile, canaries, drivers, the artifact, trust and network.

Nothing in it names us: what a package can see is a project of somebody's.
"""

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
from biopsy.sandbox.internet import served
from biopsy.sandbox.layer import SINK
from biopsy.sandbox.order import Order, Place
from biopsy.sandbox.phases import TOOLS
from biopsy.sandbox.raw import Canary, Job

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian keeps the certificates that everything trusts."""

PLANTED = 9_000
"""Bytes of a file that is planted."""

_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
_REGISTRY = {"pypi": "PIP_INDEX_URL", "npm": "npm_config_registry"}
_QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "npm_config_update_notifier": "false"}
_DRIVERS = (".py", ".mjs", ".cjs", ".js", ".json")


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
    places = [*_own(made), *_drivers()]
    places.append(Place(artifact, source=str(job.artifact.resolve()), uid=made.uid, gid=made.gid, age=600))
    places.append(Place(BUNDLE, ca, append=True, age=40 * 86400))
    places += _planted(job, made, seed)
    places.append(Place("/etc/resolv.conf", f"nameserver {where.gateway4}\n".encode(), age=3600))
    env = {
        **made.env,
        "PWD": made.project,
        "VIRTUAL_ENV": str(VENV),
        **dict.fromkeys(_TRUST, BUNDLE),
        **_QUIET,
    }
    env["PATH"] = f"{VENV}/bin:{env.get('PATH', '/usr/bin:/bin')}"
    for endpoint in job.endpoints:
        if variable := _REGISTRY.get(endpoint.ecosystem):
            env[variable] = endpoint.url
    order = Order(
        made.hostname, made.uid, made.gid, made.user, made.home, made.project, env, tuple(places), job.phases,
        artifact, msgspec.json.encode(trace.points(str(SINK))), made.uptime,
    )  # fmt: skip
    return Machine(order, (*canaries, *_unsaid(seed)), seed)


def _unsaid(seed: bytes) -> Iterator[Canary]:
    """What the metadata service hands out and no honest client says to anybody: it signs with it.

    Key ids, session tokens and bearer tokens are said in every honest request, and so are no proof.
    """
    return (one for one in served.canaries(seed) if one.name == "metadata-secret")


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
        if file.suffix in _DRIVERS:
            yield Place(f"{TOOLS}/{file.name}", source=str(file), age=90 * 86400)
