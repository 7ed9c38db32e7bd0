"""Rule: data that says what is worth telling, why, and proves it with examples."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from biopsy.detect.expression import Evidence, Expression, Ref, Seen
from biopsy.detect.scene import Scene
from biopsy.model.behaviour import Behaviour, InTrace
from biopsy.model.dossier import Level
from biopsy.model.run import Outcome, Status

NAME = "thing"
"""What the package of every example is called."""


class Example(Struct, frozen=True):
    """A case that a rule must match, or must not, written as behaviours.

    Every phase that the behaviours name has finished, but for those in `unfinished`; so it was in the
    previous release.
    """

    name: str
    match: bool
    behaviours: tuple[Behaviour, ...]
    previous: tuple[Behaviour, ...] | None = None
    unfinished: tuple[str, ...] = ()

    def scene(self, phases: Iterable[str]) -> Scene:
        """Lay the example out, as if these phases had been run too."""
        outcomes = self.outcomes(phases)
        previous = None if self.previous is None else Scene(self.previous, outcomes)
        return Scene(self.behaviours, outcomes, previous, NAME)

    def outcomes(self, phases: Iterable[str] = ()) -> tuple[Outcome, ...]:
        """Say how the phases ended, these and all that the behaviours name."""
        every = (*self.behaviours, *(self.previous or ()))
        named = {b.where.phase for b in every if isinstance(b.where, InTrace)}
        return tuple(
            Outcome("", phase, Status.TIMEOUT if phase in self.unfinished else Status.COMPLETED)
            for phase in sorted(named | {*phases, *self.unfinished})
        )


class Rule(Struct, frozen=True):
    """One rule. `id` is its path below the rules folder, `text` its file as written."""

    id: str
    title: str
    status: str  # draft | stable | retired
    severity: Level
    confidence: Level
    attack: tuple[str, ...]
    category: str
    convicts: bool
    why: str
    when: Expression
    examples: tuple[Example, ...]
    text: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The rules that its condition looks at."""
        return tuple(part.rule for part in self.when.parts() if isinstance(part, Ref))

    @property
    def weighs(self) -> bool:
        """Whether a verdict may rest on it, once it is stable: at least medium in both (`decide`)."""
        return Level.LOW not in {self.severity, self.confidence}

    @property
    def looks_away(self) -> bool:
        """Whether it leaves out what stands in copies of other people's code."""
        return any(isinstance(part, Seen) and part.leaf.vendored is False for part in self.when.parts())


def evaluate(rules: Iterable[Rule], scene: Scene) -> Iterator[tuple[Rule, Evidence]]:
    """Yield the rules that match, in their own order, each with its evidence."""
    listed = list(rules)
    known = {rule.id: rule for rule in listed}
    matched: dict[str, Evidence] = {}
    done: set[str] = set()
    for rule in listed:
        if rule.id in done or not rule.needs:
            chain = [rule]
        else:
            chain = [*(known[name] for name in reach(rule.needs, known)), rule]
        for each in chain:
            if each.id not in done:
                done.add(each.id)
                found = each.when.evaluate(scene, matched)
                if found is not None:
                    matched[each.id] = found
        if rule.id in matched:
            yield rule, matched[rule.id]


def reach(names: Iterable[str], rules: Mapping[str, Rule]) -> list[str]:
    """Return these rules and all that they look at, each after what it looks at itself; a circle is cut."""
    reached: dict[str, None] = {}
    started: set[str] = set()
    waiting = [(name, False) for name in names]
    while waiting:
        name, ready = waiting.pop()
        if ready:
            reached.setdefault(name)
        elif name in rules and name not in started:
            started.add(name)
            waiting.append((name, True))
            waiting += [(need, False) for need in rules[name].needs]
    return list(reached)


def digest(rules: Iterable[Rule]) -> str:
    """Return the name of this very set of rules: 16 hexadecimal digits of a SHA-256 over their files."""
    total = hashlib.sha256()
    for rule in sorted(rules, key=lambda rule: rule.id):
        total.update(f"{rule.id}\0{len(rule.text)}\0{rule.text}\0".encode("utf-8", "surrogatepass"))
    return total.hexdigest()[:16]
