"""Which days to come a text of code names: as dates, as seconds, or by what it asks of a calendar.

A condition on year, month, day, weekday and hour is no date; the first day to come on which all holds that a
text compares them with is one.
"""

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from biopsy.pipeline.languages import also

MAX_LOOKED: Final = 60
"""Most comparisons of a text that are looked at."""

NEAR: Final = timedelta(hours=36)
FAR: Final = timedelta(days=8 * 365)
"""How far ahead a day may be: certificates of the simulated internet last for nine years."""

_ISO = re.compile(r"(?<!\d)(20[2-4]\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)")
_MADE = re.compile(
    rf"\b(Date|UTC|datetime|date{also('dates')})"
    r"\(\s*(20[2-4]\d),\s*(\d{1,2}),\s*(\d{1,2})\b"
)
_EPOCH = re.compile(r"(?<![\w.])([12](?:_?\d){9})((?:_?\d){3})?n?(?:\.\d+)?(?![\w.])")
_POWER = re.compile(r"(?<![\w.])(\d{1,10}(?:\.\d{1,9})?)[eE]\+?(\d{1,2})(?![\w.])")
_ORDINAL = re.compile(r"(?<![\w.])(7[34]\d{4})(?![\w.])")
_PAIR = re.compile(r"(?<![\w)])[\[(]\s*(20[2-4]\d)\s*,\s*(\d{1,2})(?:\s*,\s*(\d{1,2}))?\s*[\])]")

_ASKED: Final = {
    "year": r"\.get(?:UTC)?FullYear\(\)|\.year\b|\.tm_year\b",
    "month": r"\.get(?:UTC)?Month\(\)|\.month\b|\.tm_mon\b",
    "day": r"\.get(?:UTC)?Date\(\)|\.day\b|\.tm_mday\b",
    "weekday": r"\.get(?:UTC)?Day\(\)|\.(?:iso)?weekday\(\)|\.tm_wday\b",
    "hour": r"\.get(?:UTC)?Hours\(\)|\.hour\b|\.tm_hour\b",
}
_COMPARED = r"\s*\)?\s*(?:(===?|>=?|<=?)\s*(\d{1,4})\b|in\s+range\(\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\))"
_PLACES: Final = tuple(
    (
        field,
        re.compile(f"({asked}){_COMPARED}"),
        re.compile(rf"\b([A-Za-z_$][\w$]*)\s*=\s*[^=;\n]{{0,80}}?({asked})"),
    )
    for field, asked in _ASKED.items()
)
_OPERATORS: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": operator.eq, "===": operator.eq, ">": operator.gt, ">=": operator.ge,
    "<": operator.lt, "<=": operator.le,
}  # fmt: skip

Condition = tuple[str, str, int]
"""A part of a date, how it is compared, and with what; months from 1, weekdays from Monday, 0."""


def named(text: str, today: datetime) -> Iterator[datetime]:
    """Give every moment to come that a text names, at noon of its day or the hour that it asks for.

    None is too near, and none too far.
    """
    hour = next(iter(_hours(today, list(_conditions(text)))), 12)
    found: list[tuple[int, int, int]] = [(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    for maker, year, month, day in _MADE.findall(text):
        found.append((int(year), int(month) + (maker in {"Date", "UTC"}), int(day)))
    found += [(int(y), int(m), int(d or 1) + 1) for y, m, d in _PAIR.findall(text)]
    for seconds in _seconds(text):
        moment = datetime.fromtimestamp(seconds, UTC)
        found.append((moment.year, moment.month, moment.day))
    if "ordinal" in text:
        for one in _ORDINAL.findall(text):
            day = datetime.fromordinal(int(one) + 1)
            found.append((day.year, day.month, day.day))
    for parts in found:
        try:
            moment = datetime(*parts, hour, tzinfo=UTC)
        except ValueError:
            continue
        if today + NEAR < moment < today + FAR:
            yield moment


def _seconds(text: str) -> Iterator[int]:
    for seconds, _ in _EPOCH.findall(text):
        yield int(seconds.replace("_", ""))
    for digits, power in _POWER.findall(text):
        value = float(digits) * 10 ** min(int(power), 15)
        for unit in (1, 1000):
            if 1e9 <= value / unit < 3e9:
                yield int(value / unit)


def asked(text: str, today: datetime) -> datetime | None:
    """The first moment to come at which all holds that a text asks of a calendar.

    None where that is now, or never.
    """
    conditions = list(_conditions(text))
    if not conditions or all(_holds(today, one) for one in conditions):
        return None
    start, hours = today.replace(hour=12, minute=0), _hours(today, conditions)
    days = [one for one in conditions if one[0] != "hour"]
    for ahead in range(FAR.days if hours else 0):
        day = start.replace(hour=hours[0]) + timedelta(days=ahead)
        if day > today and all(_holds(day, one) for one in days):
            return day
    return None


def _hours(today: datetime, conditions: list[Condition]) -> list[int]:
    """The hours of a day at which all holds that is asked of one; noon first."""
    asked_so = [one for one in conditions if one[0] == "hour"]
    return [
        hour for hour in (12, *range(24)) if all(_holds(today.replace(hour=hour), one) for one in asked_so)
    ]


def _holds(moment: datetime, condition: Condition) -> bool:
    field, how, number = condition
    value = moment.weekday() if field == "weekday" else getattr(moment, field)
    return _OPERATORS[how](value, number)


def _conditions(text: str) -> Iterator[Condition]:
    for field, plain, kept in _PLACES:
        looked = [match.groups() for match in plain.finditer(text)]
        for name, asked_so in dict(kept.findall(text)[:MAX_LOOKED]).items():
            after = re.compile(rf"(?<![\w$.]){re.escape(name)}{_COMPARED}")
            looked += [(asked_so, *match.groups()) for match in after.finditer(text)]
        for asked_so, how, digits, low, high in looked[:MAX_LOOKED]:
            if how:
                yield field, how, _from(field, asked_so, int(digits))
            else:
                yield field, ">=", _from(field, asked_so, int(low))
                yield field, "<", _from(field, asked_so, int(high))


def _from(field: str, asked_so: str, number: int) -> int:
    """A number as Python counts it: JavaScript's months begin with 0, its weeks, as ISO's, elsewhere."""
    if field == "month":
        return number + ("Month" in asked_so)
    if field == "weekday":
        return (number - 1) % 7 if "Day" in asked_so or "iso" in asked_so else number
    return number
