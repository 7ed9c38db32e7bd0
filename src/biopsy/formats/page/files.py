"""Files as the page shows them: what was changed, with its contents, and what was read."""

from collections import defaultdict
from posixpath import basename

from msgspec import Struct

from biopsy.formats.page.anchors import Anchors
from biopsy.formats.page.limits import Listed, listed
from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import FileChange


class Changed(Struct, frozen=True):
    """A file that differs after the run, and the profiles under which it does.

    `others` are further paths of the same name and content: a program that is run a hundred times leaves
    the same file in a hundred temporary folders.
    """

    change: FileChange
    profiles: tuple[str, ...]
    others: tuple[str, ...] = ()


class Read(Struct, frozen=True):
    """A path that was opened for reading, or a planted credential that was: who did it and who saw it."""

    what: str
    profiles: tuple[str, ...]
    number: int | None
    by: By
    owner: str


def changed(dossier: Dossier, limit: int, *, tool: bool) -> Listed[Changed]:
    """Changes by the installer, or all others; the same under several profiles once."""
    same: defaultdict[tuple[str, str, str], list[FileChange]] = defaultdict(list)
    for change in dossier.changes:
        if (change.by is By.TOOL) is tool:
            # without contents to compare, only the same path is the same file
            name = basename(change.path) if change.sha256 else change.path
            same[name, change.change.value, change.sha256].append(change)
    return listed(map(_changed, same.values()), limit)


def _changed(of: list[FileChange]) -> Changed:
    paths = tuple(dict.fromkeys(change.path for change in of))
    return Changed(of[0], tuple(dict.fromkeys(change.profile for change in of)), paths[1:])


def read(dossier: Dossier, kind: Kind, anchors: Anchors, limit: int) -> Listed[Read]:
    """What a run opened for reading (`file.read`, `canary.read`), the package's own doing first."""
    seen: defaultdict[str, list[Behaviour]] = defaultdict(list)
    for behaviour in dossier.behaviours:
        if behaviour.kind is kind and isinstance(behaviour.where, InTrace):
            seen[behaviour.value].append(behaviour)
    reads = [_read(what, same, anchors) for what, same in seen.items()]
    return listed(sorted(reads, key=lambda read: (read.by is not By.PACKAGE, read.what)), limit)


def _read(what: str, same: list[Behaviour], anchors: Anchors) -> Read:
    profiles = dict.fromkeys(b.where.profile for b in same if isinstance(b.where, InTrace))
    return Read(what, tuple(profiles), anchors.number(same[0]), same[0].by, same[0].owner)
