"""The order of versions, ecosystem by ecosystem, by the library that knows it best.

PyPI has `packaging` (PEP 440); what orders by SemVer has `node-semver`; RubyGems, Maven, NuGet, Packagist,
Debian, Alpine and Go's pseudo-versions have `univers`. Where an ecosystem has no order, or a version none,
versions are only equal or not.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from biopsy.reports import naming

KEPT = 16_384  # keys that are kept: the same few versions are asked for again and again
MAX_VERSION = 256  # characters of a version that is ordered; longer ones are compared as they stand

Order = Callable[[str], Any]
"""Makes a key that compares as versions do; raises ValueError for what is no version there."""


def _pep440(version: str) -> Any:
    from packaging.version import Version  # noqa: PLC0415 - each is only loaded where it is asked for

    return Version(version)


def _semver(version: str) -> Any:
    """A key that orders as SemVer 2.0.0, section 11, does: numbers, then what stands before a release."""
    found = _STRICT.fullmatch(version)
    if found:
        major, minor, patch, before = found.groups()
        return int(major), int(minor), int(patch), (), _before(before.split(".") if before else ())
    from nodesemver import make_semver  # noqa: PLC0415

    make: Callable[..., Any] = make_semver
    made = make(version.strip().removeprefix("=").removeprefix("v"), loose=True)
    return made.major, made.minor, made.patch, tuple(made.micro_versions), _before(made.prerelease)


def _before(parts: Sequence[str | int]) -> tuple[tuple[int, int | str], ...]:
    """What stands before a release; a release itself comes after all of it."""
    if not parts:
        return _RELEASE
    return tuple((0, int(p)) if isinstance(p, int) or p.isdecimal() else (1, p) for p in parts)


_STRICT = re.compile(
    r"(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})"
    r"(?:-((?:[0-9]{1,15}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:[0-9]{1,15}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z.-]+)?"
)
_RELEASE = ((2, 0),)


def _univers(name: str) -> Order:
    @cache
    def kind() -> Any:
        from univers import versions  # noqa: PLC0415

        return getattr(versions, name)

    def parse(version: str) -> Any:
        try:
            return kind()(version)
        except ValueError:
            raise
        except Exception as error:  # univers lets what it stumbles over through
            raise ValueError(version) from error

    return parse


_ORDERS: dict[str, Order] = {
    "PyPI": _pep440,
    "npm": _semver,
    "crates.io": _semver,
    "Hex": _semver,
    "VSCode": _semver,
    "Go": _univers("GolangVersion"),
    "RubyGems": _univers("RubygemsVersion"),
    "Maven": _univers("MavenVersion"),
    "NuGet": _univers("NugetVersion"),
    "Packagist": _univers("ComposerVersion"),
    "Debian": _univers("DebianVersion"),
    "Ubuntu": _univers("DebianVersion"),
    "Alpine": _univers("AlpineLinuxVersion"),
}
SEMVER: Order = _semver


def order(ecosystem: str, kind: str = "ECOSYSTEM") -> Order | None:
    """How versions are ordered in ranges of a kind; None where there is no order."""
    if kind == "SEMVER" and ecosystem not in _ORDERS:
        return SEMVER
    return _ORDERS.get(naming.base(ecosystem))


def parsed(how: Order | None, version: str) -> Any | None:
    """The key of a version; None where it has none."""
    if how is None or len(version) > MAX_VERSION:
        return None
    return _key(how, version)


@lru_cache(maxsize=KEPT)
def _key(how: Order, version: str) -> Any | None:
    try:
        return how(version)
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
