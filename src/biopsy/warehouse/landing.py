"""Where what is new lands: one immutable file a dossier, one a batch of judgements, until they are packed.

BIOPSY_HOME/dossiers/<ecosystem>/<name>/<version>/<run id>.json.gz
BIOPSY_HOME/judgements/<day>/<time>-<random>.jsonl.gz
"""

import gzip
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from biopsy.errors import UsageError
from biopsy.model.release import Release
from biopsy.warehouse.judgement import Judgement
from biopsy.warehouse.ledger import settle
from biopsy.warehouse.wire import FORMAT, Stored

MAX_DOSSIER = 512 * 1024**2
"""Bytes of one dossier, unpacked, that we read back; the folder may be shared with people we do not know."""

MAX_JUDGEMENTS = 512 * 1024**2
"""Bytes of one file of judgements, unpacked."""

TRIES = 20
PAUSE = 0.002
"""How often a file is written anew whose folder was removed under it, and seconds of the pauses that grow."""

_DOSSIER = msgspec.json.Decoder(Stored)
_JUDGEMENT = msgspec.json.Decoder(Judgement)


def folder_of(root: Path, release: Release) -> Path:
    """The folder of a release below `root`; no name leads out of it."""
    parts = (quote(part, safe="") for part in (release.ecosystem, release.name, release.version))
    # "." and ".." are the only names that quoting leaves dangerous.
    return root.joinpath(*(f"{part}_" if part.strip(".") == "" else part for part in parts))


def write(path: Path, lines: Iterable[bytes]) -> None:
    """Write lines, compressed, whole or not at all; when this returns, a power cut does not take them."""
    data = gzip.compress(b"\n".join(lines), compresslevel=5, mtime=0)
    partial = path.with_name(f"{path.name}.{os.urandom(4).hex()}.partial")
    for attempt in range(TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            settle(path.parent)
        except FileNotFoundError:  # a packer found the folder empty and removed it just now
            if attempt == TRIES - 1:
                raise
            time.sleep(PAUSE * attempt)
        except OSError:  # a full disk: nothing of it stays there
            partial.unlink(missing_ok=True)
            raise
        else:
            return


def read(path: Path) -> Stored:
    """Read a dossier in its stored form; UsageError where it is none that this version reads."""
    try:
        stored = _DOSSIER.decode(_unpacked(path, MAX_DOSSIER))
    except (OSError, EOFError, zlib.error, msgspec.DecodeError, ValueError) as err:
        raise UsageError(f"{path} is not a dossier that this version reads: {err}") from err
    if stored.format != FORMAT:
        raise UsageError(f"{path} is a dossier of format {stored.format}; this version reads {FORMAT}")
    return stored


def judgements(path: Path) -> Iterator[Judgement]:
    """Read a file of judgements; UsageError where it is none that this version reads."""
    try:
        for line in _unpacked(path, MAX_JUDGEMENTS).splitlines():
            yield _JUDGEMENT.decode(line)
    except (OSError, EOFError, zlib.error, msgspec.DecodeError, ValueError) as err:
        raise UsageError(f"{path} does not hold judgements that this version reads: {err}") from err


def _unpacked(path: Path, limit: int) -> bytes:
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # a gzip member; gzip.open takes twice as long
    with path.open("rb") as file:
        packed = file.read(limit + 1)
    data = inflate.decompress(packed, limit + 1)
    if max(len(packed), len(data)) > limit:
        raise UsageError(f"{path} is larger than it may be ({limit} bytes)")
    if not inflate.eof:
        raise EOFError("it is cut short")
    return data
