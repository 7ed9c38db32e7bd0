"""A folder that is replaced as a whole: a new one is filled beside it, and takes its place at once."""

import ctypes
import fcntl
import os
import shutil
import sys
from pathlib import Path
from typing import Self

from biopsy.errors import UsageError
from biopsy.reports.exports.manifest import Manifest

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)


class Swap:
    """A context manager: `staged` is to be filled, `commit` puts it in place; without it all stays as it was.

    `old` is what is there now, None where nothing is. One at a time for each folder.
    """

    def __init__(self, directory: Path) -> None:
        """Take the folder; nothing is touched yet."""
        self._at = directory.resolve()
        self.staged = self._at.with_name(f".{self._at.name}.part")
        self._away = self._at.with_name(f".{self._at.name}.old")
        self.old: Path | None = None

    def __enter__(self) -> Self:
        """Make room; raises UsageError where the folder holds no release, or another one is being made."""
        try:
            self._at.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._at.with_name(f".{self._at.name}.lock"), os.O_CREAT | os.O_RDWR, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"{self._at}: another release is being written into it") from error
        except OSError as error:
            raise UsageError(f"{self._at}: cannot be written: {error}") from error
        if self._away.is_dir() and not self._at.exists():
            self._away.rename(self._at)  # a swap in two steps was stopped between them
        for left in (self.staged, self._away):
            shutil.rmtree(left, ignore_errors=True)
        if self._at.exists():
            if not self._at.is_dir() or (any(self._at.iterdir()) and Manifest.of(self._at) is None):
                raise UsageError(f"{self._at}: is no release, and is not empty: name another folder")
            self.old = self._at
        self.staged.mkdir(mode=0o755)
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was left over."""
        shutil.rmtree(self.staged, ignore_errors=True)
        os.close(self._lock)

    def commit(self) -> None:
        """Put the new folder in the place of the old one, which goes. Readers see one or the other."""
        if self.old is None or not any(self._at.iterdir()):
            os.replace(self.staged, self._at)  # noqa: PTH105 - an empty folder is replaced, too
        elif not _exchange(self.staged, self._at):
            self._at.rename(self._away)
            self.staged.rename(self._at)
            shutil.rmtree(self._away, ignore_errors=True)
        handle = os.open(self._at.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exchange(one: Path, two: Path) -> bool:
    """Let two folders change places at once; False where the system cannot."""
    if sys.platform != "linux":
        return False
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return int(call(_HERE, os.fsencode(one), _HERE, os.fsencode(two), _EXCHANGE)) == 0
