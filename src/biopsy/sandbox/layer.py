"""The copy-on-write layer of a run: an image below, read-only, and a tmpfs of limited size above it.

What the profile needs is put into it before the start (`furnish`). The layer vanishes with the cell's mount
namespace; before that `layer_diff` tells what became of it.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from biopsy.errors import SandboxError
from biopsy.sandbox.order import Place

BASE = Path("/run/box")
"""Where a cell keeps its mounts: below its own private /run."""
SINK = BASE / "sink"
ROOT = BASE / "root"
SPARE = 500  # a full disk has less than so manieth part of its room left
UPPER = BASE / "disk" / "upper"
BELOW = BASE / "below"
"""What a layer lies over, as one, where that is more than the image: a kept layer, those of toolchains."""
INODES = 1_000_000
"""Most files a run may create."""

_PLAIN = "redirect_dir=off,metacopy=off,index=off"
_OWN_TMP = "/tmp/.X11-unix"  # noqa: S108 - gVisor covers an empty /tmp with a tmpfs of its own, unseen by us


@dataclass(frozen=True, slots=True)
class Mark:
    """How a file that we placed looked before the start; `digest` is empty for what is no regular file."""

    mode: int
    size: int
    digest: str


def full() -> bool:
    """Whether next to nothing can be written any more, of bytes or of files."""
    try:
        room = os.statvfs(BASE / "disk")
    except OSError:
        return False
    return room.f_bavail * SPARE < room.f_blocks or (room.f_files > 0 and not room.f_favail)


def mount(image: str, disk: int, below: str = "", layers: Iterable[str] = ()) -> Path:
    """Mount the layer at ROOT; needs a mount namespace and a /run of our own. Returns what it lies over.

    `below` is a kept layer, between it and the image; `layers` are of toolchains, over the image.
    """
    BASE.mkdir(mode=0o711)
    (BASE / "disk").mkdir()
    ROOT.mkdir()
    options = f"size={disk},nr_inodes={INODES},mode=755"
    _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(BASE / "disk"))
    UPPER.mkdir(mode=0o755)
    work = BASE / "disk" / "work"
    work.mkdir()
    lower = ":".join(map(_escaped, filter(None, (below, *layers, image))))
    options = f"lowerdir={lower},upperdir={UPPER},workdir={work},{_PLAIN}"
    _run("mount", "-t", "overlay", "-o", options, "overlay", str(ROOT))
    if lower == _escaped(image):
        return Path(image)
    BELOW.mkdir()
    _run("mount", "-t", "overlay", "-o", f"ro,lowerdir={lower},{_PLAIN}", "overlay", str(BELOW))
    return BELOW


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def furnish(places: Iterable[Place]) -> None:
    """Put everything in its place, in a child that has the layer for its root: no link leads out of it."""
    now = time.time()
    sources = {place.source: Path(place.source).read_bytes() for place in places if place.source}
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            raise SandboxError("the files of the profile could not be placed; the cell's log says why")
        return
    try:
        os.umask(0)
        os.chroot(ROOT)
        os.chdir("/")
        Path(_OWN_TMP).mkdir(mode=0o1777, exist_ok=True, parents=True)
        for place in places:
            _place(place, sources.get(place.source, place.data), now)
        os._exit(0)
    except OSError as err:
        os.write(2, f"{err}\n".encode())
    finally:
        os._exit(1)


def _place(place: Place, data: bytes, now: float) -> None:
    missing = []
    folder = os.path.dirname(place.path)  # noqa: PTH120 - bare and quick: there are hundreds
    while not os.path.isdir(folder):  # noqa: PTH112
        missing.append(folder)
        folder = os.path.dirname(folder)  # noqa: PTH120
    for folder in reversed(missing):
        os.mkdir(folder, 0o755)  # noqa: PTH102
        os.chown(folder, place.uid, place.gid)
    if place.link:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place.path)  # noqa: PTH108
        os.symlink(place.link, place.path)  # noqa: PTH211
        os.chown(place.path, place.uid, place.gid, follow_symlinks=False)
        return
    if place.folder:
        with contextlib.suppress(FileExistsError):
            os.mkdir(place.path, place.mode)  # noqa: PTH102
    elif place.spare and os.path.lexists(place.path):
        return
    else:
        flags = os.O_APPEND if place.append else os.O_TRUNC
        fd = os.open(place.path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
    os.chmod(place.path, place.mode)  # noqa: PTH101
    os.chown(place.path, place.uid, place.gid)
    changed = place.when or now - place.age
    os.utime(place.path, (changed, changed))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise SandboxError(f"{command[0]} {command[-1]}: {done.stderr.strip()[:300]}")
