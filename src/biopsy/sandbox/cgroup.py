"""Control groups of a run, version 1 or 2: how much memory, processor and how many threads it may have.

The names are settled before anything is made (`plan`), so that whoever cleans up knows what to look for even
if the run died in between. A machine without usable control groups gets an empty plan; then the cell watches
the sandbox's memory itself.
"""

import contextlib
import os
from pathlib import Path

from biopsy.sandbox.raw import Limits

PREFIX = "biopsy-"
PERIOD = 100_000
"""Length of the scheduler's period, in microseconds."""
ROOM = 4_000
"""Threads of the host beyond what stands for the package's processes: runsc's own."""

_V1 = ("memory", "cpu", "pids")
_MOUNTS = Path("/proc/self/mounts")
_SELF = Path("/proc/self/cgroup")


def plan(name: str, mounts: Path = _MOUNTS, own: Path = _SELF) -> tuple[str, ...]:
    """Say which folders a run of this name will make; empty where there is no memory control group."""
    paths = _own(own)
    unified, folders = "", {}
    for line in mounts.read_text(errors="replace").splitlines():
        _, point, kind, options, *_ = line.split()
        if kind == "cgroup2":
            unified = point
        elif kind == "cgroup":
            for controller in set(options.split(",")) & set(_V1):
                folders[controller] = point
    if "memory" in folders:
        places = [Path(point + paths.get(c, "/")) for c, point in folders.items()]
        return tuple(sorted({str(p / (PREFIX + name)) for p in places if p.is_dir()}))
    if unified and (parent := _delegating(Path(unified), paths.get("", "/"))):
        return (str(parent / (PREFIX + name)),)
    return ()


def _own(file: Path) -> dict[str, str]:
    """Return the control group we are in, by controller; version 2's is named ``""``."""
    found = {}
    for line in file.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _delegating(root: Path, path: str) -> Path | None:
    """Return the nearest group above ours whose children have a memory controller."""
    folder = root / path.lstrip("/")
    while folder != root.parent:
        with contextlib.suppress(OSError):
            if "memory" in (folder / "cgroup.subtree_control").read_text().split():
                return folder
        folder = folder.parent
    return None


class Group:
    """The control groups of one run, made by the cell. `notes` says which limits could not be set."""

    def __init__(self, folders: tuple[str, ...], limits: Limits) -> None:
        """Make the folders and set the limits."""
        self.notes: list[str] = []
        self.folders = [Path(folder) for folder in folders]
        for folder in self.folders:
            try:
                folder.mkdir(exist_ok=True)
            except OSError as err:
                self.notes.append(f"no control group at {folder.parent}: {err.strerror}")
        self.folders = [folder for folder in self.folders if folder.is_dir()]
        quota, memory = str(int(limits.cpus * PERIOD)), str(limits.memory)
        threads = str(2 * limits.processes + ROOM)
        self._set(("memory.limit_in_bytes", "memory.max"), memory)
        self._set(("memory.memsw.limit_in_bytes",), memory)
        self._set(("memory.swap.max",), "0")
        self._set(("memory.oom.group",), "1")
        self._set(("pids.max",), threads)
        self._set(("cpu.cfs_quota_us",), quota)
        self._set(("cpu.max",), f"{quota} {PERIOD}")

    @property
    def holds_memory(self) -> bool:
        """Whether the kernel watches the memory."""
        return self._find("memory.limit_in_bytes", "memory.max") is not None

    @property
    def tasks(self) -> list[str]:
        """The files that a process writes 0 into to join."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def killed(self) -> int:
        """Say how many processes the kernel ended for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            if file := self._find(name):
                with contextlib.suppress(OSError, ValueError):
                    words = [line.split() for line in file.read_text().splitlines()]
                    return sum(int(w[1]) for w in words if w[0] == "oom_kill")
        return 0

    def refused(self) -> int:
        """Say how often a thread could not be made."""
        if file := self._find("pids.events"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                return int(file.read_text().split()[1])
        return 0

    def kill(self) -> None:
        """End every process in it."""
        for task in self.tasks:
            with contextlib.suppress(OSError):
                for pid in Path(task).read_text().split():
                    if pid != "0":  # of a pid namespace above ours
                        with contextlib.suppress(OSError):
                            os.kill(int(pid), 9)

    def _find(self, *names: str) -> Path | None:
        files = (folder / name for folder in self.folders for name in names)
        return next((file for file in files if file.exists()), None)

    def _set(self, names: tuple[str, ...], value: str) -> None:
        if file := self._find(*names):
            try:
                file.write_text(value)
            except OSError as err:
                self.notes.append(f"{file.name} could not be set: {err.strerror}")
