"""Versions that nobody chooses without a reason."""

from collections.abc import Iterator, Sequence
from datetime import date

from biopsy.ecosystems.facts.subject import YEARS, Subject, published, when
from biopsy.ecosystems.protocol import Published
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.regex import regex

_NUMBERS = regex(r"(?:\d+!)?v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?")
FAR = 10  # as many major versions at once are a jump


def facts(it: Subject, today: date) -> Iterator[Behaviour]:  # noqa: ARG001
    """Yield `pkg.version`."""
    version = it.release.version
    here = numbers(version)
    if here is None:
        return
    if not any(here):
        yield it.say(Kind.PKG_VERSION, f"zero {version}")
    if "!" in version:
        yield it.say(Kind.PKG_VERSION, f"epoch {version}")
    _, earlier = published(it)
    majors = [found[0] for one in earlier if (found := numbers(one.version)) and not dated(found)]
    grown = any(major * 2 >= here[0] for major in majors)  # it came there step by step, as browsers did
    if (absurd(here) or (_nines(here) and _begins(it))) and not grown:
        yield it.say(Kind.PKG_VERSION, f"absurd {version}")
    if (
        majors
        and _far(here, max(majors))
        and not (dated(here) or _by_year(it, here) or _shifted(here, earlier))
    ):
        last = max(earlier, key=lambda one: numbers(one.version) or (0, 0, 0)).version
        yield it.say(Kind.PKG_VERSION, f"jump {last} > {version}")
    yield from _order(it)


def _far(here: tuple[int, int, int], highest: int) -> bool:
    return here[0] - highest >= FAR and here[0] >= 3 * highest


def _by_year(it: Subject, here: tuple[int, int, int]) -> bool:
    """Whether it counts by year and month from now on: 24.8 of the year 2024."""
    moment = when(found) if (found := published(it)[0]) else None
    return moment is not None and abs(moment.year % 100 - here[0]) <= 1 and 1 <= here[1] <= 12


def _shifted(here: tuple[int, int, int], earlier: Sequence[Published]) -> bool:
    """Whether it left out a leading 0: 15.0 after 0.14, as projects do that never came to their 1.0."""
    highest = max(found for one in earlier if (found := numbers(one.version)))
    return highest[0] == 0 and 0 <= here[0] - highest[1] <= 1


def _begins(it: Subject) -> bool:
    """Whether the registry knows of no release before it."""
    here, earlier = published(it)
    return here is not None and not earlier


def _order(it: Subject) -> Iterator[Behaviour]:
    here, earlier = published(it)
    if here is None or when(here) is None:
        return
    key = it.ecosystem.version_key
    early = it.ecosystem.prerelease
    higher = [
        one.version
        for one in earlier
        if when(one) and not early(one.version) and key(one.version) > key(here.version)
    ]
    if higher:
        yield it.say(Kind.PKG_VERSION, f"out-of-order {here.version} after {max(higher, key=key)}")


def numbers(version: str) -> tuple[int, int, int] | None:
    """Give the first three numbers of a version."""
    match = _NUMBERS.match(version[:128])
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else None


def dated(parts: tuple[int, int, int]) -> bool:
    """Whether a version is a date: 2024.1.5, 20240105."""
    return parts[0] in YEARS or any(parts[0] // step in YEARS for step in (100, 10_000, 1_000_000, 10**8))


def absurd(parts: tuple[int, int, int]) -> bool:
    """Whether a version was chosen to be higher than any other: nines, or far beyond all counting."""
    major = parts[0]
    if dated(parts):
        return False
    return (major > 9 and set(str(major)) == {"9"}) or major >= 1000


def _nines(parts: tuple[int, int, int]) -> bool:
    """Whether it is the highest of its length: 9.9.9, 1.999.0. Some come to such a version step by step."""
    return set("".join(map(str, parts))) == {"9"} or any(
        part > 99 and set(str(part)) == {"9"} for part in parts[1:]
    )
