"""What is installed or locked, against the report database.

Everything is read from files and one database: no network. What cannot be read becomes a checkup with an
error, and the rest goes on.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from biopsy import guard
from biopsy.errors import BiopsyError, UsageError
from biopsy.guard import installed, places
from biopsy.model.check import PURL, Checkup, Entry
from biopsy.reports.verdict import Store, judged

Progress = Callable[[str, float | None], None]


def check(targets: Sequence[str], store: Store, told: Progress = lambda *_: None) -> list[Checkup]:
    """Check files, folders and purls; raises UsageError where a folder has nothing to check."""
    found = [one for target in targets for one in _listed(target)]
    made = []
    for number, (path, form, read) in enumerate(found):
        told(f"checking {path}", number / len(found))
        made.append(_checkup(path, form, read, store))
    return made


Listed = tuple[str, str, Callable[[], tuple[Entry, ...]]]


def _listed(target: str) -> list[Listed]:
    """What a target means: for each file its path, its form, and how to read it."""
    if target.startswith("pkg:"):
        return [(target, PURL, lambda: (Entry(PURL, target),))]
    place = Path(target)
    if place.is_dir():
        if folders := installed.environments(place):
            return [(str(f), "installed", partial(_installed, f)) for f in folders]
        files: list[Listed] = [(str(path), "", partial(_read, path, place)) for path in places.find(place)]
        if not files:
            raise UsageError(f"no lock file below {target}")
        return files
    if not place.exists():
        raise UsageError(f"no such file or folder: {target}")
    return [(target, "", partial(_read, place, None))]


def _installed(folder: Path) -> tuple[Entry, ...]:
    return tuple(installed.read(folder))


def _read(path: Path, root: Path | None) -> tuple[Entry, ...]:
    given = places.take(path, root)
    reader = guard.choose(path.absolute().as_posix(), given.data)
    if reader is None:
        raise guard.LockError(guard.unread(path.as_posix(), given.data))
    return guard.read(reader, given)


def _checkup(path: str, form: str, read: Callable[[], tuple[Entry, ...]], store: Store) -> Checkup:
    if not form:
        called = guard.named(Path(path).absolute().as_posix())
        form = called[0].FORM if len(called) == 1 else "lock file"
    try:
        return Checkup(path, form, tuple(judged(entry, store) for entry in read()))
    except BiopsyError as error:
        return Checkup(path, form, error=str(error))
