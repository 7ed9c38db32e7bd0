"""Images: the root file systems that packages run on, built from Debian's packages.

    BIOPSY_HOME/images/<id>/root          the read-only lower layer of every run
    BIOPSY_HOME/images/<id>/image.json    what it was made from

The id is a hash of the recipe (`image.yml`, the version of Node, how `image_tools` puts it together): an
image whose recipe changed is another image, and the old one may be removed.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from pathlib import Path

import msgspec
import yaml

from biopsy.errors import CannotSandbox, SandboxError, UsageError
from biopsy.sandbox import image_tools as tools

Progress = Callable[[str, float | None], None]

ASSEMBLY = 1
"""Raised when what `image_tools` does to a root changes, so that images are built anew."""

_STEPS_PER_PACKAGE = 2  # apt says "Unpacking" and "Setting up" of each
_TYPICAL_PACKAGES = 250


@dataclass(frozen=True, slots=True)
class Image:
    """A root file system. `current` is whether today's recipe would give the same."""

    id: str
    root: Path
    created: str
    size: int  # bytes
    python: str
    node: str
    current: bool = True


class _Facts(msgspec.Struct, frozen=True):
    created: str
    size: int
    python: str
    node: str


@cache
def recipe() -> dict[str, list[str]]:
    """Return what `image.yml` says."""
    loaded: dict[str, list[str]] = yaml.safe_load((resources("biopsy.sandbox") / "image.yml").read_text())
    return loaded


@cache
def current_id() -> str:
    """Return the id of the image that today's recipe makes."""
    made_from = msgspec.json.encode([ASSEMBLY, recipe(), tools.node_version()], order="deterministic")
    return hashlib.sha256(made_from).hexdigest()[:12]


def images(home: Path) -> tuple[Image, ...]:
    """Return every image there is, the current one first."""
    found = (_load(folder) for folder in (home / "images").glob("[0-9a-f]*"))
    return tuple(sorted((i for i in found if i), key=lambda i: (not i.current, i.created)))


def current(home: Path) -> Image | None:
    """Return the image of today's recipe, if it was built."""
    return _load(home / "images" / current_id())


def remove(home: Path, image_id: str) -> None:
    """Delete an image; UsageError where there is none of that id."""
    folder = home / "images" / image_id
    if not image_id.isalnum() or not folder.is_dir():
        raise UsageError(f"no image {image_id!r}; `biopsy image list` shows those there are")
    doomed = folder.with_name(f".removed-{image_id}-{os.getpid()}")
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def build(home: Path, progress: Progress, *, anew: bool = False) -> Image:
    """Build the current image, unless it is there; whoever comes second waits for the first.

    Raises CannotSandbox where this machine cannot build one, SandboxError where building failed.
    """
    if (image := current(home)) and not anew:
        return image
    check()
    with lock(home / "images", progress):
        if (image := current(home)) and not anew:
            return image
        folder = home / "images" / f".building-{current_id()}-{os.getpid()}"
        try:
            _assemble(folder, progress)
            if anew and current(home):
                remove(home, current_id())
            folder.rename(home / "images" / current_id())
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    image = current(home)
    if image is None:
        raise SandboxError("the image that was just built cannot be read; try `biopsy image build` again")
    progress("image ready", 1.0)
    return image


def check() -> None:
    """Raise CannotSandbox where this machine cannot build an image."""
    if os.geteuid() != 0:
        raise CannotSandbox("building a sandbox image needs root: run it with sudo")
    if not shutil.which("mmdebstrap"):
        raise CannotSandbox("mmdebstrap is missing: `biopsy doctor --install` installs it")


@contextmanager
def lock(folder: Path, progress: Progress) -> Iterator[None]:
    """Build alone: whoever comes second waits for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            progress("waiting for another build", None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _assemble(folder: Path, progress: Progress) -> None:
    root = folder / "root"
    folder.mkdir(parents=True)
    _bootstrap(root, progress)
    progress("adding Node and Python tools", 0.92)
    tools.add_node(root)
    if why := tools.add_modules(root, recipe()["node"]):
        progress(f"without a page for browsers' code: {why}", None)
    tools.add_venv(root, recipe()["python"])
    tools.settle(root)
    progress("measuring", 0.98)
    size = sum(p.lstat().st_blocks * 512 for p in root.rglob("*"))
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    facts = _Facts(created, size, tools.python_version(root), tools.node_version())
    (folder / "image.json").write_bytes(msgspec.json.encode(facts))


def _bootstrap(root: Path, progress: Progress) -> None:
    """Let mmdebstrap make the root; its own words tell how far it is."""
    command = ["mmdebstrap", "--mode=root", "--format=directory", "--variant=minbase", "--verbose"]
    command += [f"--include={','.join(recipe()['packages'])}", str(recipe()["suite"]), str(root)]
    command += tools.mirror(str(recipe()["suite"]))
    steps, said = 0, list[str]()
    progress("downloading Debian packages", 0.02)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    ) as process:
        for line in process.stdout or ():
            said = [*said[-30:], line.rstrip()]
            if line.startswith(("Unpacking ", "Setting up ")):
                steps += 1
                done = min(0.9, 0.1 + 0.8 * steps / (_STEPS_PER_PACKAGE * _TYPICAL_PACKAGES))
                what, _, rest = line.replace("Setting up", "Configuring").partition(" ")
                progress(f"{what.lower()} {rest.partition(' ')[0]}", done)
    if process.returncode:
        why = next((s for s in said if s.startswith("E:")), said[-1] if said else "no output")
        raise SandboxError(f"mmdebstrap could not build the image: {why}")


def _load(folder: Path) -> Image | None:
    try:
        facts = msgspec.json.decode((folder / "image.json").read_bytes(), type=_Facts)
    except (OSError, msgspec.MsgspecError):
        return None
    return Image(
        id=folder.name,
        root=folder / "root",
        created=facts.created,
        size=facts.size,
        python=facts.python,
        node=facts.node,
        current=folder.name == current_id(),
    )
