"""A plain folder, copied under the same limits as an archive; links are reported and never followed."""

import os
import stat
from pathlib import Path

from biopsy.model.behaviour import Kind
from biopsy.unpack.names import judge
from biopsy.unpack.place import Place, TooLarge
from biopsy.unpack.squeeze import blocks

_SKIPPED = frozenset({".git", ".hg", ".svn"})


def read(folder: Path, place: Place) -> None:
    """Copy regular files of `folder` into `place`; raises Full at a limit."""
    for at, folders, names in os.walk(folder):
        for name in list(folders):
            path = Path(at) / name
            if path.is_symlink():
                place.say(Kind.ARCHIVE_LINK, f"{_inside(path, folder)} -> {path.readlink()}")
        folders[:] = sorted(d for d in folders if d not in _SKIPPED and not (Path(at) / d).is_symlink())
        for name in sorted(names):
            place.count()
            _one(Path(at) / name, folder, place)


def _inside(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _one(path: Path, folder: Path, place: Place) -> None:
    inside = _inside(path, folder)
    try:
        info = path.lstat()
        if stat.S_ISLNK(info.st_mode):
            place.say(Kind.ARCHIVE_LINK, f"{inside} -> {path.readlink()}")
            return
        if not stat.S_ISREG(info.st_mode):
            place.say(Kind.ARCHIVE_DEVICE, inside)
            return
        place.packed += info.st_size
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            place.write(judge(inside, place.limits), blocks(file), info.st_mode)
    except TooLarge:
        return
    except OSError as error:
        place.say(Kind.ARCHIVE_DAMAGED, f"{inside}: {error.strerror}")
