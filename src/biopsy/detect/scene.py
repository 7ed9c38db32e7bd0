"""Scene: a dossier laid out for matching: hundreds of rules look at thousands of behaviours, quickly."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from biopsy.detect.belong import Owners
from biopsy.detect.compare_value import NEVER, identity, level
from biopsy.detect.pattern import Pattern
from biopsy.detect.sieve import Laid, Sieve
from biopsy.detect.sight import Sight, finished
from biopsy.model.behaviour import Behaviour, By, Kind
from biopsy.model.run import Outcome


class Scene:
    """The behaviours of one dossier by kind, its phases, and what its previous release did.

    What the tools do (pip, npm, a compiler) is not in it: no rule judges that. `new` is the part of the scene
    that the previous release does not have; a behaviour of a phase that did not finish then is not new, for
    nobody knows.
    """

    __slots__ = (
        "_earlier", "_everything", "_found", "_new", "_outcomes", "_owners", "_package", "_previous",
        "_shelves", "_sieve", "_sight", "_soonest", "phases",
    )  # fmt: skip

    def __init__(
        self,
        behaviours: Sequence[Behaviour],
        outcomes: Iterable[Outcome] = (),
        previous: "Scene | Callable[[], Scene | None] | None" = None,
        package: str = "",
        everything: Callable[[], Sequence[Behaviour]] | None = None,
    ) -> None:
        """Lay out the behaviours of a package, and how the phases ended.

        `previous` may be given as what makes it, which is asked when it is first looked at. So is
        `everything`, where `behaviours` are not all that was seen.
        """
        self._everything = everything or (lambda: behaviours)
        self._outcomes, self._package = tuple(outcomes), package
        self.phases: dict[str, bool] = {}
        for outcome in self._outcomes:
            self.phases[outcome.phase] = self.phases.get(outcome.phase, True) and finished(outcome)
        self._previous = None if callable(previous) else previous
        self._earlier = previous if callable(previous) else None
        self._new: Scene | None = None
        self._owners: Owners | None = None
        self._sight: Sight | None = None
        self._sieve: Sieve | None = None
        self._soonest: dict[tuple[Kind, str], int] | None = None
        self._shelves: dict[Kind, _Shelf] = {}
        self._found: dict[tuple[Kind, Pattern], list[Behaviour]] = {}
        for behaviour in behaviours:
            if behaviour.by is not By.TOOL:
                shelf = self._shelves.get(behaviour.kind)
                if shelf is None:
                    shelf = self._shelves[behaviour.kind] = _Shelf()
                shelf.add(behaviour)

    def sift(self, sieve: Sieve) -> int:
        """Sort all values by the patterns that they fit; say which conditions may be met, a bit for each.

        From now on `find` knows no other patterns than those of the sieve.
        """
        self._sieve, met = sieve, 0
        for kind, shelf in self._shelves.items():
            met |= shelf.sift(kind, sieve)
        return met

    @property
    def previous(self) -> "Scene | None":
        """The scene of the release before, if there is one to look at."""
        if self._earlier is not None:
            self._previous, self._earlier = self._earlier(), None
            if self._previous is not None and self._sieve is not None:
                self._previous.sift(self._sieve)
        return self._previous

    @property
    def owners(self) -> Owners:
        """Who tells the package's own installed files from others'."""
        if self._owners is None:
            self._owners = Owners(self._package, self._everything())
        return self._owners

    def find(self, kind: Kind, pattern: Pattern) -> list[Behaviour]:
        """Return the behaviours of a kind whose value is what `pattern` asks for."""
        shelf = self._shelves.get(kind)
        if shelf is None:
            return []
        if self._sieve is not None:
            return shelf.found.get(pattern.text) or []
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
            self._new._owners = self.owners  # noqa: SLF001 - its own kind
            if self._sieve is not None:
                self._new.sift(self._sieve)
        return self._new

    def lacks(self, behaviour: Behaviour) -> bool:
        """Whether such a behaviour would have been seen here, and was not, or only where it is asked for."""
        if self._sight is None:
            self._sight = Sight(self._everything(), self._outcomes)
        if not self._sight.would(behaviour):
            return False
        if self._soonest is None:
            self._soonest = {}
            for one in self:
                name = identity(one)
                self._soonest[name] = min(level(one, known=True), self._soonest.get(name, NEVER))
        return level(behaviour) < self._soonest.get(identity(behaviour), NEVER)


class _Shelf:
    """The behaviours of one kind, by their values."""

    __slots__ = ("_laid", "_values", "found", "mask")

    def __init__(self) -> None:
        self._values: dict[str, list[Behaviour]] = {}
        self._laid: Laid | None = None
        self.found: dict[str, list[Behaviour]] = {}
        self.mask = 0

    def add(self, behaviour: Behaviour) -> None:
        held = self._values.get(behaviour.value)
        if held is None:
            self._values[behaviour.value] = [behaviour]
        else:
            held.append(behaviour)

    def __iter__(self) -> Iterator[Behaviour]:
        for behaviours in self._values.values():
            yield from behaviours

    def find(self, pattern: Pattern) -> list[Behaviour]:
        if self._laid is None:
            self._laid = Laid(self._values)
        return [found for value in self._laid.fitting(pattern) for found in self._values[value]]

    def sift(self, kind: Kind, sieve: Sieve) -> int:
        """Put what fits any pattern of the rules under that; say which conditions may be met."""
        fits = sieve.sift(kind, self._values)
        for value, behaviours in self._values.items() if fits else ():
            mask, texts = fits[value]
            self.mask |= mask
            for text in texts:
                self.found.setdefault(text, []).extend(behaviours)
        return self.mask
