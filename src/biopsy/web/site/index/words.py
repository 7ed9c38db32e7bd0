"""The words of the index: verdicts and dimensions as small numbers, ecosystems and names in one spelling."""

from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache

from biopsy.model.behaviour import escape, unescape
from biopsy.model.dossier import Call
from biopsy.reports import naming

DAY = 86_400
MAX_FOLDED = 300
"""Characters of a name by which it is searched."""


class Dim(IntEnum):
    """What things are counted by, a day at a time: `REPORT` and `SOURCE` count reports, others analyses."""

    VERDICT = 1
    ECOSYSTEM = 2
    BOTH = 3  # ecosystem and verdict: `npm malicious`
    CATEGORY = 4
    CLASS = 5
    TECHNIQUE = 6
    TRIGGER = 7
    RULE = 8
    REPORT = 9
    SOURCE = 10


DIMS = {dim.name.lower(): dim for dim in Dim if dim is not Dim.BOTH}
"""Dimensions by the words of addresses: `verdict`, `technique`, …"""

CALLS = ("", *(call.value for call in Call))
"""Verdicts by their numbers; 0: not judged yet."""

NUMBERS = {call: number for number, call in enumerate(CALLS)}

ACCUSED = "accused"
"""In addresses: malicious or suspicious."""

UNJUDGED = "unjudged"
"""In addresses and charts: never judged, as the release is that another was compared with."""


def verdicts(word: str) -> tuple[int, ...]:
    """The numbers of a verdict as addresses say it; none for what is no verdict."""
    if word == ACCUSED:
        return (NUMBERS[Call.MALICIOUS.value], NUMBERS[Call.SUSPICIOUS.value])
    number = NUMBERS.get("" if word == UNJUDGED else word, -1)
    return (number,) if number >= 0 and word else ()


@lru_cache(maxsize=4096)
def ecosystem(word: str) -> str:
    """An ecosystem as biopsy spells it (`pypi`, `gem`), from OSV's spelling or from its own."""
    if not word:
        return "git"
    rules = naming.RULES.get(naming.base(naming.known(word) or word))
    if rules is None:
        return word.partition(":")[0].lower()
    return rules.ecosystem.lower() if rules.purl in {"", "deb", "generic"} else rules.purl


@lru_cache(maxsize=4096)
def osv(word: str) -> str:
    """An ecosystem as OSV spells it; as it was, where OSV has none such."""
    return naming.known(word) or word


@lru_cache(maxsize=1 << 16)
def spelled(word: str, name: str) -> str:
    """A name (escaped) under which all spellings are one package, escaped."""
    known = naming.known(word)
    return escape(naming.published(known, unescape(name))) if known else name


def folded(name: str) -> str:
    """A name as it is searched."""
    return name.casefold()[:MAX_FOLDED]


def seconds(moment: str) -> int:
    """Seconds since 1970 of an RFC 3339 time; 0 where it is none."""
    try:
        found = datetime.fromisoformat(moment)
        return max(int(found.replace(tzinfo=found.tzinfo or UTC).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0


def moment(at: int) -> str:
    """The same, back."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def day_number(day: str) -> int:
    """Days since 1970 of a date; ValueError where it is none."""
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).toordinal() - _EPOCH


def day_name(number: int) -> str:
    """The same, back."""
    return datetime.fromordinal(number + _EPOCH).strftime("%Y-%m-%d")


def backwards(host: str) -> str:
    """A host from its end, so that what is below a domain stands together: `com.example.api.`."""
    return ".".join(reversed(host.split("."))) + "."


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
