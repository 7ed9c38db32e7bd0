"""Remove what a run left behind, if anything: after a power cut, or when even its janitor was killed.

Processes, mounts, namespaces and interfaces go with the cell, by the kernel's doing; a control group and a
folder in `BIOPSY_HOME/run` are all that can stay. A folder that is still locked belongs to a run that lives.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import time
from pathlib import Path

from biopsy.sandbox.cgroup import PREFIX

PATIENCE = 5.0
"""Seconds that processes of a dead run have to be gone."""

_MAX_GROUPS = 16 * 1024
_CELL = "biopsy.sandbox.cell"


def clean(home: Path) -> list[str]:
    """Remove what dead runs left; return it, one line each."""
    removed: list[str] = []
    for folder in sorted((home / "run").glob("*")):
        if folder.is_dir() and not _lives(folder):
            removed += _remove(folder)
    for folder in sorted((home / "images").glob(".removed-*")):
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(str(folder))
    return removed


def leftovers(home: Path) -> list[str]:
    """Look for anything that runs of this home have left or hold: folders, groups, processes, mounts."""
    base = str(home.resolve() / "run")
    found = [str(folder) for folder in (home / "run").glob("*")]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if any(word.startswith(base + "/") for word in words):
                found.append(f"process {process.name}: {' '.join(words)[:100]}")
    mounts = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    found += [f"mount {line}" for line in mounts if "/run/box" in line or base in line]
    for folder, names, _ in os.walk("/sys/fs/cgroup"):  # of others, too, who may remove theirs meanwhile
        found += [f"group {folder}/{name}" for name in names if name.startswith(PREFIX)]
    found += [f"interface {name}" for name in os.listdir("/sys/class/net") if name == "wan0"]  # noqa: PTH208
    return found


def _lives(folder: Path) -> bool:
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return time.time() - folder.stat().st_mtime < PATIENCE  # not locked yet: it is being made
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _remove(folder: Path) -> list[str]:
    """Remove a dead run: its processes, its control groups, its folder."""
    removed = []
    for process in _processes(folder):
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
            removed.append(f"process {process}")
    for group in _groups(folder):
        _empty(group)
        with contextlib.suppress(OSError):
            group.rmdir()
            removed.append(str(group))
    shutil.rmtree(folder, ignore_errors=True)
    return [*removed, str(folder)]


def _processes(folder: Path) -> list[int]:
    """Find the cell of a run; everything else dies with it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if _CELL in words and str(folder.resolve()) in words:
                found.append(int(process.name))
    return found


def _groups(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        with (folder / "groups").open() as file:
            named = [Path(line) for line in file.read(_MAX_GROUPS).splitlines()]
        return [path for path in named if path.name == PREFIX + folder.name and path.is_dir()]
    return []


def _empty(group: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pids = (group / "cgroup.procs").read_text().split() if group.is_dir() else []
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.05)
