"""What the parent tells a cell, and what the cell leaves: two files of the run's folder, both only root's.

`order.msgpack` is ours and believed. `left.msgpack` is written by the cell, which runs no code of the package
but reads what it left; so it is decoded under a limit.
"""

import os
from pathlib import Path

import msgspec

from biopsy.errors import SandboxError
from biopsy.model.run import Phase
from biopsy.sandbox.raw import Changed, Limits, Ran

MAX_LEFT = 512 * 1024**2
"""Longest `left.msgpack`, in bytes."""


class Place(msgspec.Struct, frozen=True):
    """Something to put into the copy-on-write layer before the start; folders above it follow by themselves.

    The content is `data`, or the host's file `source` where that is set. `append` adds to the image's own;
    with `link` it is a symbolic link to there.
    """

    path: str  # absolute, inside
    data: bytes = b""
    source: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    age: int = 0  # seconds since it was last changed
    when: int = 0  # or the very time of that, since the epoch
    append: bool = False
    spare: bool = False  # what is there already stays
    folder: bool = False
    link: str = ""


class Engine(msgspec.Struct, frozen=True):
    """A gVisor that was tried on this machine and works."""

    binary: str
    version: str
    platform: str  # systrap, ptrace, kvm


class Site(msgspec.Struct, frozen=True):
    """What the cell can begin with, before the machine inside is made up: `site.msgpack`."""

    image: str  # root filesystem of the image
    engine: Engine
    limits: Limits
    groups: tuple[str, ...]  # cgroup folders to make
    address4: str
    gateway4: str
    address6: str
    gateway6: str
    keep: bool  # whether to leave written files for people
    below: str = ""  # a kept layer over the image, for a branch; it holds the machine already
    layers: tuple[str, ...] = ()  # of toolchains, over the image
    saves: str = ""  # where to keep the layer after the last phase that installs


class Order(msgspec.Struct, frozen=True):
    """The machine inside and what to do on it."""

    hostname: str
    uid: int
    gid: int
    user: str
    home: str
    project: str
    env: dict[str, str]
    places: tuple[Place, ...]
    phases: tuple[Phase, ...]
    artifact: str  # where it lies, inside
    points: bytes  # the JSON for --pod-init-config
    uptime: float = 0.0  # seconds that the machine has been up


class Left(msgspec.Struct, frozen=True):
    """What a cell leaves beside the trace and the exchanges."""

    start_ns: int
    end_ns: int
    ran: tuple[Ran, ...]
    changes: tuple[Changed, ...]
    changes_dropped: int = 0
    trace_truncated: int = 0
    said_dropped: int = 0
    notes: tuple[str, ...] = ()
    spent: dict[str, float] = {}  # seconds since the cell began, at each stage: for the bench


def save(value: msgspec.Struct, path: Path) -> None:
    """Write a value so that whoever reads `path` finds all of it or none."""
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(msgspec.msgpack.encode(value))
    fresh.rename(path)


def site(path: Path) -> Site:
    """Read what `save` wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Site)


def order(path: Path) -> Order:
    """Read what `save` wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Order)


def left(path: Path) -> Left:
    """Read what a cell left; raise SandboxError where it left nothing that can be read."""
    try:
        with path.open("rb") as file:
            # What is asked for is reserved at once, whatever there is: a worker has less than the limit.
            size = min(os.fstat(file.fileno()).st_size, MAX_LEFT)
            return msgspec.msgpack.decode(file.read(size), type=Left)
    except (OSError, msgspec.MsgspecError) as err:
        raise SandboxError(f"the cell left nothing behind: {err}") from err
