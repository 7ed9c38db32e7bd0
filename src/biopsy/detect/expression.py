"""Expression: the condition of a rule, as a tree that is evaluated over a scene.

An expression either does not hold (`None`) or holds with evidence: the behaviours it stands on. Leaves, `any`
of leaves and `new` of these are *points*: each of their behaviours has a place, so `then` can put them in
order and `same` can ask for them in one spot.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from biopsy.detect.leaf import Leaf
from biopsy.detect.pattern import Pattern
from biopsy.detect.place import in_order, together
from biopsy.detect.scene import Scene
from biopsy.model.behaviour import Behaviour

Evidence = tuple[Behaviour, ...]
Matched = Mapping[str, Evidence]
"""The rules that matched so far, with their evidence: what `rule:` looks at."""


class Expression(Protocol):
    """A condition."""

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:
        """Return what the condition stands on, or None where it does not hold."""

    def parts(self) -> Iterator["Expression"]:
        """Every expression inside, this one first."""

    @property
    def grounded(self) -> bool:
        """Whether it cannot hold without evidence."""


class Seen(Struct, frozen=True):
    """There is such a behaviour."""

    leaf: Leaf

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:  # noqa: ARG002 - one shape for all
        """Hold with every such behaviour."""
        return tuple(self.leaf.find(scene)) or None

    def parts(self) -> Iterator[Expression]:
        """Itself."""
        yield self

    @property
    def grounded(self) -> bool:
        """It is evidence."""
        return True


class All(Struct, frozen=True):
    """Every part holds; with `same` (`file`, `line`, `profile`) all of them in one place."""

    of: tuple[Expression, ...]
    same: str = ""

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:
        """Hold with the evidence of every part."""
        if self.same:
            return together((points(part, scene) for part in self.of), self.same) or None
        evidence: list[Behaviour] = []
        for part in self.of:
            found = part.evaluate(scene, matched)
            if found is None:
                return None
            evidence += found
        return tuple(evidence)

    def parts(self) -> Iterator[Expression]:
        """Itself and what is inside."""
        yield self
        for part in self.of:
            yield from part.parts()

    @property
    def grounded(self) -> bool:
        """One part that needs evidence is enough."""
        return any(part.grounded for part in self.of)


class Any(Struct, frozen=True):
    """At least one part holds."""

    of: tuple[Expression, ...]

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:
        """Hold with the evidence of every part that does."""
        found = [part.evaluate(scene, matched) for part in self.of]
        if all(evidence is None for evidence in found):
            return None
        return tuple(b for evidence in found if evidence for b in evidence)

    def parts(self) -> Iterator[Expression]:
        """Itself and what is inside."""
        yield self
        for part in self.of:
            yield from part.parts()

    @property
    def grounded(self) -> bool:
        """Every part must need evidence."""
        return all(part.grounded for part in self.of)


class Not(Struct, frozen=True):
    """The part does not hold, and every phase that could have shown otherwise was run and finished."""

    of: Expression

    @property
    def grounded(self) -> bool:
        """Nothing is no evidence."""
        return False

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:
        """Hold, without evidence."""
        if self.of.evaluate(scene, matched) is not None:
            return None
        for part in self.of.parts():
            if isinstance(part, Seen) and part.leaf.unseen(scene):
                return None
            if isinstance(part, Ref) and not scene.finished(lambda _: True):
                return None
        return ()

    def parts(self) -> Iterator[Expression]:
        """Itself and what is inside."""
        yield self
        yield from self.of.parts()


class Then(Struct, frozen=True):
    """One after the other: within one profile by position in its run, or within one file by line."""

    of: tuple[Expression, ...]

    @property
    def grounded(self) -> bool:
        """It stands on behaviours."""
        return True

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:  # noqa: ARG002 - one shape for all
        """Hold with the earliest such chain of every profile and file that has one."""
        return in_order(points(part, scene) for part in self.of) or None

    def parts(self) -> Iterator[Expression]:
        """Itself and what is inside."""
        yield self
        for part in self.of:
            yield from part.parts()


class New(Struct, frozen=True):
    """Holds over what the previous release did not do. Without one to compare with, nothing is new."""

    of: Expression

    @property
    def grounded(self) -> bool:
        """It stands on behaviours."""
        return True

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:
        """Hold with the new evidence."""
        return self.of.evaluate(scene.new, matched) or None

    def parts(self) -> Iterator[Expression]:
        """Itself and what is inside."""
        yield self
        yield from self.of.parts()


class First(Struct, frozen=True):
    """Holds over what the previous release did not do, where nothing of the kind held for that at all."""

    of: Expression

    @property
    def grounded(self) -> bool:
        """It stands on behaviours."""
        return True

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:
        """Hold with the new evidence."""
        if scene.previous is None or self.of.evaluate(scene.previous, matched) is not None:
            return None
        return self.of.evaluate(scene.new, matched) or None

    def parts(self) -> Iterator[Expression]:
        """Itself and what is inside."""
        yield self
        yield from self.of.parts()


class Ref(Struct, frozen=True):
    """Another rule matched; a glob (in classes, not in rules) means any of those it fits."""

    rule: str

    @property
    def grounded(self) -> bool:
        """It stands on behaviours."""
        return True

    def evaluate(self, scene: Scene, matched: Matched) -> Evidence | None:  # noqa: ARG002 - one shape for all
        """Hold with the evidence of that rule."""
        if not {"*", "?"} & set(self.rule):
            return matched.get(self.rule)
        wanted = Pattern.of(self.rule)
        return tuple(b for name in matched if wanted.matches(name) for b in matched[name]) or None

    def parts(self) -> Iterator[Expression]:
        """Itself."""
        yield self


def is_point(expression: Expression) -> bool:
    """Whether each behaviour that an expression stands on has a place of its own."""
    match expression:
        case Seen():
            return True
        case Any(of=of):
            return all(is_point(part) for part in of)
        case New(of=of):
            return is_point(of)
        case _:
            return False


def points(expression: Expression, scene: Scene) -> list[Behaviour]:
    """Return the behaviours of a point. The loader lets nothing else stand in `then` or beside `same`."""
    match expression:
        case Seen(leaf=leaf):
            return leaf.find(scene)
        case Any(of=of):
            return list({id(b): b for part in of for b in points(part, scene)}.values())
        case New(of=of):
            return points(of, scene.new)
        case _:
            raise TypeError(f"not a point: {expression!r}")
