"""Get what a sandbox needs onto this machine: Debian's packages, and a gVisor that is new enough.

Everything comes through apt from the machine's own mirrors, checked by its own keys; no other host is asked.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from biopsy.errors import CannotSandbox, SandboxError

Progress = Callable[[str, float | None], None]

PACKAGES = {
    # what is looked for: the Debian package that has it
    "ip": "iproute2",
    "nft": "nftables",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "mount": "mount",
}
ALWAYS = {"/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring"}
GOOD_RUNSC = 20240000
"""Builds of gVisor from this date on have systrap, the quick platform."""

_NEXT_SUITES = ("trixie", "forky", "sid")
_APT_TIMEOUT = 900


def missing() -> tuple[str, ...]:
    """Return the Debian packages that this machine lacks."""
    tools = (package for tool, package in PACKAGES.items() if not _which(tool))
    files = (package for path, package in ALWAYS.items() if not Path(path).exists())
    return (*tools, *files)


def install(home: Path, progress: Progress, runsc_date: Callable[[], int]) -> None:
    """Install what is missing; `runsc_date` says how new the gVisor found here is (0: none).

    Raises CannotSandbox where this is not a Debian we are root on, SandboxError where apt failed.
    """
    wanted = missing()
    if not wanted and runsc_date() >= GOOD_RUNSC:
        progress("everything a sandbox needs is installed", 1.0)
        return
    if os.geteuid() != 0:
        raise CannotSandbox("installing system packages needs root: run it with sudo")
    if not shutil.which("apt-get"):
        raise CannotSandbox(
            f"no apt-get here: install {' '.join((*wanted, 'runsc'))} by this system's own means"
        )
    if wanted:
        progress(f"installing {', '.join(wanted)}", 0.1)
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", *wanted)
    if runsc_date() < GOOD_RUNSC:
        progress("installing gVisor", 0.6)
        _newer_runsc(home)
    progress("everything a sandbox needs is installed", 1.0)


def _newer_runsc(home: Path) -> None:
    """Take runsc, one static binary, out of the first Debian suite whose build is new enough."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt downloads as a user of its own
        for suite in _NEXT_SUITES:
            if not (sources := _sources(folder, suite)):
                break
            private = _private_apt(folder, sources)
            try:
                _apt(*private, "update", "-qq")
                _apt(*private, "download", "-qq", "runsc", cwd=folder)
            except SandboxError:
                continue
            for package in folder.glob("runsc_*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, folder / "out"], check=True, capture_output=True)
                target = home / "bin" / "runsc"
                target.parent.mkdir(parents=True, exist_ok=True)
                partial = target.with_suffix(".partial")
                shutil.copy2(folder / "out" / "usr" / "bin" / "runsc", partial)
                partial.chmod(0o755)
                partial.replace(target)
                return
    if not _which("runsc"):
        raise SandboxError(
            f"no Debian mirror of this machine has gVisor: put runsc on the PATH, or into {home}/bin"
        )


def _sources(folder: Path, suite: str) -> Path | None:
    """Write the sources of `suite` as this machine's own mirror would be asked for it."""
    uri = _mirror()
    if not uri:
        return None
    path = folder / f"{suite}.sources"
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    path.write_text(f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nSigned-By: {keys}\n")
    return path


def _mirror() -> str:
    for path in sorted(Path("/etc/apt").glob("sources.list.d/*.sources")):
        if match := re.search(r"(?m)^URIs:\s*(\S*/debian/?)(?:\s|$)", path.read_text()):
            return match[1]
    for path in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt").glob("sources.list.d/*.list"))):
        if path.is_file() and (
            match := re.search(r"(?m)^deb\s+(?:\[[^]]*\]\s+)?(\S*/debian/?)\s", path.read_text())
        ):
            return match[1]
    return ""


def _private_apt(folder: Path, sources: Path) -> list[str]:
    """Give apt a world of its own, so that the machine's package lists stay as they are."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
    }
    return [f"-o{key}={value}" for key, value in settings.items()]


def _apt(*args: str, cwd: Path | None = None) -> None:
    done = subprocess.run(
        ["apt-get", *args],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_APT_TIMEOUT,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )
    if done.returncode:
        why = next((x for x in done.stderr.splitlines() if x.startswith("E:")), done.stderr.strip()[-200:])
        raise SandboxError(f"apt-get {args[-1]} failed: {why}")


def _which(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
