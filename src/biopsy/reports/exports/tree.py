"""A folder that is being filled: each file hashed as it is written, and the old one where that is equal."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from biopsy.reports.exports.manifest import Held

BUFFER = 1 << 20


class Tree:
    """Writes the files of a release below `staged`; `files` is what it wrote."""

    def __init__(self, staged: Path, old: Path | None, modified: str) -> None:
        """Take the new folder, the old one if there is one, and the time that new files get."""
        self._staged, self._old = staged, old
        self._time = _seconds(modified)
        self.files: dict[str, Held] = {}

    def open(self, path: str) -> "Writer":
        """Begin a file; it counts from when it is closed."""
        return Writer(self, path, self._place(path))

    def put(self, path: str, data: bytes) -> None:
        """Write a file whose bytes are at hand."""
        file = self.open(path)
        file.write(data)
        file.close()

    def link(self, path: str, other: str) -> None:
        """Let a file stand at a second place, too."""
        target = self._place(path)
        try:
            os.link(self._staged / other, target)
        except OSError:  # no links on this file system, or too many
            target.write_bytes((self._staged / other).read_bytes())
            os.utime(target, (self._time, self._time))
        self.files[path] = self.files[other]

    def take_over(self, files: Mapping[str, Held]) -> None:
        """Let files be the old ones, which are known to be whole."""
        old = self._old or self._staged
        for path, held in files.items():
            target = self._place(path)
            try:
                os.link(old / path, target)
            except OSError:  # no links on this file system, or too many
                shutil.copy2(old / path, target)
            self.files[path] = held

    def keep(self, path: str, target: Path, held: Held) -> None:
        """Take a file that is whole; where the old one has the same bytes it is that one."""
        os.utime(target, (self._time, self._time))
        self.files[path] = held
        if self._old is None or not _same(self._old / path, target):
            return
        spare = target.with_name(f".{target.name}.same")
        try:
            os.link(self._old / path, spare)
            spare.replace(target)
        except OSError:
            return  # the new one stays: it is as good

    def _place(self, path: str) -> Path:
        parts = path.split("/")
        if path in self.files or not all(parts) or {".", ".."} & set(parts):
            raise ValueError(path)  # a fault of a part
        target = self._staged.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


class Writer:
    """A file that is being written, from its start to its end."""

    def __init__(self, tree: Tree, path: str, target: Path) -> None:
        """Take where it stands; it must not be there yet."""
        self._tree, self._path, self._target = tree, path, target
        self._file, self._hash, self._size = target.open("xb", buffering=BUFFER), hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write on."""
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)
        return len(data)

    def close(self) -> None:
        """End the file: it is on the disk, and the tree's."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._tree.keep(self._path, self._target, Held(self._size, self._hash.hexdigest()))


def _same(old: Path, new: Path) -> bool:
    try:
        if old.is_symlink() or old.stat().st_size != new.stat().st_size:
            return False
        with old.open("rb") as one, new.open("rb") as two:
            while part := one.read(BUFFER):
                if part != two.read(BUFFER):
                    return False
            return not two.read(1)
    except OSError:
        return False


def _seconds(modified: str) -> float:
    try:
        return datetime.fromisoformat(modified).astimezone(UTC).timestamp()
    except ValueError:
        return 315532800.0  # 1980, as in a zip without a time
