"""`all.jsonl.zst`, every report, one a line; and `deltas/`: what changed in an hour, in a day, to follow it.

The lines are in one frame of Zstandard: by far the smallest form that has everything, since reports say much
the same, and a zip packs each by itself.

A delta has the reports whose last change lies in its stretch of the log, as they are now: a line replaces the
report of its id. Whoever has sequence N, and takes every delta whose `to` is above N, oldest first, has the
state of the index. `from` of a list is how far back that goes: below it, take the whole.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec

from biopsy.reports.exports.pressed import Pressed
from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree

WHOLE = "all.jsonl.zst"
INDEX = "deltas/index.json"
SPANS = {"hourly": (13, 7), "daily": (10, 90)}
"""By kind: letters of a time that name a stretch, and days for which they are kept."""
MAX_SHARE = 8  # deltas that hold more than an eighth of all reports are none: the whole is smaller
MIN_WHOLE = 1000  # reports up to which everything may be in deltas
HOW = (
    "Take `whole`: it is the state of `sequence`. To follow, keep `lineage` and `sequence`. Read this file "
    "again; if `lineage` is another, or your sequence is below `from` of the list that you follow, take "
    "`whole` again. Else read, oldest first, every file of the list whose `to` is above your sequence: each "
    "line is a report, and replaces yours of that id. Then your sequence is that of this file. If a file has "
    "not the hash that this says, a newer release took its place: begin again with this file."
)


@dataclass(slots=True)
class Delta:
    """One stretch of the log: entries after `start`, up to `to`."""

    path: str
    start: int
    to: int
    reports: list[tuple[int, bytes]] = field(default_factory=list)


def begin(tree: Tree, state: State) -> "Deltas":
    """Lay out the stretches."""
    return Deltas(tree, state)


class Deltas:
    """Writes every report; keeps those that changed lately, and writes them by stretch."""

    def __init__(self, tree: Tree, state: State) -> None:
        """Lay out the stretches of every kind."""
        self._tree, self._state = tree, state
        self._whole = Pressed(tree.open(WHOLE))
        self._lists = {kind: list(_stretches(kind, state)) for kind in SPANS}
        self._ends = {kind: [one.to for one in listed] for kind, listed in self._lists.items()}
        starts = [listed[0].start for listed in self._lists.values() if listed]
        self._first = min(starts, default=state.sequence)

    def take(self, one: One) -> None:
        """Write a report; keep it, if it changed lately."""
        self._whole.write(one.data + b"\n")
        if one.key.change <= self._first:
            return
        for kind, listed in self._lists.items():
            if listed and one.key.change > listed[0].start:
                at = bisect_left(self._ends[kind], one.key.change)
                listed[at].reports.append((one.key.change, one.data))

    def finish(self) -> None:
        """End the whole, write the deltas, and the index."""
        self._whole.close()
        made = {
            "form": 1,
            "lineage": self._state.lineage,
            "sequence": self._state.sequence,
            "modified": self._state.modified,
            "whole": {"path": WHOLE, "reports": len(self._state.keys), **self._held(WHOLE)},
            **{kind: self._written(listed) for kind, listed in self._lists.items()},
            "how": HOW,
        }
        self._tree.put(INDEX, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")

    def _written(self, listed: list[Delta]) -> dict[str, object]:
        rows = []
        for one in listed:
            file = Pressed(self._tree.open(one.path))
            for _, data in sorted(one.reports):
                file.write(data + b"\n")
            file.close()
            row = {"path": one.path, "from": one.start, "to": one.to, "reports": len(one.reports)}
            rows.append({**row, **self._held(one.path)})
        return {"from": listed[0].start if listed else self._state.sequence, "files": rows}

    def _held(self, path: str) -> dict[str, object]:
        held = self._tree.files[path]
        return {"size": held.size, "sha256": held.sha256}


def _stretches(kind: str, state: State) -> Iterator[Delta]:
    """The stretches of a kind that are kept, oldest first."""
    letters, days = SPANS[kind]
    ends: dict[str, int] = {}
    for hour, last in state.hours:
        ends[hour[:letters]] = last
    names = list(ends)
    since = _before(names[-1], days) if names else ""
    kept = [name for name in names if name > since]
    changes = sorted(key.change for key in state.keys)
    most = max(len(changes) // MAX_SHARE, MIN_WHOLE)
    made: list[Delta] = []
    for name in reversed(kept):
        before = names[names.index(name) - 1] if name != names[0] else ""
        start = ends[before] if before else 0
        if len(changes) - bisect_left(changes, start + 1) > most:
            break
        made.append(Delta(f"deltas/{kind}/{name}.jsonl.zst", start, ends[name]))
    yield from reversed(made)


def _before(name: str, days: int) -> str:
    try:
        return (date.fromisoformat(name[:10]) - timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return ""
