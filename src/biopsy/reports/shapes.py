"""Files that hold many records: JSON lines, a JSON list, a zip; read under limits, a record at a time."""

import gzip
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from biopsy.reports.record import MAX_BYTES
from biopsy.reports.sources import Object, SourceError

MAX_MEMBERS = 2_000_000  # of one zip
MAX_UNPACKED = 8 * 1024**3  # of all members of one zip
MAX_LIST = 256 * 1024**2  # of one JSON document that holds many records
MAX_LINES = 10_000_000
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)


def objects(path: Path, name: str = "") -> Iterator[Object]:
    """Yield the records of a file, whichever of the shapes it has; raises SourceError. `name` is for keys."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"PK":
        yield from members(path)
    elif start[:2] == b"\x1f\x8b":
        with gzip.open(path) as unpacked:
            yield from _plain(unpacked, name)
    else:
        with path.open("rb") as file:
            yield from _plain(file, name)


def _plain(file: "IO[bytes] | gzip.GzipFile", name: str) -> Iterator[Object]:
    """A list, a record a line, or one record."""
    try:
        first = file.readline(MAX_BYTES + 2)
        whole = _json(first)
        if isinstance(whole, dict):
            yield f"{name}#1", first
            yield from lines(file, name, 2)
            return
        text = first + file.read(MAX_LIST)
    except _BROKEN as error:
        raise SourceError(f"{name}: cannot be read: {error}") from error
    if len(text) > MAX_LIST:
        raise SourceError(f"{name}: larger than {MAX_LIST >> 20} MiB, and not a record a line")
    held = _json(text)
    if not isinstance(held, list):
        yield name, text  # one record, or none: the intake says which
        return
    for number, one in enumerate(held, start=1):
        yield f"{name}#{number}", json.dumps(one, ensure_ascii=True, separators=(",", ":")).encode()


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def lines(file: "IO[bytes] | gzip.GzipFile", name: str = "", number: int = 1) -> Iterator[Object]:
    """Yield a record a line; of a line too long only its start, which the intake refuses."""
    while number <= MAX_LINES:
        try:
            line = file.readline(MAX_BYTES + 2)
        except _BROKEN as error:
            raise SourceError(f"{name}: line {number}: cannot be read: {error}") from error
        if not line:
            return
        if line.strip():
            yield f"{name}#{number}", line.rstrip(b"\r\n")
        while line and not line.endswith(b"\n") and len(line) > MAX_BYTES:
            line = file.readline(MAX_BYTES)
        number += 1
    raise SourceError(f"{name}: more than {MAX_LINES:,} lines")


def members(path: Path) -> Iterator[Object]:
    """Yield the JSON files of a zip. Nothing is written, so names need not be safe; raises SourceError."""
    try:
        with zipfile.ZipFile(path) as archive:
            listed = [m for m in archive.infolist() if m.filename.endswith(".json") and not m.is_dir()]
            if len(listed) > MAX_MEMBERS:
                raise SourceError(f"{path.name}: more than {MAX_MEMBERS:,} files")
            left = MAX_UNPACKED
            for member in listed:
                with archive.open(member) as file:
                    data = file.read(MAX_BYTES + 1)
                left -= len(data)
                if left < 0:
                    raise SourceError(f"{path.name}: more than {MAX_UNPACKED >> 30} GiB unpacked")
                yield member.filename, data
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, *_BROKEN) as error:
        raise SourceError(f"{path.name}: a zip that cannot be read: {error}") from error
