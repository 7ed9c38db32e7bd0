"""What a run wrote, as an archive for people: regular files only, under harmless permissions."""

import io
import os
import stat
import tarfile
from pathlib import Path

MAX_KEPT = 256 * 1024**2
"""Bytes of written files that are kept."""

_QUIET = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Archive:
    """A tar file that is filled up to a limit. Names in it are as the package chose them, but relative."""

    def __init__(self, path: Path) -> None:
        """Begin."""
        self._file = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - `close` does
        self._room = MAX_KEPT

    def add(self, path: bytes, folder: int, info: os.stat_result) -> None:
        """Add a file, named by its folder's descriptor and the last part of `path`."""
        if not stat.S_ISREG(info.st_mode) or info.st_size > self._room:
            return
        entry = tarfile.TarInfo(path.decode(errors="backslashreplace"))
        entry.size, entry.mode, entry.mtime = info.st_size, 0o644, int(info.st_mtime)
        try:
            with os.fdopen(os.open(path.rpartition(b"/")[2], _QUIET, dir_fd=folder), "rb") as file:
                data = file.read(info.st_size)
        except OSError:
            return
        self._room -= info.st_size
        self._file.addfile(entry, io.BytesIO(data.ljust(info.st_size, b"\0")))

    def close(self) -> None:
        """Write the end."""
        self._file.close()
