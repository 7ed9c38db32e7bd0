"""The directory layout of the OpenSSF repository: a file for each report, read and written both ways.

`osv/malicious/<ecosystem>/<name>/MAL-YYYY-N.json` holds what stands, `osv/withdrawn/…` what was withdrawn,
`osv/unmergable/…` what waits for a person; a report without an id is `MAL-0000-<source>-<sha256>`.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from biopsy.errors import UsageError
from biopsy.reports import naming
from biopsy.reports.claim import OWN, Package, origins
from biopsy.reports.record import MAX_BYTES, Report, encode

TREES = ("malicious", "withdrawn", "unmergable")
MAX_FILES = 5_000_000  # of one tree
_PLACEHOLDER = re.compile(r"MAL-0000-[A-Za-z0-9._-]{1,200}")


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
        if any((at / tree).is_dir() for tree in TREES[:2]):
            return at
    raise UsageError(f"{directory}: neither osv/malicious nor malicious is in there")


def files(directory: Path) -> Iterator[Path]:
    """Every file that may be a report, in order. Links are not followed."""
    at = root(directory)
    count = 0
    for tree in TREES:
        for folder, names, held in os.walk(at / tree):
            names[:] = sorted(n for n in names if not n.startswith(".") and not Path(folder, n).is_symlink())
            for name in sorted(held):
                if possible(name) and not Path(folder, name).is_symlink():
                    count += 1
                    if count > MAX_FILES:
                        raise UsageError(f"{directory}: more than {MAX_FILES:,} files")
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
    """Where a report belongs."""
    own = str(report.get("id") or "")
    tree = (
        "withdrawn" if report.get("withdrawn") else "unmergable" if state == "review" and own else "malicious"
    )
    return Place(tree, package.folder, own if OWN.fullmatch(own) else placeholder(report))


def placeholder(report: Report) -> str:
    """What a report without an id is called until it has one: its first source, and its record's hash."""
    first = next(iter(origins(report)), {})
    word = f"{first.get('source') or 'hand'}-{str(first.get('sha256') or '0')[:16]}"
    name = f"MAL-0000-{word}"
    return name if _PLACEHOLDER.fullmatch(name) else "MAL-0000-unnamed"


def write(directory: Path, reports: Iterable[tuple[Package, str, Report]]) -> tuple[int, int]:
    """Write reports into a directory; returns how many files changed, and how many stale ones went.

    A file appears whole or not at all. A file of a report that stands elsewhere now is removed; files that
    are no reports are left alone. Raises UsageError for a name that no path can be made of.
    """
    at = directory / "osv"
    changed, kept = 0, set()
    for package, state, report in reports:
        where = place(package, report, state)
        if not naming.local(where.path):
            raise UsageError(f"{package.ecosystem} {package.name!r}: no safe path can be made of it")
        target = at / where.path
        kept.add(where.path)
        if _put(target, encode(report)):
            changed += 1
    stale = [f for f in files(directory) if f.relative_to(at).as_posix() not in kept] if kept else []
    for file in stale:
        file.unlink()
    return changed, len(stale)


def _put(target: Path, data: bytes) -> bool:
    try:
        if target.read_bytes() == data:
            return False
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(data)
        os.chmod(name, 0o644)  # noqa: PTH101 - a report is public
        os.replace(name, target)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True
