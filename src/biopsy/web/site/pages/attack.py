"""ATT&CK: the matrix of what has been seen."""

from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Struct

from biopsy.detect import attack as table
from biopsy.model.attack import TACTICS
from biopsy.web.site.asking import Day, Span, Text, sane
from biopsy.web.site.index.reading import Index
from biopsy.web.site.paging import page
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked


class Cell(Struct, frozen=True):
    """A technique, in how many analyses it was seen, and what rules look for it."""

    id: str
    name: str
    seen: int
    rules: tuple[str, ...]


class Column(Struct, frozen=True):
    """A tactic and its techniques, those seen most first; `seen` adds them up."""

    tactic: str
    seen: int
    cells: tuple[Cell, ...]


class AttackPage(Struct, frozen=True):
    """Techniques of the findings that verdicts rest on, by the tactics that they serve."""

    columns: tuple[Column, ...]
    techniques: int
    most: int
    since: str
    until: str
    asked: dict[str, str]


@page("/attack", "attack.j2", AttackPage)
async def attack(
    request: Asked, site: GivenSite, *, days: Span = 90, until: Day = "", ecosystem: Text = "",
    verdict: Annotated[str, QueryParameter(pattern="^(|malicious|suspicious)$")] = "",
) -> AttackPage:  # fmt: skip
    """The matrix of what has been seen, by tactic and technique."""
    looked = _looked(site)

    def ask(index: Index) -> AttackPage:
        chart = index.days("technique", days, until=until, ecosystem=ecosystem, call=verdict, top=10_000)
        seen = {line.value: line.total for line in chart.lines}
        columns = tuple(_column(tactic, seen, looked) for tactic in TACTICS)
        asked = {"days": str(days), "until": until, "ecosystem": ecosystem, "verdict": verdict}
        return AttackPage(
            tuple(column for column in columns if column.cells), len(seen), max(seen.values(), default=0),
            chart.days[0], chart.days[-1], asked,
        )  # fmt: skip

    try:
        return await site.ask(ask)
    except ValueError as error:
        raise sane(error) from error


def _looked(site: GivenSite) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for rule in site.rules():
        for name in rule.attack:
            found.setdefault(name, []).append(rule.id)
    return {name: tuple(rules) for name, rules in found.items()}


def _column(tactic: str, seen: dict[str, int], looked: dict[str, tuple[str, ...]]) -> Column:
    cells = [
        Cell(one.id, one.name, seen.get(one.id, 0), looked.get(one.id, ()))
        for one in table.known().techniques.values()
        if tactic in one.tactics and (one.id in seen or one.id in looked)
    ]
    cells.sort(key=lambda one: (-one.seen, one.id))
    return Column(tactic, sum(one.seen for one in cells), tuple(cells))


HANDLERS = [attack]
