"""The place that members are written to: the one writer, which holds every limit on size and count."""

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.release import TreeFile
from biopsy.unpack.limits import Limits, human
from biopsy.unpack.names import Name, fold


class Full(Exception):  # noqa: N818 - it is a state, caught where the archive is walked
    """A limit on the whole archive was met; nothing more is unpacked."""


class Place:
    """Writes regular files below `root`, and nothing else; remembers what is odd.

    The last member of a name stands at that name, as with every unpacker; an earlier one of the same name
    is kept beside it as `stem~2.suffix`, so that readers see both.
    """

    def __init__(self, root: Path, artifact: str, limits: Limits) -> None:
        """Start with an empty folder `root`; `artifact` is the file name that oddities are told of."""
        self.root = root
        self.limits = limits
        self.files: dict[str, TreeFile] = {}
        self.behaviours: dict[Behaviour, None] = {}
        self.written = 0
        self.packed = 0  # bytes of the archive behind what was written; for the ratio
        self._where = InFile(artifact or "artifact")
        self._folded: dict[str, str] = {}
        self._folders: set[str] = set()
        self._made: set[str] = set()  # folders that stand on the disk
        self._entries = 0

    def say(self, kind: Kind, value: str, detail: str = "") -> None:
        """Record an oddity."""
        if len(self.behaviours) < self.limits.oddities:
            self.behaviours[Behaviour(kind, value, self._where, detail=detail)] = None

    def count(self) -> None:
        """Count a member; raise Full past the limit."""
        self._entries += 1
        if self._entries > self.limits.entries:
            self.say(Kind.ARCHIVE_BOMB, f"entries {self.limits.entries}")
            raise Full

    def write(self, name: Name, chunks: Iterable[bytes], mode: int = 0o644) -> None:
        """Write one member; stop and say so where it meets a limit. What was written stays."""
        for kind, value in name.odd:
            self.say(kind, value)
        if not name.parts:
            return
        path = self._claim(name)
        target = f"{self.root}/{path}"
        self._make_folder(path.rpartition("/")[0])
        digest, size = hashlib.sha256(), 0
        try:
            with open(target, "xb") as file:  # noqa: PTH123 - for thousands of files
                for chunk in chunks:
                    kept = chunk[: self._room(size)]
                    file.write(kept)
                    digest.update(kept)
                    size += len(kept)
                    self.written += len(kept)
                    self._check(name, size, len(chunk) - len(kept))
        finally:
            plain = 0o755 if mode & 0o111 else 0o644
            self.files[path] = TreeFile(path, size, digest.hexdigest(), plain)

    def _make_folder(self, path: str) -> None:
        if path not in self._made:
            (self.root / path).mkdir(parents=True, exist_ok=True)
            self._made.add(path)

    def _room(self, size: int) -> int:
        return max(0, min(self.limits.file - size, self.limits.total - self.written))

    def _check(self, name: Name, size: int, cut: int) -> None:
        if self.written >= self.limits.total:
            self.say(Kind.ARCHIVE_BOMB, f"total {human(self.limits.total)}")
            raise Full
        if cut or size > self.limits.file:
            self.say(Kind.ARCHIVE_BOMB, f"file {human(self.limits.file)}", detail=name.raw)
            raise TooLarge
        if self.written > self.limits.ratio_from and self.written > self.limits.ratio * max(self.packed, 1):
            self.say(Kind.ARCHIVE_BOMB, f"ratio {self.limits.ratio}")
            raise Full

    def _claim(self, name: Name) -> str:
        """Find the path for a member; report and move aside what already stands there."""
        parts = self._beside_files(name.parts)
        path = "/".join(parts)
        twin = self._folded.setdefault(fold(path), path)
        if twin != path:
            self.say(Kind.ARCHIVE_DUPLICATE, path, detail=f"{twin} differs only in case or normalisation")
        if path in self.files:
            self.say(Kind.ARCHIVE_DUPLICATE, path)
            self._aside(path)
        if path in self._folders:
            self.say(Kind.ARCHIVE_DUPLICATE, path, detail="both a file and a folder")
            path = self._free(path)
        for depth in range(1, len(parts)):
            self._folders.add("/".join(parts[:depth]))
        return path

    def _beside_files(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        fixed: list[str] = []
        for part in parts[:-1]:
            there = "/".join((*fixed, part))
            if there in self.files:
                self.say(Kind.ARCHIVE_DUPLICATE, there, detail="both a file and a folder")
                part = f"{part}~folder"  # noqa: PLW2901 - the name it gets instead
            fixed.append(part)
        return (*fixed, parts[-1])

    def _aside(self, path: str) -> None:
        free = self._free(path)
        (self.root / path).rename(self.root / free)
        old = self.files.pop(path)
        self.files[free] = TreeFile(free, old.size, old.sha256, old.mode)

    def _free(self, path: str) -> str:
        head, _, tail = path.rpartition("/")
        stem, suffix = PurePosixPath(tail).stem, PurePosixPath(tail).suffix
        number = 2
        while (free := f"{head}/{stem}~{number}{suffix}".lstrip("/")) in self.files or free in self._folders:
            number = number * 2 if number > 64 else number + 1
        return free


class TooLarge(Exception):  # noqa: N818 - it is a state, caught where the archive is walked
    """One member is larger than a file may be; the next may be unpacked."""
