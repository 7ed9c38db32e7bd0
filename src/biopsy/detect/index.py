"""Index: which rules can match a scene at all, by the values in it; the others are not asked.

Of each rule it is worked out once what has to be there: clauses, each of which names conditions of which
one must be met: that some value fits a leaf, that another rule matched, that there is a previous release. A
clause is an integer with a bit for each. What an index finds is what `rule.evaluate`, which asks all, finds.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import product
from math import prod

from biopsy.detect.expression import All, Any, Evidence, Expression, First, New, Not, Ref, Seen, Then
from biopsy.detect.leaf import Leaf
from biopsy.detect.pattern import Pattern
from biopsy.detect.rule import Rule, reach
from biopsy.detect.scene import Scene
from biopsy.detect.sieve import Sieve
from biopsy.model.behaviour import Kind

MAX_CLAUSES = 64
"""Of one condition; where there would be more, fewer are asked, and a rule or two more are evaluated."""

_PREVIOUS = 1
_NEVER = 0

Clauses = frozenset[int]
"""Of each at least one bit must be there."""

Asked = tuple[Kind, tuple[Pattern, ...]]


class Index:
    """Rules in the order in which they are asked: each after those that it looks at."""

    __slots__ = ("_listed", "_sieve", "_steps")

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules that are to be asked."""
        self._listed = tuple(rules)
        known = {rule.id: rule for rule in self._listed}
        order: dict[str, Rule] = {}
        for rule in self._listed:
            for each in (*(known[name] for name in reach(rule.needs, known)), rule):
                order.setdefault(each.id, each)
        bits = _Bits(order.values())
        self._sieve = Sieve(bits.patterns)
        self._steps = tuple(
            _Step(rule, tuple(sorted(_clauses(rule.when, bits), key=int.bit_count)), bits.of[rule.id])
            for rule in order.values()
        )

    def fitting(self, kind: Kind, values: Collection[str]) -> AbstractSet[str]:
        """Those of some values of a kind that any rule asks for, whatever else it asks."""
        known = self._sieve.sift(kind, values)
        return {value for value in values if known[value][0]} if known else frozenset()

    def evaluate(self, scene: Scene) -> Iterator[tuple[Rule, Evidence]]:
        """Yield the rules that match, in their own order, each with its evidence."""
        there = scene.sift(self._sieve)
        looked = False
        matched: dict[str, Evidence] = {}
        for step in self._steps:
            if step.looks_back and not looked and step.possible(there | _PREVIOUS):
                looked = True
                there |= _PREVIOUS if scene.previous is not None else 0
            if step.possible(there):
                found = step.rule.when.evaluate(scene, matched)
                if found is not None:
                    matched[step.rule.id] = found
                    there |= step.bit
        return ((rule, matched[rule.id]) for rule in self._listed if rule.id in matched)


class _Step:
    """A rule, what has to be there for it, and its bit; whether it looks at the release before."""

    __slots__ = ("bit", "clauses", "looks_back", "rule")

    def __init__(self, rule: Rule, clauses: tuple[int, ...], bit: int) -> None:
        """Take what was worked out of a rule."""
        self.rule, self.clauses, self.bit = rule, clauses, bit
        self.looks_back = any(isinstance(part, New | First) for part in rule.when.parts())

    def possible(self, there: int) -> bool:
        """Whether one bit of each clause is there."""
        for clause in self.clauses:  # noqa: SIM110 - asked hundreds of times a dossier: `all` takes twice as long
            if not clause & there:
                return False
        return True


class _Bits:
    """The bit of each leaf, by what it asks of a value, and of each rule; the lowest: a previous release."""

    __slots__ = ("of", "patterns")

    def __init__(self, rules: Collection[Rule]) -> None:
        """Number all leaves of these rules, and the rules."""
        self.of: dict[str | Asked, int] = {}
        self.patterns: dict[Kind, dict[Pattern, int]] = {}
        for rule in rules:
            for part in rule.when.parts():
                if isinstance(part, Seen):
                    self._ask(part.leaf)
        for rule in rules:
            self.of[rule.id] = _PREVIOUS << len(self.of) + 1

    def _ask(self, leaf: Leaf) -> None:
        asked = leaf.kind, leaf.patterns
        if asked not in self.of:
            bit = self.of[asked] = _PREVIOUS << len(self.of) + 1
            patterns = self.patterns.setdefault(leaf.kind, {})
            for pattern in leaf.patterns:
                patterns[pattern] = patterns.get(pattern, 0) | bit


def _clauses(expression: Expression, bits: _Bits) -> Clauses:
    """What has to be there for an expression to hold: one of each of these."""
    match expression:
        case Seen(leaf=leaf):
            return frozenset({bits.of[leaf.kind, leaf.patterns]})
        case All(of=of) | Then(of=of):
            return _least(clause for part in of for clause in _clauses(part, bits))
        case Any(of=of):
            return _either([_clauses(part, bits) for part in of])
        case New(of=inside) | First(of=inside):
            return _clauses(inside, bits) | {_PREVIOUS}
        case Ref(rule=name) if not {"*", "?"} & set(name):
            return frozenset({bits.of.get(name, _NEVER)})
        case Not() | Ref():
            return frozenset()
        case _:
            raise TypeError(f"not an expression: {expression!r}")


def _either(parts: Sequence[Clauses]) -> Clauses:
    """What any of several ways needs: whichever it is, one of each combination of their clauses is there."""
    if prod(map(len, parts)) > MAX_CLAUSES:
        parts = [frozenset({min(part, key=int.bit_count)}) for part in parts]
    return _least(_together(chosen) for chosen in product(*parts))


def _together(clauses: Iterable[int]) -> int:
    whole = 0
    for clause in clauses:
        whole |= clause
    return whole


def _least(clauses: Iterable[int]) -> Clauses:
    """Leave out what another clause asks already."""
    every = set(clauses)
    return frozenset(one for one in every if not any(two != one and two & one == two for two in every))
