"""Whose doing a process is: the package's, a dependency's, or a tool's (pip, npm, cargo, a compiler).

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
from biopsy.sandbox.toolchain import Tool, tools
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
INTERPRETER = re.compile(r"(?:python|pypy|node|nodejs|perl|ruby|php|sh|dash|bash)(?:[\d.]+)?")


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


def of_driver(node: Node, one: Exec) -> bool:
    """Whether a driver began this, to load or call the package in it: `node - …`, told on standard input."""
    if node.parent is None or one.argv[1:2] != ("-",) or any(one is later for later in _became(node)[1:]):
        return False
    above = _became(node.parent)
    return bool(above) and program(above[-1])[1].startswith(DRIVERS)


def _became(node: Node) -> list[Exec]:
    return [one for one in node.execs if not one.error]


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
    if parent.by is By.TOOL and (tool := tools().get(parent.owner)):
        return _of_tool(one, tool, parent, subject)
    return _of_code(one, parent, subject)


def _of_driver(one: Exec) -> Whose:
    name, script = program(one)
    if script == DRIVERS + "tools.py":
        return Whose(By.TOOL, DRIVER)
    where = posixpath.normpath(script) if script else one.binary
    for tool in tools().values():
        if _matches(tool.starts, name, script) and (not tool.shipped or _shipped(where)):
            return Whose(By.TOOL, tool.name, (By.TOOL, tool.name) if tool.all else (By.PACKAGE, ""))
    return Whose(By.PACKAGE, "")


def _of_tool(one: Exec, tool: Tool, parent: Whose, subject: Subject) -> Whose:
    """Attribute what a tool has started: the tool again, a helper of it, or code of a package."""
    if tool.all:
        return parent
    env = dict(one.env)
    name, script = program(one)
    if tool.again and _matches(tool.again, name, script):
        return Whose(By.TOOL, tool.name)
    if not tool.marks or tool.marks not in env:
        used = re.fullmatch(tool.helpers, name) and _shipped(one.binary)
        if used and (not script or script.startswith("-") or _shipped(posixpath.normpath(script))):
            return parent
        if tool.marks:
            return Whose(By.PACKAGE, "")
    match = re.fullmatch(tool.builds, one.cwd) if tool.builds else None
    whose = _named(match[1] if match else env.get(tool.named, ""), subject)
    return _of_code(one, Whose(*whose, whose), subject)


def _matches(pattern: str, name: str, script: str) -> bool:
    return bool(pattern) and re.fullmatch(pattern, f"{name} {script}".rstrip()) is not None


def _named(name: str, subject: Subject) -> tuple[By, str]:
    """Say whose code it is, by the name of a package; nobody's name is that of the one that is analysed."""
    own = not name or _folded(name) == _folded(subject.name)
    return (By.PACKAGE, "") if own else (By.DEPENDENCY, name)


def _of_code(one: Exec, parent: Whose, subject: Subject) -> Whose:
    """Attribute what code of a package, or a build tool that it started, has started."""
    below = parent.below
    name, script = program(one)
    path = posixpath.normpath(script) if script else ""
    if "/node-gyp/" in path and _shipped(path):
        return Whose(By.TOOL, "node-gyp", below)
    if _BUILD.fullmatch(name) and _shipped(one.binary or f"/usr/bin/{name}"):
        if loaded := _loaded(one, subject):
            return Whose(*loaded, below)
        return Whose(By.TOOL, "make" if name in {"make", "gmake", "ninja", "cmake"} else "compiler", below)
    return Whose(*below, below)


def _loaded(one: Exec, subject: Subject) -> tuple[By, str] | None:
    """Say whose code a compiler was told to load into itself, as Rust's does with macros."""
    patterns = [tool.loads for tool in tools().values() if tool.loads]
    found = [match[1] for arg in one.argv[1:] for each in patterns if (match := re.fullmatch(each, arg))]
    whose = [_named(name, subject) for name in found]
    return next((each for each in whose if each[0] is By.PACKAGE), whose[0] if whose else None)


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
