"""The whole database as files for others: one folder, made of one state of it, the same bytes every time.

A *part* is one kind of file, and one module of `parts`, found by its file:

    begin(tree, state) -> sink     sink.take(one) for each report, by ecosystem and id; then sink.finish()

so all parts see the same reports, and reports are read once. What a part writes is kept in `manifest.json`
with its size and SHA-256. The folder is swapped as a whole: whoever stops it leaves the old one as it was.
docs/exports.md says what each file is.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from biopsy.reports.exports import parts
from biopsy.reports.exports.manifest import Manifest, libraries
from biopsy.reports.exports.state import Asked, Snapshot
from biopsy.reports.exports.swap import Swap
from biopsy.reports.exports.tree import Tree

FORM = 1  # of the folder: a change of what files say, or of how they are packed, makes it another
EVERY = 2000  # reports between two words on how far it is

Told = Callable[[str, float | None], None]
Seal = Callable[[Path, Path | None, Manifest], None]
"""Is given the new folder before it is swapped in, the old one, and the manifest: to sign, it writes here."""


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did: `written` are the paths whose bytes are new, `gone` those that are no more."""

    manifest: Manifest
    reports: int
    written: tuple[str, ...]
    gone: tuple[str, ...]


def release(
    database: Path,
    directory: Path,
    told: Told = lambda *_: None,
    seal: Seal | None = None,
    *,
    asked: Asked | None = None,
    force: bool = False,
) -> Released:
    """Write every export of a database into a folder; raises UsageError where that holds something else.

    Where the folder is of this very state nothing is written, unless `force` asks for it; with `seal` its
    files are kept, once their hashes are seen to be right, and it is sealed anew.
    Raises DatabaseError for a report that is damaged, by its id. Bytes are the same for the same state, this
    version of biopsy, and the libraries that the manifest names.
    """
    with ExitStack() as held:
        swap = held.enter_context(Swap(directory))
        snapshot = held.enter_context(Snapshot(database))
        snapshot.asked = asked or Asked()
        state = snapshot.whole()
        before = Manifest.of(swap.old) if swap.old else None
        made = Manifest(
            FORM, state.lineage, state.sequence, state.modified, libraries() | state.asked.words(), {}
        )
        same = before and not force and swap.old and before.stands(made, swap.old, read=seal is not None)
        if before and same and seal is None:
            return Released(before, len(state.keys), (), ())
        tree = Tree(swap.staged, swap.old, state.modified)
        if before and same:
            tree.take_over(before.files)
        else:
            _fill(tree, snapshot, told)
        made.files.update(tree.files)
        tree.put(Manifest.NAME, made.data())
        if seal:
            told("signing", None)
            seal(swap.staged, swap.old, made)
        swap.commit()
    old = before.files if before else {}
    written = tuple(sorted(p for p, one in made.files.items() if old.get(p) != one))
    return Released(made, len(state.keys), written, tuple(sorted(set(old) - set(made.files))))


def _fill(tree: Tree, snapshot: Snapshot, told: Told) -> None:
    state = snapshot.whole()
    sinks = [begin(tree, state) for begin in parts.every()]
    with _unswept():
        for number, one in enumerate(snapshot.reports()):
            for sink in sinks:
                sink.take(one)
            if number % EVERY == 0:
                told(f"{number:,} of {len(state.keys):,} reports", number / len(state.keys))
    while sinks:
        sink = sinks.pop(0)  # what it kept goes before the next one needs room
        told(f"writing {type(sink).__module__.rpartition('.')[2]}", None)
        sink.finish()


@contextmanager
def _unswept() -> Iterator[None]:
    """Let no garbage be looked for: reports hold no cycles, and what is kept is much to go through."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


__all__ = ["FORM", "Asked", "Manifest", "Released", "release"]
