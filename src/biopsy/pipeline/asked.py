"""Jobs that a person asks for: packages by name, lists, lock files, the most used names, all of a package.

Nothing is asked of a registry here. What has no version becomes a look, which a worker does.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy import guard
from biopsy.ecosystems import by_type, parse_target
from biopsy.ecosystems.names import load
from biopsy.errors import UsageError
from biopsy.guard import places
from biopsy.model.check import PURL, Entry
from biopsy.model.job import Depth, Job, Lane
from biopsy.model.release import Release

MAX_BYTES = 256 * 1024**2  # of one list
MAX_LINES = 5_000_000
ALWAYS = "1970-01-01T00:00:00Z"
"""Since when all releases of a package count as new."""


class How(Struct, frozen=True):
    """How it is to be done. `since` is RFC 3339: every release from then on, instead of the newest."""

    lane: Lane = Lane.BATCH
    depth: Depth = Depth.FULL
    priority: int = 0
    why: str = "enqueue"
    since: str = ""

    def job(self, release: Release) -> Job:
        """The job for a release, or the look at a package; with `since` a look in any case."""
        if self.since:
            release = replace(release, version="")
        return Job(
            release,
            lane=self.lane,
            depth=self.depth,
            priority=self.priority,
            why=self.why,
            published=self.since,
        )


class Wrong(Struct, frozen=True):
    """Something in a list that is no package that can be analysed. `line` is 0 where it has none."""

    place: str
    line: int
    reason: str


def named(targets: Sequence[str], how: How) -> Iterator[Job]:
    """Releases and packages by purl, `pypi:NAME`, `npm:NAME@VERSION`. Raises UsageError for what is none."""
    for target in targets:
        found = parse_target(target)
        if isinstance(found, Path):
            raise UsageError(f"{target} is a file: a list of packages is read with --from {target}")
        yield how.job(found)


def listed(path: Path, how: How) -> Iterator[Job | Wrong]:
    """What a file names: a lock file or SBOM in one of its forms, else a purl or `pypi:NAME` a line.

    `-` is standard input. Empty lines and `#` comments are skipped. UsageError for what cannot be read.
    """
    data = _bytes(path)
    reader = guard.choose(path.absolute().as_posix(), data) if str(path) != "-" else None
    if reader is None:
        yield from _lines(str(path), data, how)
        return
    for entry in guard.read(reader, places.take(path)):
        yield _entry(str(path), entry, how)


def _bytes(path: Path) -> bytes:
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as err:
        raise UsageError(f"cannot read {path}: {err.strerror or err}") from err
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is longer than {MAX_BYTES // 1024**2} MB: split it")
    return data


def _lines(place: str, data: bytes, how: How) -> Iterator[Job | Wrong]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise UsageError(f"{place} is not text in UTF-8: byte {err.start}") from err
    for number, line in enumerate(text.splitlines(), 1):
        if number > MAX_LINES:
            raise UsageError(f"{place} has more than {MAX_LINES:,} lines: split it")
        wanted = line.partition(" #")[0].strip()
        if not wanted or wanted.startswith("#"):
            continue
        try:
            yield from named([wanted], how)
        except UsageError as err:
            yield Wrong(place, number, str(err))


def _entry(place: str, entry: Entry, how: How) -> Job | Wrong:
    try:
        if entry.ecosystem == PURL:
            return next(named([entry.name], how))
        if not entry.ecosystem:
            return Wrong(place, entry.line, f"{entry.name or entry.origin} is of no registry")
        ecosystem = by_type(entry.ecosystem.lower().replace(" ", "-"))
        return how.job(Release(ecosystem.type, ecosystem.normalise(entry.name), entry.version))
    except UsageError as err:
        return Wrong(place, entry.line, str(err))


def popular(ecosystem: str, first: int, home: Path, how: How) -> Iterator[Job]:
    """The most used packages of an ecosystem, by the list of names in use; the more used, the sooner.

    Raises UsageError where there is no list.
    """
    kind = by_type(ecosystem)
    names = load(kind.type, home)
    if not len(names):
        raise UsageError(
            f"there is no list of names for {ecosystem}: biopsy names refresh {ecosystem} --from FILE"
        )
    for rank, line in enumerate(names.rows.splitlines()[:first]):
        yield replace(how.job(Release(kind.type, line.partition("\t")[0])), priority=how.priority - rank)
