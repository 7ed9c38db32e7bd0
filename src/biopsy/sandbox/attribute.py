"""Whose doing a process is: the package's, a dependency's, or a tool's (pip, npm, node-gyp, a compiler).

Decided from the top down. A tool is only what our own driver started, or what a tool started in its turn;
from code of a package nothing becomes a tool again but compilers and node-gyp from the image's own folders.
So a package that starts a script called `npm-cli.js`, or npm itself, stays responsible for it. Names in the
environment and in paths are believed only where the tool itself put them there.
"""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from biopsy.model.behaviour import By
from biopsy.sandbox.raw import Subject
from biopsy.sandbox.tree import Exec, Node

DRIVERS: Final = "/usr/local/lib/project-tools/"
"""Where the cell puts our drivers, inside."""

CELL: Final = "cell"
DRIVER: Final = "driver"

_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/")
_BUILD = re.compile(
    r"(?:[a-z0-9_]+-linux-gnu-)?(?:g?cc|g\+\+|c\+\+|c(?:89|99)(?:-gcc)?|cpp|clang(?:\+\+)?|cc1(?:plus)?|as|ar|ld(?:\.\w+)?"
    r"|collect2|lto\w*|nm|objdump|objcopy|ranlib|strip|g?make|ninja|cmake|pkg-config|pkgconf|ccache|gcc-\w+"
    r"|rustc|gfortran|f951)(?:-[\d.]+)?"
)
_BUILD_OWNERS = frozenset({"node-gyp", "compiler", "make"})
_PIP_HELPERS = frozenset(
    ["git", "hg", "svn", "bzr", "lsb_release", "ldd", "ldconfig", "uname", "true", "env"]
)
_NPM_HELPERS = _PIP_HELPERS | {"node"}
_PIP_BUILD = re.compile(r"/pip-(?:install|wheel|resolver-clean)-[^/]+/([^/]+?)_[0-9a-f]{32}(?:/|$)")
_PIP_OWN = re.compile(r"/pip-req-build-[^/]+(?:/|$)")
_MODULE = re.compile(r"/node_modules/((?:@[^/]+/)?[^/@.][^/]*)$")
INTERPRETER = re.compile(r"(?:python|pypy|node|nodejs|perl|ruby|sh|dash|bash)(?:[\d.]+)?")


@dataclass(frozen=True, slots=True)
class Whose:
    """An attribution: of a process itself, and of code that is not a tool's below it."""

    by: By
    owner: str
    below: tuple[By, str] = (By.PACKAGE, "")


def attribute(nodes: Iterable[Node], subject: Subject) -> None:
    """Write `by` and `owner` into every process."""
    known: dict[int, Whose] = {}
    for node in nodes:
        line = [node]  # up to somebody who is known; mostly that is the parent
        while line[-1].parent is not None and line[-1].parent.id not in known:
            line.append(line[-1].parent)
        for one in reversed(line):
            parent = known.get(one.parent.id) if one.parent else None
            whose = known[one.id] = _whose(one, parent, subject)
            one.by, one.owner = whose.by, whose.owner


def program(one: Exec) -> tuple[str, str]:
    """Name the program of a command, and the script or `-m module` that an interpreter was given; "" if none.

    The name is that of the file that was run, not the one that the command gives itself.
    """
    name = posixpath.basename(one.binary or (one.argv[0] if one.argv else ""))
    if not INTERPRETER.fullmatch(name):
        return name, ""
    args = iter(one.argv[1:])
    for arg in args:
        if arg == "-m":
            return name, f"-m {next(args, '')}"
        if arg in {"-c", "-e", "-p", "--eval", "--print"}:
            return name, "-c"
        if arg in {"-r", "--require", "-W", "-X", "--import", "--loader"}:
            next(args, "")
        elif not arg.startswith("-"):
            return name, arg
    return name, ""


def _shipped(path: str) -> bool:
    return path.startswith(_SYSTEM) and not path.startswith("/usr/local/lib/python")


def _whose(node: Node, parent: Whose | None, subject: Subject) -> Whose:
    if node.ours:
        return Whose(By.TOOL, CELL)
    own = [one for one in node.execs if not one.error]
    if node.first:
        return Whose(By.TOOL, DRIVER)
    if parent is None:
        return Whose(By.PACKAGE, "")
    if not own or own[-1].hidden:  # a fork, which goes on with its parent's program
        return parent if parent.owner != DRIVER and not own else Whose(*parent.below, parent.below)
    one = own[-1]
    if parent.by is By.TOOL and parent.owner in {DRIVER, CELL}:
        return _of_driver(one)
    if parent.owner == "pip":
        return _of_pip(one, parent, subject)
    if parent.owner == "npm" and parent.by is By.TOOL:
        return _of_npm(one, parent, subject)
    return _of_code(one, parent)


def _of_driver(one: Exec) -> Whose:
    name, script = program(one)
    base = posixpath.basename(script)
    if script == DRIVERS + "tools.py":
        return Whose(By.TOOL, DRIVER)
    if script == "-m pip" or base in {"pip", "pip3"} or name in {"pip", "pip3"}:
        return Whose(By.TOOL, "pip")
    if script in {"-m venv", "-m ensurepip"}:
        return Whose(By.TOOL, "venv", (By.TOOL, "venv"))
    if base in {"npm-cli.js", "npm", "npx-cli.js"} and _shipped(posixpath.normpath(script)):
        return Whose(By.TOOL, "npm")
    return Whose(By.PACKAGE, "")


def _of_pip(one: Exec, parent: Whose, subject: Subject) -> Whose:
    name, script = program(one)
    base = posixpath.basename(script)
    if base == "__pip-runner__.py" or script == "-m pip":
        return Whose(By.TOOL, "pip")
    if name in _PIP_HELPERS and _shipped(one.binary):
        return parent
    whose = _built(one.cwd, subject)
    return Whose(*whose, whose)


def _built(cwd: str, subject: Subject) -> tuple[By, str]:
    """Say what pip builds in a folder."""
    match = _PIP_BUILD.search(cwd)
    if match and not _PIP_OWN.search(cwd):
        name = _pep503(match[1])
        if name != _pep503(subject.name):
            return By.DEPENDENCY, name
    return By.PACKAGE, ""


def _of_npm(one: Exec, parent: Whose, subject: Subject) -> Whose:
    env = dict(one.env)
    if "npm_lifecycle_event" not in env:
        name, script = program(one)
        if (
            _shipped(one.binary)
            and name in _NPM_HELPERS
            and (not script or _shipped(posixpath.normpath(script)))
        ):
            return parent
        return Whose(By.PACKAGE, "")
    match = _MODULE.search(one.cwd)
    name = match[1] if match else env.get("npm_package_name", "")
    whose = (By.PACKAGE, "") if not name or name == subject.name else (By.DEPENDENCY, name)
    return _of_code(one, Whose(*whose, whose))


def _of_code(one: Exec, parent: Whose) -> Whose:
    """Attribute what code of a package, or a build tool that it started, has started."""
    below = parent.below
    name, script = program(one)
    path = posixpath.normpath(script) if script else ""
    if "/node-gyp/" in path and _shipped(path):
        return Whose(By.TOOL, "node-gyp", below)
    if _BUILD.fullmatch(name) and _shipped(one.binary or f"/usr/bin/{name}"):
        return Whose(By.TOOL, "make" if name in {"make", "gmake", "ninja", "cmake"} else "compiler", below)
    return Whose(*below, below)


def _pep503(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
