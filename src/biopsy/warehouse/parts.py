"""Read many dossiers, in parts that several processes can share: what replaying rules over history needs."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.warehouse import landing
from biopsy.warehouse.wire import Stored

PART = 500
"""Files of landed dossiers in one part."""


class Part(msgspec.Struct, frozen=True):
    """Some of the dossiers; every dossier is in exactly one. Small, and can be sent to another process."""

    name: str
    paths: tuple[str, ...]
    count: int
    start: int = -1  # the first row, of what is packed


class Unreadable(msgspec.Struct, frozen=True):
    """A dossier that is there and cannot be read; whoever reads many goes on with the others."""

    path: str
    why: str


def landed(root: Path, ecosystem: str = "", since: str = "") -> Iterator[Part]:
    """The parts of what has landed; `since` (RFC 3339) leaves out what was written before it."""
    paths = sorted(str(path) for path in root.glob(f"{ecosystem or '*'}/*/*/*.json.gz") if _new(path, since))
    for number, group in groupby(enumerate(paths), lambda pair: pair[0] // PART):
        some = tuple(path for _, path in group)
        yield Part(f"landed-{number:05d}", some, len(some))


def _new(path: Path, since: str) -> bool:
    """By the run id, which begins with the time; where it does not, nobody can tell by the name."""
    stamp = since[:10].replace("-", "")
    day = path.name[:8]
    return not stamp or not day.isdecimal() or day >= stamp


def stored(paths: Sequence[str]) -> Iterator[Stored | Unreadable]:
    """Read landed dossiers in their stored form."""
    for path in paths:
        try:
            yield landing.read(Path(path))
        except UsageError as err:
            yield Unreadable(path, str(err))


def days_of(run_id: str) -> tuple[str, ...]:
    """The days on which a dossier of this id may have been made, as far as it says."""
    try:
        first = datetime.strptime(run_id[:8], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return ()
    return tuple(f"{first + timedelta(days=more):%Y-%m-%d}" for more in (0, 1))
