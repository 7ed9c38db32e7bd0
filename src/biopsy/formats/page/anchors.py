"""Where on the page each behaviour stands, so that evidence can be clicked."""

from collections.abc import Iterable

from msgspec import Struct

from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis


class Row(Struct, frozen=True):
    """A behaviour of the long list, under its number."""

    number: int
    behaviour: Behaviour
    evidence: bool  # a finding rests on it


class Anchors:
    """Which behaviours the long list shows, and under which number."""

    def __init__(self, analysis: Analysis, limit: int) -> None:
        """Choose: evidence always, then the others in their order until `limit`."""
        every = analysis.dossier.behaviours
        proof = {behaviour for finding in analysis.findings for behaviour in finding.evidence}
        room = max(limit - sum(behaviour in proof for behaviour in every), 0)
        rows = []
        for number, behaviour in enumerate(every, 1):
            if behaviour in proof:
                rows.append(Row(number, behaviour, evidence=True))
            elif room:
                room -= 1
                rows.append(Row(number, behaviour, evidence=False))
        self.rows = tuple(rows[:limit])
        self.total = len(every)
        self._numbers = {row.behaviour: row.number for row in reversed(self.rows)}

    @property
    def left(self) -> int:
        """How many behaviours the list does not show."""
        return self.total - len(self.rows)

    def number(self, behaviour: Behaviour) -> int | None:
        """Its number in the list, where it is shown."""
        return self._numbers.get(behaviour)

    def numbered(self, behaviours: Iterable[Behaviour]) -> tuple[tuple[Behaviour, int | None], ...]:
        """Each with its number."""
        return tuple((behaviour, self.number(behaviour)) for behaviour in behaviours)
