"""Toolchains: what a machine needs for the packages of one ecosystem, a file of `toolchains` each.

A file is named after a purl type. Whoever adds an ecosystem that can be run writes one, and edits nothing
else: which Debian packages lie over the image, how the tools are told the registry, which processes are
tools, where they put a release, what starts a driver. In the texts `{registry}` is the URL of the ecosystem's
registry (it ends in `/`), `{home}` and `{project}` are folders of the machine's user, `{name}` and
`{version}` are the release's.
"""

import re
from functools import cache
from importlib.resources import files as resources

import msgspec
import yaml

from biopsy.errors import BiopsyError


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program whose doing is not the package's when a driver started it; expressions match in full.

    What it starts is a helper, the tool again, or code of a package: by `builds`, `named`, else the one that
    is analysed.
    """

    name: str
    starts: str  # `program script` of what a driver starts: `gem`, `ruby /usr/bin/gem`, `python3 -m pip`
    shipped: bool = True  # only where that script, or program, is one of the image's own
    again: str = ""  # `program script` of what it starts and still is, wherever that lies
    helpers: str = ""  # programs of the image's that it starts for itself
    all: bool = False  # whatever it starts is its own doing
    marks: str = ""  # variable that it sets for code of packages; what has none and is no helper is package's
    named: str = ""  # variable with the name of the package whose code is started
    builds: str = ""  # a folder in which a dependency is built; group 1 is its name
    loads: str = ""  # an argument that has a compiler load a package's code; group 1 is its name


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the machine: `text`, or `source`, a file of `sandbox/inside/drivers`."""

    text: str = ""
    source: str = ""
    append: bool = False  # to what the image has there
    mode: int = 0o644
    unless: str = ""  # expression of registries without which the tools do: those they know
    system: bool = False  # root's and as old as the image; else the user's


class Toolchain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of `toolchains`. Without `packages` it is of the base image, and so on every machine."""

    type: str = ""
    packages: tuple[str, ...] = ()  # of Debian, with what they need
    links: dict[str, str] = {}  # symbolic links of the layer: where → to what
    drivers: dict[str, tuple[str, ...]] = {}  # suffix of a driver → the command that starts it
    environment: dict[str, str] = {}  # what holds `{registry}` stands only where there is one
    path: tuple[str, ...] = ()  # folders before those of the profile's PATH
    files: dict[str, Written] = {}
    tools: tuple[Tool, ...] = ()
    installed: str = ""  # expression that finds the folder of an installed package; group 1 is its name
    own: tuple[str, ...] = ()  # expressions of the beginnings of paths of the release's own installed files
    records: bool = False  # installed files are listed in a RECORD (the wheel specification)
    scratch: str = ""  # expression of paths that tools use for themselves
    startup: str = ""  # expression of files that run whenever the interpreter or tool starts
    real_time: tuple[str, ...] = ()  # programs by name, or scripts by path, whose clock never jumps: managers
    evaluators: tuple[str, ...] = ()  # installed packages that are tools, and whose evaluated code is theirs

    @property
    def base(self) -> bool:
        """Whether the base image has it already."""
        return not self.packages


@cache
def toolchains() -> dict[str, Toolchain]:
    """Return all of them by purl type; BiopsyError where one is not as it should be."""
    found = {}
    for file in sorted((resources("biopsy.sandbox") / "toolchains").iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".yml"):
            continue
        kind = file.name.removesuffix(".yml")
        try:
            made = msgspec.convert(yaml.safe_load(file.read_text("utf-8")) or {}, Toolchain)
            _check(made)
        except (msgspec.ValidationError, yaml.YAMLError, re.error) as err:
            raise BiopsyError(f"toolchains/{file.name}: {err}") from err
        found[kind] = msgspec.structs.replace(made, type=kind)
    return found


def toolchain(ecosystem: str) -> Toolchain:
    """Return that of an ecosystem; one of nothing where it has none."""
    return toolchains().get(ecosystem) or Toolchain(ecosystem)


@cache
def machine(ecosystem: str) -> tuple[Toolchain, ...]:
    """Return those that a machine for packages of `ecosystem` has: the base image's, and its own."""
    return tuple(one for one in toolchains().values() if one.base or one.type == ecosystem)


@cache
def tools() -> dict[str, Tool]:
    """Return every tool of every toolchain by its name."""
    return {tool.name: tool for one in toolchains().values() for tool in one.tools}


@cache
def interpreter(driver: str) -> tuple[str, ...]:
    """Return the command that starts a driver of this name; nothing where it starts by itself."""
    _, dot, suffix = driver.rpartition(".")
    suffix = dot + suffix
    return next((one.drivers[suffix] for one in toolchains().values() if suffix in one.drivers), ())


def _check(made: Toolchain) -> None:
    patterns = [made.installed, made.scratch, made.startup, *made.own]
    for tool in made.tools:
        patterns += [tool.starts, tool.again, tool.helpers, tool.builds, tool.loads]
    for pattern in patterns:
        re.compile(filled(pattern, home="/h", project="/p", name="n", version="1"))


def filled(pattern: str, **values: str) -> str:
    """Put values, as they are, into an expression."""
    for key, value in values.items():
        pattern = pattern.replace("{" + key + "}", re.escape(value))
    return pattern
