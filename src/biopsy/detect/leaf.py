"""Leaf: the smallest condition of a rule, one kind of behaviour with such a value at such a place."""

from collections.abc import Iterable

from msgspec import Struct

from biopsy.detect.pattern import Pattern
from biopsy.detect.scene import Scene
from biopsy.model.behaviour import Behaviour, By, InFile, InTrace, Kind, When

_READ_ONLY = frozenset({"pkg", "archive"})
_READ_ONLY_KINDS = frozenset(
    {Kind.NET_URL, Kind.NET_ADDRESS, Kind.CODE_FLOW, Kind.CODE_OBFUSCATED, Kind.EVASION_HIDDEN}
)
"""What only reading files shows: no unfinished phase can have hidden it."""


class Leaf(Struct, frozen=True):
    """A behaviour of this kind with such a value, at such a place.

    `at` and `when` are about places in files, `phase` is about runs. Naming one world leaves the other out;
    naming both takes either, naming none takes any place. `but` are values left out; `of` asks for
    a path among the installed files of the package itself (`own`) or of another (`other`).
    `vendored` asks for a copy of somebody else's code (and leaves runs out), or leaves such copies out.
    """

    kind: Kind
    patterns: tuple[Pattern, ...]
    at: tuple[Pattern, ...] = ()
    when: frozenset[When] = frozenset()
    phase: tuple[Pattern, ...] = ()
    by: frozenset[By] = frozenset()
    count: int = 1
    but: tuple[Pattern, ...] = ()
    of: str = ""
    vendored: bool | None = None

    def find(self, scene: Scene) -> list[Behaviour]:
        """Return the behaviours, if they have at least `count` different values."""
        if len(self.patterns) == 1:
            found = scene.find(self.kind, self.patterns[0])
        else:
            every = (b for pattern in self.patterns for b in scene.find(self.kind, pattern))
            found = list({id(b): b for b in every}.values())
        if self.at or self.when or self.phase or self.by or self.vendored is not None:
            found = [b for b in found if self._here(b)]
        if self.but:
            found = [b for b in found if not _one(self.but, b.value)]
        if self.of:
            found = [b for b in found if scene.owners.of(b) == self.of]
        return found if self.count <= 1 or len({b.value for b in found}) >= self.count else []

    def fits(self, behaviour: Behaviour) -> bool:
        """Whether one behaviour is such a one; `count` and `of`, which ask for more than it, are left out."""
        if behaviour.kind is not self.kind or not _one(self.patterns, behaviour.value):
            return False
        return self._here(behaviour) and not _one(self.but, behaviour.value)

    def _here(self, behaviour: Behaviour) -> bool:
        if self.by and behaviour.by not in self.by:
            return False
        if self.vendored not in {None, _copied(behaviour)}:
            return False
        match behaviour.where:
            case InFile(path=path, when=when) if self.at or self.when:
                return (not self.when or when in self.when) and (not self.at or _one(self.at, path))
            case InTrace(phase=phase) if self.phase:
                return _one(self.phase, phase)
            case _:
                return not (self.at or self.when or self.phase)

    def unseen(self, scene: Scene) -> bool:
        """Whether a run might have shown it, had every phase finished."""
        if self.kind.family in _READ_ONLY or self.kind in _READ_ONLY_KINDS:
            return False
        if not self.phase and (self.at or self.when or self.vendored):
            return False
        return not scene.finished(lambda phase: not self.phase or _one(self.phase, phase))


def _copied(behaviour: Behaviour) -> bool:
    return isinstance(behaviour.where, InFile) and behaviour.where.vendored


def _one(patterns: Iterable[Pattern], text: str) -> bool:
    return any(pattern.matches(text) for pattern in patterns)
