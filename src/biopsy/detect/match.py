"""Match: rules over a dossier. Pure: the same rules over the same dossier find the same, whenever that is."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from biopsy.detect.expression import Seen
from biopsy.detect.index import Index
from biopsy.detect.rule import Example, Rule, evaluate, reach
from biopsy.detect.scene import Scene
from biopsy.detect.swapped import swapped
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Dossier, Finding

MAX_EVIDENCE = 50
"""Most behaviours that a finding carries; the rest is counted."""


class _Last:
    """The rules that were asked last, and their index: hardly ever are they others."""

    rules: Iterable[Rule] = ()
    index = Index(())


def indexed(rules: Iterable[Rule]) -> Index:
    """Return the index of the rules that judge: all but the retired ones. That of one tuple is made once."""
    if rules is not _Last.rules or not isinstance(rules, tuple):
        made = Index(rule for rule in rules if rule.status != "retired")
        if not isinstance(rules, tuple):
            return made
        _Last.rules, _Last.index = rules, made
    return _Last.index


def match(
    rules: Iterable[Rule],
    dossier: Dossier,
    previous: Dossier | Callable[[], Dossier | None] | None = None,
    everything: Callable[[], Sequence[Behaviour]] | None = None,
) -> tuple[Finding, ...]:
    """Return what the rules find in a dossier, in the order of the rules. Retired ones find nothing.

    `previous` is the dossier of the release before, for what is `new`; or what gives it, which is asked only
    if a rule could match for it. `everything` gives all behaviours, where the dossier was read without those
    that no rule asks for (`Index.fitting`).
    """

    def before() -> Scene | None:
        earlier = previous() if callable(previous) else previous
        return None if earlier is None else Scene(earlier.behaviours, earlier.outcomes)

    seen = (*dossier.behaviours, *swapped(dossier))
    scene = Scene(seen, dossier.outcomes, before, dossier.release.name, everything)
    return tuple(_finding(rule, evidence) for rule, evidence in indexed(rules).evaluate(scene))


def _finding(rule: Rule, found: Iterable[Behaviour]) -> Finding:
    evidence = tuple(dict.fromkeys(found))
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        confidence=rule.confidence,
        status=rule.status,
        attack=rule.attack,
        why=rule.why,
        category=rule.category,
        evidence=evidence[:MAX_EVIDENCE],
        convicts=rule.convicts,
        more=max(len(evidence) - MAX_EVIDENCE, 0),
    )


class Tried(Struct, frozen=True):
    """What became of an example: whether its rule matched, and the behaviours it would have shown."""

    rule: Rule
    example: Example
    matched: bool

    @property
    def passed(self) -> bool:
        """Whether the rule did what the example says."""
        return self.matched is self.example.match


def check(rules: Iterable[Rule]) -> list[Tried]:
    """Try every example of every rule."""
    known = {rule.id: rule for rule in rules}
    return [_try(rule, example, known) for rule in known.values() for example in rule.examples]


def _try(rule: Rule, example: Example, known: Mapping[str, Rule]) -> Tried:
    cast = [*(known[name] for name in reach(rule.needs, known)), rule]
    leaves = (part.leaf for each in cast for part in each.when.parts() if isinstance(part, Seen))
    phases = {p.text for leaf in leaves for p in leaf.phase if not {"*", "?", "/"} & set(p.text)}
    return Tried(rule, example, any(found is rule for found, _ in evaluate(cast, example.scene(phases))))
