"""What the process is told: a JSON file, written by the cell, read once at the start."""

import os
from pathlib import Path

import msgspec
from msgspec.structs import replace

from biopsy.errors import SandboxError
from biopsy.model.release import Endpoint
from biopsy.sandbox.raw import Canary, Field

MAX_SPEC = 4 * 1024**2
"""Longest spec file, in bytes."""


class Bounds(msgspec.Struct, frozen=True):
    """What the internet will take from a package; what is past a bound is counted, never kept."""

    total: int = 256 * 1024**2  # bytes of said.jsonl; past it exchanges keep their first bytes only
    request: int = 8 * 1024**2  # bytes kept of what was sent in one exchange
    response: int = 8 * 1024  # bytes kept of what was answered in one exchange
    decoded: int = 16 * 1024**2  # bytes of a decompressed request body
    exchanges: int = 200_000  # lines of said.jsonl
    connections: int = 1024  # at once; the longest idle one gives way
    idle: float = 30.0  # seconds without a byte before a connection is closed
    lifetime: float = 600.0  # seconds of one connection
    head: int = 64 * 1024  # bytes of an HTTP head
    read: int = 64 * 1024**2  # bytes read of one connection
    names: int = 100_000  # names with an address of their own
    fetches: int = 3_000  # forwarded by the gateway in a run
    fetched: int = 1024**3  # bytes forwarded by the gateway in a run


class Spec(msgspec.Struct, frozen=True):
    """Everything the process knows. `seed` makes addresses and tags of a run repeatable."""

    folder: Path  # R: ca.pem and ca.key are read from it, said.jsonl is written into it
    interface: str  # the internet's end of the veth pair
    peer4: str  # the sandbox's address, without prefix length
    gateway4: str  # ours
    seed: str
    peer6: str = ""
    gateway6: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    gateway: Path | None = None  # the Unix socket on which the parent answers; None: no gateway
    canaries: tuple[Canary, ...] = ()  # what the metadata service hands out, and must not pass the gateway
    bounds: Bounds = Bounds()
    modules: tuple[str, ...] = ()  # that archives have, beside what a package has
    fields: tuple[Field, ...] = ()  # that JSON has which is handed out


def write(spec: Spec, path: Path) -> None:
    """Write `spec`, without the registries' authorization, readable by its owner only."""
    bare = tuple(replace(endpoint, authorization="") for endpoint in spec.endpoints)
    data = msgspec.json.encode(msgspec.structs.replace(spec, endpoints=bare), enc_hook=str)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)


def read(path: Path) -> Spec:
    """Read a spec; raise SandboxError where there is none."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_SPEC), type=Spec, dec_hook=_path)
    except (OSError, msgspec.MsgspecError) as err:
        raise SandboxError(f"no spec of a simulated internet in {path}: {err}") from err


def _path(kind: type, value: object) -> Path:
    if kind is not Path:
        raise NotImplementedError(kind)
    return Path(str(value))
