"""A folder of records: a file for each, also in the layout of the OSV repository."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from biopsy.reports.intake import Convert
from biopsy.reports.record import MAX_BYTES
from biopsy.reports.sources import Batch, Object, Settings, SourceError, batches

MAX_FILES = 5_000_000


class Directory:
    """Reads every `.json` below a folder. What was read before is told by its bytes; there is no cursor."""

    kind = "directory"
    options: frozenset[str] = frozenset()
    convert: Convert | None = None

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:  # noqa: ARG002
        """Yield the files in order. Links, and names that begin with a dot, are left out."""
        root = Path(settings.place)
        if not root.is_dir():
            raise SourceError(f"{root}: no folder")
        yield from batches(_files(root, settings.prefixes))


def _files(root: Path, prefixes: tuple[str, ...]) -> Iterator[Object]:
    count = 0
    for folder, names, held in os.walk(root):
        names[:] = sorted(n for n in names if not n.startswith(".") and not Path(folder, n).is_symlink())
        for name in sorted(held):
            file = Path(folder, name)
            path = file.relative_to(root).as_posix()
            if not name.endswith(".json") or name.startswith(".") or not path.startswith(prefixes):
                continue
            if file.is_symlink() or not file.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                raise SourceError(f"{root}: more than {MAX_FILES:,} files")
            try:
                with file.open("rb") as opened:
                    yield path, opened.read(MAX_BYTES + 1)
            except OSError as error:
                raise SourceError(f"{path}: {error.strerror or error}") from error


READER = Directory()
