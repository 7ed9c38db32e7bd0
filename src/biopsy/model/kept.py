"""Kept: what takes long to make of our own files and is the same until they change.

Nothing is kept until `keep_in` names a folder, which only whoever holds BIOPSY_HOME does. What is kept there
may be deleted at any time, and is made anew where it is damaged or of other files.
"""

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

Made = TypeVar("Made")

_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)


def keep_in(folder: Path | None) -> None:
    """Keep things in this folder of our own from now on, or nowhere."""
    _FOLDER.set(folder)


def kept(
    name: str,
    of: Iterable[str],
    make: Callable[[], Made],
    freeze: Callable[[Made], bytes] = pickle.dumps,
    thaw: Callable[[bytes], Made] = pickle.loads,  # of what we wrote, below our own home
) -> Made:
    """Return what was kept under a name and made `of` these very files, else make it and keep it.

    A file is known by its path, size, inode and times: whatever is written to it, one of them changes.
    Raises what `make` raises.
    """
    folder = _FOLDER.get()
    if folder is None:
        return make()
    try:
        path = folder / f"{name}-{_stamp(of)}"
    except OSError:  # a file of ours went while we looked: somebody installs a new version
        return make()
    with contextlib.suppress(Exception):  # not there, cut short, of another version: made anew
        return thaw(path.read_bytes())
    made = make()
    with contextlib.suppress(OSError):
        _write(path, freeze(made), f"{name}-*")
    return made


def keeps() -> bool:
    """Whether anything is kept."""
    return _FOLDER.get() is not None


def recall(name: str, of: str) -> bytes:
    """Return what was stored under a name for what `of` says; raises OSError where that is not there."""
    folder = _FOLDER.get()
    if folder is None:
        raise FileNotFoundError(name)
    return (folder / f"{name}-{_short(of)}").read_bytes()


def store(name: str, of: str, data: bytes) -> None:
    """Store something under a name, for what `of` says and nothing else; where that cannot be, it is not."""
    folder = _FOLDER.get()
    if folder is not None:
        with contextlib.suppress(OSError):
            _write(folder / f"{name}-{_short(of)}", data, f"{name}-*")


def _short(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def sources(*parts: str, endings: tuple[str, ...] = (".py",)) -> list[str]:
    """Give the files of these folders of the package, by their endings, and of all folders below."""
    root = Path(__file__).parent.parent
    found: list[str] = []
    for part in parts:
        for folder, folders, files in os.walk(root / part):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            found += [f"{folder}/{name}" for name in sorted(files) if name.endswith(endings)]
    return found


def _stamp(files: Iterable[str]) -> str:
    whole = hashlib.sha256(sys.version.encode())
    for path in files:
        seen = os.stat(path)  # noqa: PTH116 - hundreds of them, at every start
        whole.update(f"{path}\0{seen.st_size} {seen.st_ino} {seen.st_mtime_ns} {seen.st_ctime_ns}\n".encode())
    return whole.hexdigest()[:16]


def _write(path: Path, data: bytes, others: str) -> None:
    """Write in one step, so that nobody reads half of it; what is of older files goes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, part = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    for old in path.parent.glob(others):
        old.unlink(missing_ok=True)
    Path(part).replace(path)
