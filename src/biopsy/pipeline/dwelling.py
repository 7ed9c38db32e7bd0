"""Where and when code wants its user to live: a time zone, a language, a month of the year, all at once.

The author's own words say which. A machine that is in that zone, speaks that language and is gone on to that
month shows what is done there; with one of them it would not.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from msgspec import Struct

from biopsy.pipeline.harm import harmful

MAX_CITIES: Final = 20
"""From so many zones on a text has a table of them, and no condition."""

MAX_LOOKED: Final = 200
"""Most places of a text that are looked at."""

_ZONE = re.compile(r"\btimeZone\b|/etc/(?:localtime|timezone)|['\".]TZ\b|\btzname\b|\btzlocal\b|\bzoneinfo\b")
_PLACE = re.compile(
    r"\b(Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)\\?/(?:\((?:\?:)?)?([A-Z][A-Za-z_]+)"
)
_CITY = re.compile(r"(?<=['\"`/(|^])([A-Z][a-z]+(?:_[A-Z][a-z]+){0,2})(?=['\"`/)|$])")
_LANGUAGE = re.compile(
    r"\bLC_(?:ALL|MESSAGES|CTYPE)\b|['\".]LANG(?:UAGE)?\b|\.locale\b|\.languages?\b|getlocale\(|getdefaultlocale\("
)
_TONGUE = re.compile(
    r"(?:[=!]==?\s*|(?:startsWith|startswith|includes)\(\s*\(?\s*|\bin\s*|[\[{,|(]\s*)(?<!require\()"
    r"['\"]([a-z]{2})(?:[-_]([A-Z]{2}))?['\"]|/\^?(?:\((?:\?:)?)?([a-z]{2})(?:[-_]([A-Z]{2}))?[|)\\/_-]"
)
_ASKED_MONTH = r"(?:\.getMonth\(\)|\.getUTCMonth\(\)|\.month\b|\.tm_mon\b)"
_MONTH = re.compile(
    rf"{_ASKED_MONTH}\s*\)?\s*(?:===?|(?:not\s+)?in)\s*[\[({{]?\s*(\d{{1,2}})"
    rf"|[\[({{]\s*(\d{{1,2}})[\d\s,]*[\])}}]\.(?:includes|indexOf|has)\([\w.() ]{{0,40}}?{_ASKED_MONTH}"
)
_KEPT = re.compile(rf"\b([A-Za-z_$][\w$]*)\s*=\s*[\w.() ]{{0,60}}?{_ASKED_MONTH}")
_FROM_ZERO: Final = re.compile(r"\bget(?:UTC)?Month\(\)")


class Dwelling(Struct, frozen=True):
    """Variables that say where a user lives, and the month in which code acts, 0 where it names none."""

    env: tuple[tuple[str, str], ...] = ()
    month: int = 0

    def ahead(self, today: datetime) -> float:
        """Seconds until noon in the middle of the month, none where it is that month, or none is named."""
        if not self.month or today.month == self.month:
            return 0.0
        year = today.year + (self.month < today.month)
        day = datetime(year, self.month, 15, 12, tzinfo=today.tzinfo)
        return max(0.0, (day - today) / timedelta(seconds=1))


def read(texts: Iterable[str]) -> Dwelling:
    """Say where, of these texts of code, the first that asks and could do harm wants its user to live."""
    for text in texts:
        zone = _zone(text) if _ZONE.search(text) else ""
        language = _language(text) if _LANGUAGE.search(text) else ()
        if (zone or language) and harmful(text):
            env = (("TZ", zone),) if zone else ()
            return Dwelling((*env, *language), _month(text))
    return Dwelling()


def _zone(text: str) -> str:
    named = list(dict.fromkeys(f"{area}/{city}" for area, city in _PLACE.findall(text)))
    if not named:
        cities = dict.fromkeys(match[1] for match in _CITY.finditer(text))
        known = _zones() if cities else {}
        named = [known[city] for city in cities if city in known]
    return named[0] if 0 < len(named) < MAX_CITIES else ""


@cache
def _zones() -> dict[str, str]:
    from zoneinfo import available_timezones  # noqa: PLC0415 - reads a folder

    return {zone.rpartition("/")[2]: zone for zone in sorted(available_timezones()) if "/" in zone}


def _language(text: str) -> tuple[tuple[str, str], ...]:
    asked = [match.start() for match in _LANGUAGE.finditer(text)][:MAX_LOOKED]
    found: list[tuple[int, str, str]] = []
    for number, match in enumerate(_TONGUE.finditer(text)):
        if number >= MAX_LOOKED:
            break
        language, country = match[1] or match[3], match[2] or match[4]
        distance = min(abs(match.start() - place) for place in asked)
        found.append((distance, language, country or language.upper()))
    if not found:
        return ()
    _, language, country = min(found)
    spoken = f"{language}_{country}.UTF-8"
    return (
        *((name, spoken) for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE")),
        ("LANGUAGE", language),
    )


def _month(text: str) -> int:
    for number in _months(text):
        month = int(number) + bool(_FROM_ZERO.search(text))
        if 1 <= month <= 12:
            return month
    return 0


def _months(text: str) -> Iterator[str]:
    for match in _MONTH.finditer(text):
        yield match[1] or match[2]
    for name in dict.fromkeys(_KEPT.findall(text)[:MAX_LOOKED]):
        kept = rf"(?<![\w$.]){re.escape(name)}(?![\w$])"
        after = re.compile(rf"{kept}\s*(?:===?|(?:not\s+)?in)\s*[\[({{]?\s*(\d{{1,2}})")
        before = re.compile(rf"[\[({{]\s*(\d{{1,2}})[\d\s,]*[\])}}]\.(?:includes|indexOf|has)\(\s*{kept}")
        yield from (match[1] for pattern in (after, before) for match in pattern.finditer(text))
