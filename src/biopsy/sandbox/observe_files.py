"""File behaviours: from what processes opened, and from what differs on the disk afterwards."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from biopsy.model.behaviour import By, Kind
from biopsy.model.run import Change, FileChange
from biopsy.sandbox.inside.prepare import JOURNAL
from biopsy.sandbox.observe_ledger import Draft, draft
from biopsy.sandbox.observe_places import FINGERPRINTS, RULING, Place, Places
from biopsy.sandbox.observe_seen import Open
from biopsy.sandbox.raw import Changed, Raw
from biopsy.sandbox.trace_text import host_path

MAX_CHANGES: Final = 400
"""Most changed files that are listed of one run; what matters by its place comes first."""

MAX_EXCERPT: Final = 4_000
"""How much of a file's beginning is shown, in characters."""

_READ_QUIETLY = frozenset(Place) - {Place.CONFIG, Place.HOME, Place.OTHER}
_TOOLS_OWN = frozenset({Place.INSTALLED, Place.SHIPPED})  # where installing writes
_WRITTEN_QUIETLY = frozenset({Place.SCRATCH, Place.DEVICE, Place.OWN})
_WEIGHTY = frozenset({Place.CONFIG, Place.STARTUP})


@dataclass(slots=True)
class Files:
    """The file behaviours of a run, with what was only counted."""

    drafts: list[Draft] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    read: int = 0  # opened for reading and not listed
    dropped: int = 0
    notes: list[str] = field(default_factory=list)


def opened(opens: Sequence[Open], places: Places, files: Files) -> None:
    """Tell what was opened, by whom, as far as it says something."""
    for one in opens:
        if one.node.ours or one.probe or (one.alias and not one.error):
            continue
        place = places.of(one.path)
        if one.write:
            told = RULING.fullmatch(one.path) if one.error else place not in _TOOLS_OWN
            if told or not (one.error or one.node.by is By.TOOL):
                files.drafts.extend(_write(one, place, places))
        else:
            _read(one, place, places, files)


def _detail(one: Open, more: str = "") -> str:
    named = f"opened as {one.named}" if one.named else ""
    return ", ".join(part for part in (named, more, f"errno {one.error}" if one.error else "") if part)


def _write(one: Open, place: Place, places: Places) -> Iterator[Draft]:
    if place in _WRITTEN_QUIETLY or _bytecode(one.path):
        return
    weight = 2 if place in _WEIGHTY else 1 if place in {Place.INSTALLED, Place.SHIPPED} else 0
    more = "refused" if one.error else f"of {places.package(one.path)}" if place is Place.INSTALLED else ""
    yield draft(one.time, Kind.FILE_WRITE, one.path, one.node, weight=weight, detail=_detail(one, more))


def _read(one: Open, place: Place, places: Places, files: Files) -> None:
    node = one.node
    if not one.error:
        for name in places.canaries.get(one.path, ()):
            files.drafts.append(
                draft(one.time, Kind.CANARY_READ, name, node, weight=3, detail=_detail(one, one.path))
            )
    if FINGERPRINTS.fullmatch(one.path):
        files.drafts.append(
            draft(one.time, Kind.EVASION_FINGERPRINT, one.path, node, weight=1, detail=_detail(one))
        )
        return
    if place in _READ_QUIETLY:
        files.read += 1
        return
    path = f"{one.path.rstrip('/')}/" if one.listing else one.path
    here = place in {Place.HOME, Place.STARTUP} and not one.error
    weight = 2 if place is Place.CONFIG else int(here)
    files.drafts.append(draft(one.time, Kind.FILE_READ, path, node, weight=weight, detail=_detail(one)))


def _bytecode(path: str) -> bool:
    return "/__pycache__/" in path and path.rpartition("/")[2].split(".pyc")[0] != path


