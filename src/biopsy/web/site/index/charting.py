"""Charts of the index: what was seen a day, by anything that is counted."""

import time
from collections.abc import Sequence
from typing import Any

from biopsy.web.site.index.answers import Chart, Line, Wait
from biopsy.web.site.index.words import CALLS, DAY, DIMS, UNJUDGED, day_name, day_number, ecosystem

MAX_DAYS = 3660
TOP = 12
"""Lines of one chart; what is beyond is added up as `others`."""

OTHERS = "others"


class Charting:
    """What can be counted a day at a time."""

    def _ask(self, sql: str, given: Any = ()) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def _number(self, text: str) -> int:
        raise NotImplementedError

    def _text(self, number: int) -> str:
        raise NotImplementedError

    def last_day(self) -> str:
        """The last day on which there is anything; today, where there is nothing."""
        rows = self._ask("SELECT max(created) FROM analyses")
        at = rows[0][0] if rows and rows[0][0] else int(time.time())
        return day_name(at // DAY)

    def days(
        self,
        dim: str,
        days: int = 30,
        *,
        until: str = "",
        ecosystem: str = "",
        call: str = "",
        top: int = TOP,
    ) -> Chart:
        """How many of each value of a dimension on each of the last days; ValueError for no day or dimension.

        For `report` and `source` these are reports by the day of their publication.
        """
        if dim not in DIMS:
            raise ValueError(f"nothing is counted by {dim!r}: {', '.join(DIMS)}")
        last = day_number(until or self.last_day())
        first = last - min(max(days, 1), MAX_DAYS) + 1
        sql, given = _COUNTED, {"dim": int(DIMS[dim]), "first": first, "last": last}
        if ecosystem:
            sql += " AND ecosystem = :eco"
            given["eco"] = self._number(_eco(ecosystem))
        if call:
            sql += " AND call = :call"
            given["call"] = CALLS.index(call) if call in CALLS else -1
        found: dict[int, list[int]] = {}
        for value, day, n in self._ask(f"{sql} GROUP BY value, day", given):
            found.setdefault(value, [0] * (last - first + 1))[day - first] += n
        lines = [Line(self._text(v) or UNJUDGED, tuple(by), sum(by)) for v, by in found.items() if sum(by)]
        lines.sort(key=lambda one: (-one.total, one.value))
        return Chart(dim, tuple(map(day_name, range(first, last + 1))), _topped(lines, top))

    def calls(self, dim: str, value: str, days: int = 30, *, until: str = "", ecosystem: str = "") -> Chart:
        """How many of one value on each of the last days, by verdict; ValueError for no day or dimension."""
        if dim not in DIMS:
            raise ValueError(f"nothing is counted by {dim!r}: {', '.join(DIMS)}")
        last = day_number(until or self.last_day())
        first = last - min(max(days, 1), MAX_DAYS) + 1
        given = {"dim": int(DIMS[dim]), "value": self._number(value), "first": first, "last": last}
        sql = f"{_OF_ONE} AND ecosystem = :eco" if ecosystem else _OF_ONE
        given["eco"] = self._number(_eco(ecosystem)) if ecosystem else 0
        found: dict[int, list[int]] = {}
        for call, day, n in self._ask(f"{sql} GROUP BY call, day", given):
            found.setdefault(call, [0] * (last - first + 1))[day - first] += n
        lines = [Line(CALLS[c] or UNJUDGED, tuple(by), sum(by)) for c, by in found.items() if sum(by)]
        lines.sort(key=lambda one: (-one.total, one.value))
        return Chart(dim, tuple(map(day_name, range(first, last + 1))), tuple(lines))

    def times(self, days: int = 30, *, until: str = "", ecosystem: str = "") -> tuple[Wait, ...]:
        """How long releases waited from publication to their first verdict, on each of the last days."""
        last = day_number(until or self.last_day())
        first = last - min(max(days, 1), MAX_DAYS) + 1
        eco = self._number(_eco(ecosystem)) if ecosystem else 0
        sql = "SELECT day, n, p50, p95 FROM times WHERE day BETWEEN ? AND ? AND ecosystem = ?"
        found = {
            day: Wait(day_name(day), n, p50, p95) for day, n, p50, p95 in self._ask(sql, (first, last, eco))
        }
        return tuple(found.get(day, Wait(day_name(day), 0)) for day in range(first, last + 1))


def _eco(word: str) -> str:
    return ecosystem(word)


def _topped(lines: Sequence[Line], top: int) -> tuple[Line, ...]:
    if len(lines) <= top:
        return tuple(lines)
    rest = lines[top:]
    added = tuple(map(sum, zip(*(line.by_day for line in rest), strict=True)))
    return (*lines[:top], Line(OTHERS, added, sum(added)))


_COUNTED = "SELECT value, day, sum(n) FROM days WHERE dim = :dim AND day BETWEEN :first AND :last"
_OF_ONE = (
    "SELECT call, day, sum(n) FROM days WHERE dim = :dim AND value = :value AND day BETWEEN :first AND :last"
)
