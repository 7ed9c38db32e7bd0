"""How well a run and its branches were watched: what was lost is counted, and said."""

from collections.abc import Sequence
from dataclasses import dataclass

from biopsy.model.run import Watch
from biopsy.sandbox.observe_ledger import Listed
from biopsy.sandbox.raw import Raw
from biopsy.sandbox.trace import Tally
from biopsy.sandbox.tree import Forest


@dataclass(frozen=True, slots=True)
class Counted:
    """What reading a run had no room for; `hidden` exchanges are not shown, `read` are quiet reads."""

    malformed: int
    exchanges: int
    behaviours: int
    hidden: int
    read: int


def watch(raw: Raw, tally: Tally, forest: Forest, lost: Counted, said: Sequence[str]) -> Watch:
    """Say how well one cell was watched; `said` are notes that others took."""
    more = list(said)
    more += [f"{one.phase} once more ({one.again}): {one.status}" for one in raw.ran if one.again]
    if lost.hidden:
        more.append(f"{lost.hidden} exchanges more than are shown")
    if forest.lost:
        more.append(f"{forest.lost} processes more than can be told apart")
    ours = sum(node.ours for node in forest.nodes)
    if tally.events and not any(node.first for node in forest.nodes) and not ours:
        more.append("no phase's first process was seen; phases are told by time")
    return Watch(
        raw.profile,
        tally.events,
        tally.malformed + lost.malformed,
        tally.dropped,
        tally.truncated + raw.trace_truncated,
        raw.said_dropped + lost.exchanges,
        raw.changes_dropped,
        lost.behaviours,
        lost.read,
        (*raw.notes, *more),
    )


def joined(watches: Sequence[Watch], listed: Listed) -> Watch:
    """Join the watch of a run with those of its branches."""
    return Watch(
        watches[0].profile,
        sum(one.events for one in watches),
        sum(one.malformed for one in watches),
        sum(one.dropped for one in watches),
        sum(one.truncated for one in watches),
        sum(one.exchanges_dropped for one in watches),
        sum(one.changes_dropped for one in watches),
        listed.dropped + sum(one.behaviours_dropped for one in watches),
        sum(one.files_read for one in watches),
        (*dict.fromkeys(note for one in watches for note in one.notes), *listed.notes),
    )
