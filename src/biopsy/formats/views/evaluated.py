"""Code that was evaluated, as people are shown it: each text below the one that evaluated it."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.behaviour import Behaviour, InFile, InTrace, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Evaluated

MAX_DEPTH = 8
"""Deepest place in a chain that is shown as deeper than the one above it."""

_PLAIN = frozenset({Kind.CODE_EVAL, Kind.CODE_IMPORT, Kind.PKG_MALFORMED})


class Layer(Struct, frozen=True):
    """A text in its chain: how deep, where it was evaluated, and what reading it shows."""

    evaluated: Evaluated
    depth: int
    place: str
    seen: tuple[Behaviour, ...]

    @property
    def first(self) -> str:
        """Its first line with something in it."""
        return next((line.strip() for line in self.evaluated.text.splitlines() if line.strip()), "")


def layers(dossier: Dossier) -> tuple[Layer, ...]:
    """All texts, chains kept together: first those in which there is most to see, then the longest."""
    by_path: defaultdict[str, list[Behaviour]] = defaultdict(list)
    for behaviour in dossier.behaviours:
        if isinstance(behaviour.where, InFile) and behaviour.where.path.startswith("evaluated/"):
            by_path[behaviour.where.path].append(behaviour)
    once: dict[str, Evaluated] = {}
    for one in dossier.evaluated:
        once.setdefault(one.id, one)
    below: defaultdict[str, list[Evaluated]] = defaultdict(list)
    for one in once.values():
        below[one.parent if one.parent in once and one.parent != one.id else ""].append(one)
    done: set[str] = set()
    chains = [tuple(_chain(one, 0, below, by_path, done)) for one in below[""]]
    chains += [tuple(_chain(one, 0, below, by_path, done)) for one in once.values() if one.id not in done]
    chains.sort(key=lambda chain: (-sum(map(_weight, chain)), -len(chain)))
    return tuple(layer for chain in chains for layer in chain)


def _chain(
    one: Evaluated,
    depth: int,
    below: dict[str, list[Evaluated]],
    by_path: dict[str, list[Behaviour]],
    done: set[str],
) -> Iterator[Layer]:
    waiting = [(one, depth)]
    while waiting:
        top, deep = waiting.pop()
        if top.id in done:
            continue
        done.add(top.id)
        place = str(InTrace(top.phase, top.seq, top.profile)) if top.seq else f"{top.profile}/{top.phase}"
        yield Layer(top, min(deep, MAX_DEPTH), place, tuple(by_path.get(top.path, ())))
        waiting += [(inner, deep + 1) for inner in reversed(below.get(top.id, []))]


def _weight(layer: Layer) -> int:
    return sum(behaviour.kind not in _PLAIN for behaviour in layer.seen)
