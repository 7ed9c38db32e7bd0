"""`pylock.toml` (PEP 751), as `packaging` reads it."""

from collections.abc import Iterator
from typing import Any

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import numbered
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

FORM = "pylock.toml"
NAMES = ("pylock.toml", "pylock.*.toml")


def looks(head: bytes) -> bool:
    """Whether it names the version of its form and who locked it."""
    return b"lock-version" in head and b"created-by" in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file; folders of the project are left out."""
    from packaging.pylock import Pylock, PylockValidationError  # noqa: PLC0415 - only where it is needed

    held, text = decode.toml(given.data, dict[str, Any])
    try:
        packages = Pylock.from_dict(held).packages
    except (PylockValidationError, ValueError, TypeError, AttributeError) as error:
        raise LockError(f"not as PEP 751 has it: {str(error)[:300]}") from error
    for package, line in numbered(text, "packages", packages):
        if package.directory is None:
            yield _entry(package, line)


def _entry(package: Any, line: int) -> Entry:
    name, version = word(str(package.name)), str(package.version or "")
    if package.vcs is not None:
        url = package.vcs.url or package.vcs.path or ""
        return elsewhere(name, version, f"git+{word(url, 'URL')}#{package.vcs.commit_id}", line)
    if package.archive is not None:
        return elsewhere(name, version, word(package.archive.url or package.archive.path, "URL"), line)
    files = (package.sdist, *(package.wheels or ()))
    hashes = tuple(f"{kind}:{value}" for f in files if f for kind, value in f.hashes.items())
    return Entry("PyPI", name, version, line, hashes, origin=word(package.index, "URL"))
