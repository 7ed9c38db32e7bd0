"""The list of behaviours, kept within limits so that no flood can push what matters out of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.sandbox.tree import Node

MAX_OF_KIND: Final = 900
"""Most behaviours of one kind in one phase that are kept of those that do not matter by themselves."""

MAX_WEIGHTY: Final = 700
"""The same of those that do: a room of their own, which a flood of the others cannot fill."""

FLOOD: Final = 20_000
"""From so many of one kind in one phase, by the package, it is told that somebody floods."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A behaviour before it has its place in the order. `weight` 0 can be done without; higher is kept
    first.
    """

    time: int
    kind: Kind
    value: str
    phase: str
    node: Node | None = None
    by: By = By.PACKAGE
    owner: str = ""
    detail: str = ""
    weight: int = 0

    @property
    def process(self) -> int | None:
        """The id of its process."""
        return self.node.id if self.node else None


def draft(time: int, kind: Kind, value: str, node: Node, *, weight: int = 0, detail: str = "") -> Draft:
    """Make a draft of what `node` did."""
    return Draft(time, kind, value, node.phase, node, node.by, node.owner, detail, weight)


@dataclass(frozen=True, slots=True)
class Listed:
    """The behaviours in their order, and what was left out."""

    behaviours: tuple[Behaviour, ...]
    dropped: int
    notes: tuple[str, ...]


def settle(drafts: Iterable[Draft], profile: str, start: int) -> Listed:
    """Put drafts in order and under limits: once per process, numbered from 1."""
    once: dict[tuple[str, Kind, str, int | None, str], Draft] = {}
    for one in drafts:
        text = one.detail if one.kind is Kind.CODE_EVAL else ""  # each text that is evaluated counts
        key = (one.phase, one.kind, one.value, one.process, text)
        other = once.get(key)
        if other is None or one.time < other.time:
            once[key] = one
    kept, dropped, notes = _within(sorted(once.values(), key=lambda one: one.time))
    behaviours = tuple(
        Behaviour(
            one.kind,
            one.value,
            InTrace(one.phase, seq, profile),
            process=one.process,
            time=round(max(0, one.time - start) / 1e9, 6),
            by=one.by,
            owner=one.owner,
            detail=one.detail,
        )
        for seq, one in enumerate(kept, 1)
    )
    return Listed(behaviours, dropped, notes)


def _within(drafts: list[Draft]) -> tuple[list[Draft], int, tuple[str, ...]]:
    groups: dict[tuple[str, Kind, bool], list[Draft]] = {}
    for one in drafts:
        groups.setdefault((one.phase, one.kind, one.weight > 0), []).append(one)
    gone: set[int] = set()
    floods: list[Draft] = []
    lost: Counter[tuple[str, Kind]] = Counter()
    for (phase, kind, weighty), group in groups.items():
        limit = MAX_WEIGHTY if weighty else MAX_OF_KIND
        if len(group) <= limit:
            continue
        ranked = sorted(group, key=lambda one: (-one.weight, one.by is not By.PACKAGE, one.time))
        gone.update(id(one) for one in ranked[limit:])
        lost[phase, kind] += len(group) - limit
        mine = [one for one in group if one.by is By.PACKAGE]
        if len(mine) >= FLOOD:
            first = mine[FLOOD - 1]
            floods.append(
                Draft(
                    first.time,
                    Kind.EVASION_TRACER,
                    f"flood {kind}",
                    phase,
                    first.node,
                    detail=f"{len(mine)} times",
                )
            )
    notes = tuple(f"{phase}: {count} more {kind}" for (phase, kind), count in sorted(lost.items()))
    kept = [one for one in drafts if id(one) not in gone] + floods
    kept.sort(key=lambda one: one.time)
    return kept, len(gone), notes
