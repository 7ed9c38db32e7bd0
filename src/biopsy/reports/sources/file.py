"""One file that holds many records: JSON lines (also gzipped, or standard input), a JSON list, a zip."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from biopsy.reports import shapes
from biopsy.reports.intake import Convert
from biopsy.reports.sources import Batch, Settings, SourceError, batches


class File:
    """Reads a file by what it begins with; `-` is standard input, a record a line."""

    kind = "file"
    options: frozenset[str] = frozenset()
    convert: Convert | None = None

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:  # noqa: ARG002
        """Yield its records; what was read before is told by its bytes."""
        if settings.place == "-":
            yield from batches(shapes.lines(sys.stdin.buffer, "stdin"))
            return
        path = Path(settings.place)
        if not path.is_file():
            raise SourceError(f"{path}: no file")
        yield from batches(shapes.objects(path, path.name))


READER = File()
