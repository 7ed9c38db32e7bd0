"""Finding the lock files of a folder, and reading them from there."""

import os
from collections.abc import Iterator
from pathlib import Path

from biopsy import guard
from biopsy.guard.given import MAX_BYTES, Given, LockError

MAX_FOLDERS = 50_000  # that are looked into
MAX_FILES = 2_000  # lock files of one folder
MAX_DEPTH = 16  # folders inside each other
SKIPPED = frozenset({
    ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "node_modules", "site-packages", "__pycache__",
    ".mypy_cache", ".ruff_cache", ".pytest_cache", ".terraform", ".yarn", ".pnpm-store",
})  # fmt: skip
"""Folders that hold what is installed, or nobody's own files: they are only looked into when named."""


def find(folder: Path) -> Iterator[Path]:
    """The lock files below a folder, in the order of their paths. Links to folders are not followed.

    Raises LockError where there are too many folders or files, rather than leave some out.
    """
    files = 0
    for folders, (at, below, names) in enumerate(os.walk(folder), 1):
        depth = len(Path(at).relative_to(folder).parts)
        if folders > MAX_FOLDERS:
            raise LockError(f"{folder}: more than {MAX_FOLDERS:,} folders; name the lock files instead")
        below[:] = sorted(d for d in below if d not in SKIPPED and not _environment(Path(at, d)))
        if depth >= MAX_DEPTH:
            below.clear()
        for name in sorted(names):
            if guard.named(f"{Path(at).name}/{name}"):
                files += 1
                if files > MAX_FILES:
                    raise LockError(f"{folder}: more than {MAX_FILES:,} lock files")
                yield Path(at, name)


def _environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file()


def take(path: Path, root: Path | None = None) -> Given:
    """A file for a reader. What it includes is read from below `root`, its own folder where there is none."""
    top = (root or path.parent).resolve()

    def beside(to: str) -> bytes:
        place = (path.parent / to).resolve()
        if not place.is_relative_to(top):
            raise LockError(f"{to} is outside the folder")
        return load(place)

    return Given(path.name, load(path), beside)


def load(path: Path) -> bytes:
    """The bytes of a regular file; raises LockError, also for one of more than MAX_BYTES."""
    try:
        if not path.is_file():
            raise LockError("not there" if not path.exists() else "no regular file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise LockError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_BYTES:
        raise LockError(f"more than {MAX_BYTES:,} bytes")
    return data
