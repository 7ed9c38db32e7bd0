"""gVisor on this machine: which `runsc`, and on which platform it works, found by trying.

A platform that hangs is detected by a limit on the try and left out. What was found is kept in
`BIOPSY_HOME/gvisor.json` until the binary or the kernel is another.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

import msgspec

from biopsy.errors import CannotSandbox
from biopsy.sandbox.order import Engine

PLATFORMS = ("systrap", "ptrace")
"""Tried in this order. `kvm` only when it is asked for: it hangs on many virtual machines."""
PATIENCE = 12.0
"""Seconds that a platform has to run one command."""
ENV = "BIOPSY_PLATFORM"
"""Variable that names the platforms to try, with commas between."""

_WORD = "it-works"


class Tried(msgspec.Struct, frozen=True):
    """What came of trying one platform; `error` is empty where it works."""

    platform: str
    error: str = ""


class _Known(msgspec.Struct, frozen=True):
    key: str
    tried: tuple[Tried, ...]


def find(home: Path) -> Path | None:
    """Return the newest `runsc` of BIOPSY_HOME/bin and the PATH; the former where they are equal."""
    own = home / "bin" / "runsc"
    other = shutil.which("runsc")
    found = [path for path in dict.fromkeys((own, Path(other or own))) if os.access(path, os.X_OK)]
    return (
        max(found, key=lambda path: _sortable(version(path)), default=None)
        if found[1:]
        else [*found, None][0]
    )


def version(binary: Path) -> str:
    """Say a `runsc`'s version: `20240729.0`; empty where it does not say."""
    with contextlib.suppress(OSError):
        stat = binary.stat()
        return _ask(str(binary), stat.st_size, stat.st_mtime_ns)
    return ""


@cache
def _ask(binary: str, _size: int, _changed: int) -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=20, check=False)
        if match := re.search(r"(?:release-|0\.0~|version )(\d{8}(?:\.\d+)?)", said.stdout):
            return match[1]
    return ""


def _sortable(version_: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version_.split(".") if part.isdecimal())


def choose(home: Path) -> Engine:
    """Return the first platform that works; raise CannotSandbox where none does, saying why."""
    binary = find(home)
    if binary is None:
        raise CannotSandbox("gVisor is not installed: `biopsy doctor --install` gets it")
    release = version(binary)
    tried = tries(home, binary, release)
    for one in tried:
        if not one.error:
            return Engine(str(binary), release, one.platform)
    reasons = "; ".join(f"{one.platform}: {one.error}" for one in tried)
    raise CannotSandbox(f"gVisor works on no platform of this machine ({reasons}); see `biopsy doctor`")


def tries(home: Path, binary: Path, release: str) -> tuple[Tried, ...]:
    """Try platforms until one works, or remember what came of it before."""
    wanted = tuple(p for p in os.environ.get(ENV, "").split(",") if p) or PLATFORMS
    stat = binary.stat()
    kernel = os.uname()
    key = f"{binary} {release} {stat.st_size} {stat.st_mtime_ns} {kernel.release} {kernel.nodename} {wanted}"
    file = home / "gvisor.json"
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        known = msgspec.json.decode(file.read_bytes(), type=_Known)
        if known.key == key:
            return known.tried
    done: list[Tried] = []
    for platform in wanted:
        done.append(Tried(platform, _try(binary, platform)))
        if not done[-1].error:
            break
    if not done[-1].error:  # a failure is tried again: the machine may have been mended
        home.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(_Known(key, tuple(done))))
    return tuple(done)


def as_root() -> tuple[str, ...]:
    """Return what to put before a command that needs root."""
    if os.geteuid() == 0:
        return ()
    if sudo := shutil.which("sudo"):
        return (sudo, "-n", "--")
    raise CannotSandbox("a sandbox needs root, or sudo")


def _try(binary: Path, platform: str) -> str:
    """Run one command on a platform, in namespaces of its own so that nothing outlives the try."""
    flags = f"--root=/run/r --platform={platform} --network=none --ignore-cgroups"
    script = f'mount -t tmpfs tmpfs /run && exec "$0" {flags} do /bin/echo {_WORD}'
    spaces = ("unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount", "--mount-proc", "--net")
    command = [*as_root(), *spaces, "sh", "-c", script, str(binary)]
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as err:
        return f"{command[0]}: {err.strerror}"
    try:
        out, errors = child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return f"hangs (gave up after {PATIENCE:.0f} s)"
    if _WORD.encode() in out:
        return ""
    lines = errors.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"ended with status {child.returncode}"
