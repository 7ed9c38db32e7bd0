"""Attack: what a release did, in the words of MITRE ATT&CK (Enterprise)."""

from collections.abc import Mapping

from msgspec import Struct, field

from biopsy.model.behaviour import Behaviour, Kind

TACTICS = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)
"""The tactics of the matrix, in its order."""


class Technique(Struct, frozen=True):
    """A technique: its id (`T1234`, `T1234.001`), what it is called, and which tactics it serves."""

    id: str
    name: str
    tactics: tuple[str, ...]


class Attack(Struct, frozen=True):
    """The techniques of one analysis, by id, and which of them each fact (kind and value) can serve.

    That a behaviour can serve a technique is no judgement: most of what serves them is harmless.
    """

    techniques: tuple[Technique, ...] = ()
    facts: Mapping[tuple[Kind, str], tuple[str, ...]] = field(default_factory=dict)

    def of(self, behaviour: Behaviour) -> tuple[str, ...]:
        """Return the ids of the techniques that a behaviour can serve."""
        return self.facts.get((behaviour.kind, behaviour.value), ())
