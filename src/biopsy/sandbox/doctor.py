"""What this machine can do: every part a sandbox needs, whether it is here, and how to get what is not."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from biopsy.errors import BiopsyError
from biopsy.sandbox import cgroup, gvisor, image, image_layers, image_tools, provision

Progress = Callable[[str, float | None], None]

_INSTALL = "biopsy doctor --install"
_DISK = 4 * 1024**3
_MEMORY = 4 * 1024**3
_TIMEOUT = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `said` is what was found; `how` is what to do where it is not `ok`.

    What is `needed` keeps the sandbox from running at all; the rest makes it slower or weaker.
    """

    name: str
    ok: bool
    said: str
    how: str = ""
    needed: bool = True


def diagnose(home: Path) -> list[Check]:
    """Look at everything; takes a few seconds the first time, since platforms of gVisor are tried."""
    checks = [_python(), _system()]
    if not checks[-1].ok:
        return checks
    checks += [_root(), *_tools(), *_gvisor(home), _spaces(), _overlay(), _divert(), _groups()]
    return [*checks, _image(home), *_layers(home), _disk(home), _memory()]


def install(home: Path, progress: Progress) -> None:
    """Install what is missing; raises CannotSandbox or SandboxError, saying what is in the way."""

    def date() -> int:
        binary = gvisor.find(home)
        return int((gvisor.version(binary) or "0").partition(".")[0]) if binary else 0

    provision.install(home, progress, date)


def _python() -> Check:
    found = platform.python_version()
    return Check("python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _system() -> Check:
    linux, machine = sys.platform == "linux", platform.machine()
    fits = linux and machine in {"x86_64", "aarch64"}
    how = "packages are run on Linux on x86-64 or arm64 only; `biopsy analyze --static-only` works anywhere"
    return Check("system", fits, f"{platform.system()} {platform.release()} {machine}", how)


def _root() -> Check:
    if os.geteuid() == 0:
        return Check("root", True, "yes")
    sudo = shutil.which("sudo") is not None
    said = "no, but there is sudo" if sudo else "no"
    return Check("root", sudo, said, "run as root, or install sudo; or use --static-only")


def _tools() -> Iterator[Check]:
    wanted = provision.missing()
    yield Check("system packages", not wanted, ", ".join(wanted) + " missing" if wanted else "all", _INSTALL)


def _gvisor(home: Path) -> Iterator[Check]:
    binary = gvisor.find(home)
    if binary is None:
        yield Check("gvisor", False, "no runsc", _INSTALL)
        return
    release = gvisor.version(binary)
    new = int(release.partition(".")[0] or 0) >= provision.GOOD_RUNSC
    yield Check("gvisor", new, f"{release or 'unknown version'} ({binary})", _INSTALL, needed=False)
    try:
        tried = gvisor.tries(home, binary, release)
    except (BiopsyError, OSError) as err:
        yield Check("gvisor platform", False, str(err), "run as root")
        return
    said = "; ".join(f"{t.platform}: {t.error or 'works'}" for t in tried)
    how = "gVisor needs ptrace or seccomp inside this machine: a container may have to be privileged"
    yield Check("gvisor platform", not tried[-1].error, said, how)


def _spaces() -> Check:
    how = "allow namespaces: in a container, run it privileged"
    return _try("namespaces", ["unshare", "--pid", "--fork", "--mount", "--net", "--mount-proc", "true"], how)


def _overlay() -> Check:
    script = (
        "mount -t tmpfs tmpfs /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && "
        "mount -t overlay overlay -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w /mnt/m"
    )
    how = "load the overlay module: modprobe overlay"
    return _try("copy-on-write layer", ["unshare", "--mount", "sh", "-c", script], how)


def _divert() -> Check:
    rule = "add table inet t; add chain inet t c { type filter hook prerouting priority mangle; }; "
    rule += "add rule inet t c meta l4proto tcp tproxy ip to 127.0.0.1:1"
    how = "the simulated internet needs the kernel's nft_tproxy: modprobe nft_tproxy"
    return _try("nftables tproxy", ["unshare", "--net", "nft", rule], how)


def _try(name: str, command: list[str], how: str) -> Check:
    try:
        done = subprocess.run(
            [*gvisor.as_root(), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        error = done.stderr.strip()[:200] if done.returncode else ""
    except (BiopsyError, OSError, subprocess.TimeoutExpired) as err:
        error = str(err)
    return Check(name, not error, error or "works", how)


def _groups() -> Check:
    folders = cgroup.plan("doctor")
    said = f"{len(folders)} controllers" if len(folders) > 1 else "version 2" if folders else "none to write"
    how = "without control groups biopsy watches memory itself, which is less exact"
    return Check("control groups", bool(folders), said, how, needed=False)


def _image(home: Path) -> Check:
    try:
        found = image.current(home)
    except BiopsyError as err:
        return Check("image", False, str(err), "pip install 'biopsy[sandbox]'")
    said = f"{found.id}, {found.size / 1e9:.1f} GB" if found else "not built yet"
    if found and not image_tools.has_page(found.root):
        said += ", without a page for browsers' code: npm could fetch nothing; `biopsy image build --anew`"
    return Check(
        "image", found is not None, said, "biopsy image build (the first analysis does it, too)", needed=False
    )


def _layers(home: Path) -> Iterator[Check]:
    """Look for the tools of every ecosystem that needs some over the image, where that is there itself."""
    with contextlib.suppress(BiopsyError):
        built = image.current(home)
        for kind in image_layers.wanted() if built else ():
            there = image_layers.current(built, kind) if built else None
            said = f"{there.size / 1e6:.0f} MB" if there else "not built yet"
            how = f"biopsy image build {kind} (the first analysis does it, too)"
            yield Check(f"tools of {kind}", there is not None, said, how, needed=False)


def _disk(home: Path) -> Check:
    folder = next(f for f in (home, *home.parents) if f.exists())
    free = shutil.disk_usage(folder).free
    return Check(
        "disk",
        free > _DISK,
        f"{free / 1e9:.0f} GB free",
        f"make {_DISK // 10**9} GB free in {home}",
        needed=False,
    )


def _memory() -> Check:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Check("memory", size > _MEMORY, f"{size / 1e9:.0f} GB", "4 GB or more is good", needed=False)