def changed(raw: Raw, opens: Sequence[Open], places: Places, files: Files) -> None:
    """Tell what differs on the disk, and by whom as far as somebody was seen writing there."""
    writers, phases = _Writers(opens, raw), {one.phase: one for one in raw.ran}
    quiet: Counter[str] = Counter()
    listed: list[tuple[int, FileChange]] = []
    last = raw.ran[-1] if raw.ran else None
    for one in raw.changes:
        path = host_path(one.path)
        if path.startswith(JOURNAL):
            continue  # the interpreters' own: observe_heard tells of it
        place = places.of(path)
        writer = writers.of(path, one.change) or writers.visitor(path, one)
        by = writer.node.by if writer else By.TOOL if place in _TOOLS_OWN else By.PACKAGE
        if _uninteresting(place, path, one.change, by) or (one.within and place in _TOOLS_OWN):
            quiet[place.value] += 1
            continue
        weight = 2 if place in _WEIGHTY else 1 if place in {Place.INSTALLED, Place.SHIPPED} else 0
        listed.append((weight, _change(raw.profile, path, one, by)))
        kind = Kind.FILE_DELETE if one.change is Change.DELETED else Kind.FILE_WRITE
        if writer:
            if writer.path != path or kind is Kind.FILE_DELETE:
                known = writer.path == path or one.change is Change.DELETED
                how = "" if known else f"written as {writer.path}"
                files.drafts.append(draft(writer.time, kind, path, writer.node, weight=weight, detail=how))
        else:
            when = phases.get(one.phase, last)
            phase = when.phase if when else "run"
            time = when.end_ns if when else raw.end_ns
            how = "found afterwards"
            files.drafts.append(Draft(time, kind, path, phase, by=by, weight=weight, detail=how))
    listed.sort(key=lambda pair: (-pair[0], pair[1].path))
    files.changes = [change for _, change in listed[:MAX_CHANGES]]
    files.dropped += max(0, len(listed) - MAX_CHANGES)
    files.notes += [f"{count} changed files not listed: {what}" for what, count in sorted(quiet.items())]


def _uninteresting(place: Place, path: str, change: Change, by: By) -> bool:
    if place in {Place.SCRATCH, Place.DEVICE} or _bytecode(path):
        return True
    if place is Place.OWN:
        return True
    return place in _TOOLS_OWN and change is Change.CREATED and by is By.TOOL


def _change(profile: str, path: str, one: Changed, by: By) -> FileChange:
    return FileChange(profile, path, one.change, one.size, one.sha256, excerpt(one.head), one.mode, by)


def excerpt(head: bytes) -> str:
    """Show the beginning of a content to people: text as it is, other bytes as a dump."""
    text = head[: 2 * MAX_EXCERPT].decode(errors="replace")
    odd = sum(char == "�" or (ord(char) < 32 and char not in "\t\n\r") for char in text)
    if odd * 10 <= len(text):
        return "".join(c if c >= " " or c in "\t\n" else "·" for c in text[:MAX_EXCERPT])
    rows = (head[at : at + 16] for at in range(0, min(len(head), 256), 16))
    return "\n".join(
        f"{row.hex(' '):<47}  {''.join(chr(b) if 32 <= b < 127 else '.' for b in row)}" for row in rows
    )


class _Writers:
    """Who was seen writing what; a file that was renamed into its place has its writer under another name."""

    def __init__(self, opens: Sequence[Open], raw: Raw) -> None:
        self._ran = sorted(raw.ran, key=lambda one: one.end_ns)
        self._ends = [one.end_ns for one in self._ran]
        self._paths: dict[str, Open] = {}
        self._names: dict[str, Open] = {}
        self._folders: dict[str, Open] = {}
        self._visits: dict[tuple[str, str], Open] = {}
        lost = {
            folder
            for one in raw.changes
            if one.change is Change.DELETED
            for folder in _above(host_path(one.path))
        }
        for one in opens:
            folder = one.path.rstrip("/")
            if folder in lost and not (one.write or one.error or one.node.ours or one.node.by is By.TOOL):
                self._visits[one.node.phase, folder] = self._visits[self._during(one), folder] = one
            if one.write and not one.error and not one.node.ours:
                folder, _, name = one.path.rpartition("/")
                best = self._paths.get(one.path)
                if best is None or (best.node.by is By.TOOL and one.node.by is not By.TOOL):
                    self._paths[one.path] = one
                self._names.setdefault(name, one)
                self._folders[folder] = one

    def of(self, path: str, change: Change) -> Open | None:
        """Find the likeliest writer of `path`."""
        exact = self._paths.get(path)
        if exact or change is Change.DELETED:
            return exact
        folder, _, name = path.rpartition("/")
        near = self._folders.get(folder)
        if near and (name in near.path or near.path.rpartition("/")[2].split(".")[0] in name):
            return near
        return self._names.get(name) or near

    def _during(self, one: Open) -> str:
        """Name the phase whose end came next, none after the last: a background process acts there, too."""
        at = bisect_left(self._ends, one.time)
        return self._ran[at].phase if at < len(self._ran) else ""

    def visitor(self, path: str, one: Changed) -> Open | None:
        """Who looked, in the phase in which a file vanished, into the folder it was in: wipers do."""
        if one.change is not Change.DELETED:
            return None
        return next(filter(None, (self._visits.get((one.phase, folder)) for folder in _above(path))), None)


def _above(path: str) -> Iterator[str]:
    """Yield the folders that a path is in, the nearest first, down to those of the second level."""
    while (path := path.rpartition("/")[0]).count("/") > 1:
        yield path
