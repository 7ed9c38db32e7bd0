"""Folders that belong to a worker while it lives, and are anybody's to remove when it does not.

BIOPSY_HOME/tmp/worker-<name>          what its tasks have open
BIOPSY_HOME/tmp/worker-<name>.lock     locked by it
"""

import fcntl
import os
import shutil
from pathlib import Path

from biopsy.errors import BiopsyError

PREFIX = "worker-"


class NotFreeError(BiopsyError):
    """A worker of this name works here already."""


def clean(home: Path) -> list[str]:
    """Remove what dead sandboxes left."""
    from biopsy.sandbox.clean import clean as remove  # noqa: PLC0415 - only after a task that broke

    return remove(home)


def sweep(home: Path) -> list[str]:
    """Remove what dead workers left: their folders, and what their sandboxes did."""
    removed = clean(home)
    for lock in (home / "tmp").glob(f"{PREFIX}*.lock"):
        try:
            file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # another worker that begins now removed it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
            removed.append(str(lock.with_suffix("")))
        finally:
            os.close(file)
    return removed


def hold(folder: Path) -> int:
    """Make the folder of a worker, which is its own while it lives."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(_lock(folder), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        os.close(lock)
        raise NotFreeError(f"a worker of this name works here already: {folder.name}") from err
    folder.mkdir(mode=0o700, exist_ok=True)
    return lock


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def release(folder: Path, lock: int) -> None:
    """Give the folder up."""
    _lock(folder).unlink(missing_ok=True)
    os.close(lock)
