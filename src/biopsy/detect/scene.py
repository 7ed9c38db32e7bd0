"""Scene: a dossier laid out for matching: hundreds of rules look at thousands of behaviours, quickly."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from biopsy.detect.belong import Owners
from biopsy.detect.compare_value import NEVER, identity, level
from biopsy.detect.pattern import Pattern
from biopsy.detect.sight import Sight, finished
from biopsy.model.behaviour import Behaviour, By, Kind
from biopsy.model.run import Outcome

_RARE = "\x00"  # between values laid end to end; a literal of a pattern never holds it


class Scene:
    """The behaviours of one dossier by kind, its phases, and what its previous release did.

    What the tools do (pip, npm, a compiler) is not in it: no rule judges that. `new` is the part of the scene
    that the previous release does not have; a behaviour of a phase that did not finish then is not new, for
    nobody knows.
    """

    __slots__ = ("_found", "_new", "_shelves", "_sight", "_soonest", "owners", "phases", "previous")

    def __init__(
        self,
        behaviours: Sequence[Behaviour],
        outcomes: Iterable[Outcome] = (),
        previous: "Scene | None" = None,
        package: str = "",
    ) -> None:
        """Lay out the behaviours of a package, and how the phases ended."""
        self.owners = Owners(package, behaviours)
        self.phases: dict[str, bool] = {}
        for outcome in outcomes:
            self.phases[outcome.phase] = self.phases.get(outcome.phase, True) and finished(outcome)
        self.previous = previous
        self._new: Scene | None = None
        self._sight = Sight(behaviours, outcomes)
        self._soonest: dict[tuple[Kind, str], int] | None = None
        self._shelves: dict[Kind, _Shelf] = {}
        self._found: dict[tuple[Kind, Pattern], list[Behaviour]] = {}
        for behaviour in behaviours:
            if behaviour.by is not By.TOOL:
                shelf = self._shelves.get(behaviour.kind)
                if shelf is None:
                    shelf = self._shelves[behaviour.kind] = _Shelf()
                shelf.add(behaviour)

    def find(self, kind: Kind, pattern: Pattern) -> list[Behaviour]:
        """Return the behaviours of a kind whose value is what `pattern` asks for."""
        shelf = self._shelves.get(kind)
        if shelf is None:
            return []
        found = self._found.get((kind, pattern))
        if found is None:
            found = self._found[kind, pattern] = shelf.find(pattern)
        return found

    def finished(self, wanted: Callable[[str], bool]) -> bool:
        """Whether such phases were run at all, and every one of them finished under every profile."""
        known = [done for phase, done in self.phases.items() if wanted(phase)]
        return bool(known) and all(known)

    def __iter__(self) -> Iterator[Behaviour]:
        """Every behaviour, kind by kind."""
        for shelf in self._shelves.values():
            yield from shelf

    @property
    def new(self) -> "Scene":
        """The scene without what the previous release did already; empty where there is none."""
        if self._new is None:
            novel = [b for b in self if self.previous and self.previous.lacks(b)]
            self._new = Scene(novel)
            self._new.owners = self.owners
        return self._new

    def lacks(self, behaviour: Behaviour) -> bool:
        """Whether such a behaviour would have been seen here, and was not, or only where it is asked for."""
        if not self._sight.would(behaviour):
            return False
        if self._soonest is None:
            self._soonest = {}
            for one in self:
                name = identity(one)
                self._soonest[name] = min(level(one, known=True), self._soonest.get(name, NEVER))
        return level(behaviour) < self._soonest.get(identity(behaviour), NEVER)


class _Shelf:
    """The behaviours of one kind, with their distinct values end to end in one text."""

    __slots__ = ("_ends", "_text", "_values")

    def __init__(self) -> None:
        self._values: dict[str, list[Behaviour]] = {}
        self._text: str | None = None

    def add(self, behaviour: Behaviour) -> None:
        self._values.setdefault(behaviour.value, []).append(behaviour)

    def __iter__(self) -> Iterator[Behaviour]:
        for behaviours in self._values.values():
            yield from behaviours

    def find(self, pattern: Pattern) -> list[Behaviour]:
        values = self._candidates(pattern.literal) if pattern.literal else self._values
        return [found for value in values if pattern.matches(value) for found in self._values[value]]

    def _candidates(self, literal: str) -> list[str]:
        """Return the values that hold `literal`, found by one fast search through all of them at once."""
        if self._text is None:
            self._text = _RARE.join(self._values) + _RARE
            self._ends = list(accumulate(len(value) + 1 for value in self._values))
        names = None
        candidates = []
        at = self._text.find(literal)
        while at >= 0:
            names = names or list(self._values)
            number = bisect_right(self._ends, at)
            candidates.append(names[number])
            at = self._text.find(literal, self._ends[number])
        return candidates
