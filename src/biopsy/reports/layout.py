"""The directory layout of the OpenSSF repository: a file for each report, read and written both ways.

`osv/malicious/<ecosystem>/<name>/MAL-YYYY-N.json` holds what stands, `osv/withdrawn/…` what was withdrawn,
`osv/unmergable/…` what waits for a person; a report without an id is `MAL-0000-<source>-<sha256>`.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from biopsy.errors import UsageError
from biopsy.reports import naming
from biopsy.reports.additive import added, sourced
from biopsy.reports.claim import COUNTED, HELD, OWN, PENDING, REVIEW, Claim, Package, origins
from biopsy.reports.record import MAX_BYTES, RecordError, Report, decode, encode

if TYPE_CHECKING:
    from biopsy.reports.database import Database

TREES = ("malicious", "withdrawn", "unmergable")
MAX_FILES = 5_000_000  # of one tree
PART = ".part"  # what is being written; it becomes a report as a whole
STEP = 1000  # files between two words of progress
_OUT = frozenset({"published", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report stands, below `osv/`: `malicious/npm/thing/MAL-2026-1.json`."""

    tree: str
    folder: str
    stem: str

    @property
    def path(self) -> str:
        """The whole of it."""
        return f"{self.tree}/{self.folder}/{self.stem}.json"


def root(directory: Path) -> Path:
    """Where the trees begin, given a repository, its `osv` folder or one of the trees; raises UsageError."""
    for at in (directory / "osv", directory, directory.parent):
        if any((at / tree).is_dir() for tree in TREES):
            return at
    raise UsageError(f"{directory}: neither osv/malicious nor malicious is in there")


def files(directory: Path) -> Iterator[Path]:
    """Every file that may be a report, in order. Links are not followed."""
    return _below(root(directory))


def _below(at: Path) -> Iterator[Path]:
    count = 0
    for tree in TREES:
        for folder, names, held in os.walk(at / tree):
            names[:] = sorted(n for n in names if not n.startswith(".") and not Path(folder, n).is_symlink())
            for name in sorted(held):
                if possible(name) and not Path(folder, name).is_symlink():
                    count += 1
                    if count > MAX_FILES:
                        raise UsageError(f"{at}: more than {MAX_FILES:,} files")
                    yield Path(folder, name)


def possible(name: str) -> bool:
    """Whether a file of that name may be a report."""
    return name.endswith(".json") and not name.startswith(".")


def read(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the place of each report, relative to `osv/`, and its bytes; of one too large, its start."""
    at = root(directory)
    for file in files(directory):
        with file.open("rb") as held:
            yield file.relative_to(at).as_posix(), held.read(MAX_BYTES + 1)


def place(package: Package, report: Report, state: str) -> Place:
    """Where a report belongs. What waits is not among the malicious: whoever reads those would publish it."""
    own = str(report.get("id") or "")
    tree = (
        "unmergable" if state in {HELD, REVIEW} else "withdrawn" if report.get("withdrawn") else "malicious"
    )
    return Place(tree, package.folder, own if OWN.fullmatch(own) else placeholder(report))


def of(database: "Database", *, additive: bool = False) -> Iterator[tuple[Place, Report]]:
    """What a database has to write: every report that is out, and every claim that waits, as it came.

    `additive`: as the existing tools make reports; what they could not merge waits, too.
    """
    if additive:
        for package, state, decided, claims in database.said():
            if state in _OUT:
                made, left = added(claims, decided)
                if made is not None:
                    yield _named(place(package, made, state), claims), made
                for claim in left:
                    yield _waiting(package, claim)
    else:
        for package, state, report in database.documents():
            if state in _OUT:
                where = place(package, report, state)
                if not OWN.fullmatch(where.stem):
                    claims = database.claims(database.number(package))
                    if all(claim.state != COUNTED for claim in claims):
                        continue  # taken back before it was ever out
                    where = _named(where, claims)
                yield where, report
    for package, claim in database.waits():
        yield _waiting(package, claim)


def _named(where: Place, claims: Iterable[Claim]) -> Place:
    """A place whose file keeps the name that it had in a repository, until it has an id."""
    stems = (c.pending for c in claims if not OWN.fullmatch(where.stem))
    return replace(where, stem=next(filter(None, stems), where.stem))


def _waiting(package: Package, claim: Claim) -> tuple[Place, Report]:
    """A record by itself. One that came from a repository has its name there, and all that it said."""
    if claim.pending:
        return Place("unmergable", package.folder, claim.pending), claim.record
    record = sourced(claim)
    return Place("unmergable", package.folder, placeholder(record)), record


def placeholder(report: Report) -> str:
    """What a report without an id is called until it has one: its first source, and its record's hash."""
    first = next(iter(origins(report)), {})
    word = f"{first.get('source') or 'hand'}-{str(first.get('sha256') or '0')[:16]}"
    name = f"MAL-0000-{word}"
    return name if PENDING.fullmatch(name) else "MAL-0000-unnamed"


@dataclass(frozen=True, slots=True)
class Written:
    """How many files were written, how many stale ones went, and how many were left that nobody knows."""

    changed: int
    stale: int
    left: int


def write(
    directory: Path,
    reports: Iterable[tuple[Place, Report]],
    known: Callable[[str, str], bool],
    told: Callable[[int], None] = lambda _: None,
) -> Written:
    """Write reports into a directory, in its `osv` folder.

    A file appears whole or not at all; one that says the same already, in whatever spelling, stays. A file
    that is not among them goes where `known` says, by its stem and the hash of its bytes, that it is one of
    ours; others are left. Raises UsageError for a name that no path can be made of, for a folder that cannot
    be written, and where another process is writing there.
    """
    at = directory / "osv"
    changed, kept = 0, set()
    try:
        at.mkdir(parents=True, exist_ok=True)
        with _alone(top := at.resolve()):
            for count, (where, report) in enumerate(reports, start=1):
                if not naming.local(where.path):
                    raise UsageError(f"{where.path!r}: no safe path can be made of this name")
                kept.add(where.path)
                changed += _put(at / where.path, report, top)
                if count % STEP == 0:
                    told(count)
            other = [f for f in _below(at) if f.relative_to(at).as_posix() not in kept]
            stale = [f for f in other if known(f.stem, _hash(f))]
            for file in stale:
                file.unlink()
                _prune(file.parent, at)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written: {error.strerror or error}") from error
    return Written(changed, len(stale), len(other) - len(stale))


def _hash(file: Path) -> str:
    with file.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


def _prune(folder: Path, top: Path) -> None:
    """Remove folders that hold nothing any more, as git does."""
    while top not in {folder.parent, folder} and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _put(target: Path, report: Report, top: Path) -> bool:
    data = encode(report)
    if not target.resolve().is_relative_to(top):
        raise UsageError(f"{target}: a link leads out of the folder")
    try:
        there = target.read_bytes()
        if there == data or _same(there, report):
            return False
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (NotADirectoryError, IsADirectoryError) as error:
        raise UsageError(f"{target}: a folder stands there, or a file in place of a folder") from error
    part = top / PART
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    part.chmod(0o644)  # a report is public
    part.replace(target)
    return True


@contextmanager
def _alone(top: Path) -> Iterator[None]:
    """Nobody else writes into a folder meanwhile; what one that was killed left half written goes."""
    handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            (top / PART).unlink(missing_ok=True)
    except BlockingIOError as error:
        raise UsageError(f"{top}: another export is writing there; wait for its end") from error
    finally:
        os.close(handle)


def _same(there: bytes, report: Report) -> bool:
    try:
        return decode(there) == report
    except RecordError:
        return False
