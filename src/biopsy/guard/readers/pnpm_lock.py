"""`pnpm-lock.yaml`, versions 5 to 9 of the form (pnpm 5 to 10)."""

import re
from collections.abc import Iterator

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

FORM = "pnpm-lock.yaml"
NAMES = ("pnpm-lock.yaml", "pnpm-lock.*.yaml", "*.pnpm-lock.yaml")

_KEY = re.compile(r"/?((?:@[^/@]+/)?[^/@]+)@([^()]+)(?:\(.*)?")
_OLD = re.compile(r"(?:[^/@]+\.[^/@]+(?::\d+)?)?/((?:@[^/]+/)?[^/]+)/([^/_()]+)(?:[_(].*)?")


def looks(head: bytes) -> bool:
    """Whether it names its version."""
    return head.lstrip().startswith(b"lockfileVersion:")


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file."""
    held = decode.yaml(given.data)
    if "lockfileVersion" not in held:
        raise LockError("no lockfileVersion: no lock file of pnpm")
    packages = held.get("packages")
    if packages is None or packages == "":
        return
    if not isinstance(packages, decode.Node):
        raise LockError("packages is no mapping")
    for key, package in packages.items():
        line = packages.lines[key]
        if not isinstance(package, decode.Node):
            raise LockError(f"line {line}: a package that is no mapping")
        yield _entry(word(key), package, line)


def _entry(key: str, package: decode.Node, line: int) -> Entry:
    found = _OLD.fullmatch(key) or _KEY.fullmatch(key)
    how = package.get("resolution")
    how = how if isinstance(how, decode.Node) else decode.Node()
    name = word(package.get("name")) or (found[1] if found else key)
    version = word(package.get("version"), "version") or (found[2] if found else "")
    if how.get("type") == "git" or "repo" in how:
        url = word(how.get("repo"), "URL")
        return elsewhere(name, version, f"git+{url}#{word(how.get('commit'), 'commit')}", line)
    if how.get("type") == "directory" or version.startswith(("file:", "link:")):
        return Entry("", name, "", line, origin=word(how.get("directory"), "folder") or version)
    hashes = tuple(word(how.get("integrity"), "hash").split())
    url = word(how.get("tarball"), "URL")
    if url and (not hashes or "://" in version or found is None) and "/-/" not in url:
        return elsewhere(name, version if "://" not in version else "", url, line)
    if found is None:
        raise LockError(f"line {line}: a key that names no package: {key[:80]!r}")
    return Entry("npm", name, version, line, hashes, origin=url)
