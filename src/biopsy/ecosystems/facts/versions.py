"""Versions that nobody chooses without a reason."""

from collections.abc import Iterator
from datetime import date

from biopsy.ecosystems.facts.subject import Subject, published, when
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.regex import regex

_NUMBERS = regex(r"(?:\d+!)?v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?")
FAR = 10  # as many major versions at once are a jump
YEARS = range(1990, 2101)


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
    if absurd(here) and not grown:
        yield it.say(Kind.PKG_VERSION, f"absurd {version}")
    if majors and not dated(here) and here[0] - max(majors) >= FAR and here[0] >= 3 * max(majors):
        last = max(earlier, key=lambda one: numbers(one.version) or (0, 0, 0)).version
        yield it.say(Kind.PKG_VERSION, f"jump {last} > {version}")
    yield from _order(it)


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
