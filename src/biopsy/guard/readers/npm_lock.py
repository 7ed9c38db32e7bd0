"""`package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.

Source: npm's documentation of package-lock.json. Where a package stands under one name and is fetched as
another (an alias, or a lock file that was meddled with), both are entries.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.guard.origins import elsewhere, repository, within
from biopsy.model.check import Entry

FORM = "package-lock.json"
NAMES = ("package-lock.json", "npm-shrinkwrap.json", ".package-lock.json", "*.package-lock.json")

_FETCHED = re.compile(
    r"https?://[^?#]*?/((?:@|%40)[^/?#]+(?:/|%2[fF])[^/?#]+|[^/?#@]+)/-/([^?#]+)\.tgz(?:[?#].*)?"
)


class Locked(msgspec.Struct):
    """A package, of either form; all of it may be missing."""

    name: str | None = None
    version: str | None = None
    resolved: str | bool | None = None
    integrity: str | None = None
    link: bool | None = None
    dependencies: dict[str, "str | Locked"] | None = None


class File(msgspec.Struct):
    """A lock file: `packages` since version 2, `dependencies` until version 2."""

    lockfile_version: int | str | None = msgspec.field(default=None, name="lockfileVersion")
    packages: dict[str, Locked] | None = None
    dependencies: dict[str, "str | Locked"] | None = None


def looks(head: bytes) -> bool:
    """Whether it names its version."""
    return b'"lockfileVersion"' in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file."""
    held = decode.json(given.data, File)
    if held.packages is None and held.dependencies is None:
        if held.lockfile_version is None:
            raise LockError("neither packages nor dependencies: no lock file of npm")
        return
    lines = Lines(given.text)
    if held.packages is not None:
        for path, package in held.packages.items():
            line = lines.key(path)
            if path.rpartition("node_modules/")[1] and not package.link:
                yield from _entries(package.name or path.rpartition("node_modules/")[2], package, line)
        return
    yield from _nested(held.dependencies or {}, lines)


def _nested(found: "dict[str, str | Locked]", lines: Lines) -> Iterator[Entry]:
    stack = [iter(found.items())]
    while stack:
        for name, package in stack[-1]:
            if not isinstance(package, Locked):
                raise LockError(f"the dependency {name[:80]!r} is no object")
            yield from _entries(name, package, lines.key(name))
            if package.dependencies:
                stack.append(iter(package.dependencies.items()))
                break
        else:
            stack.pop()


def _entries(name: str, package: Locked, line: int) -> Iterator[Entry]:
    version, resolved = word(package.version, "version"), package.resolved
    url = word(resolved, "URL") if isinstance(resolved, str) else ""
    if version.startswith("npm:"):
        name, _, version = version[4:].rpartition("@")
    came = next((u for u in (url, version) if repository(u) or within(u)), "")
    hashes = tuple(word(package.integrity, "hash").split())
    if came or "://" in version:
        yield elsewhere(
            word(name), "" if came == version or "://" in version else version, came or version, line
        )
        return
    yield Entry("npm", word(name), version, line, hashes, origin=url)
    if (real := fetched(url)) and real != (name, version):
        yield Entry("npm", *real, line, hashes, origin=url)


def fetched(url: str) -> tuple[str, str] | None:
    """The name and version of the file that a registry's URL leads to; None where it does not tell."""
    if not (found := _FETCHED.match(url)):
        return None
    name, file = unquote(found[1]), unquote(found[2])
    base = name.rpartition("/")[2]
    return (name, file[len(base) + 1 :]) if file.startswith(f"{base}-") else None
