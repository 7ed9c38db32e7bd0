"""What a run reached of a package, in words: how much of what there is, and why not the rest."""

from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.coverage import Reach, coverage
from biopsy.model.dossier import Dossier

SORTS = {
    "modules": ("module imported", "modules imported"),
    "functions": ("function called", "functions called"),
    "commands": ("command started", "commands started"),
    "scripts": ("install script run", "install scripts run"),
    "lines": ("line of code reached", "lines of code reached"),
}
MAX_REASONS = 3


class Line(Struct, frozen=True):
    """One count: `sort` of `SORTS`, and the profiles that it holds for."""

    sort: str
    reach: Reach
    profiles: tuple[str, ...]

    @property
    def amount(self) -> str:
        """`18 of 19 modules imported`."""
        words = SORTS[self.sort][self.reach.of != 1]
        return f"{self.reach.done:,} of {self.reach.of:,} {words}"

    @property
    def why(self) -> str:
        """`missing-module 1`: the commonest reasons first."""
        return ", ".join(f"{code} {count:,}" for code, count in self.reach.why[:MAX_REASONS])


def lines(dossier: Dossier) -> Iterator[Line]:
    """Each sort of thing that there is, the same count once with all its profiles."""
    every = coverage(dossier)
    for sort in SORTS:
        found: dict[Reach, list[str]] = {}
        for one in every:
            reach: Reach = getattr(one, sort)
            if reach.of:
                found.setdefault(reach, []).append(one.profile)
        for reach, profiles in found.items():
            yield Line(sort, reach, tuple(profiles))


def summary(dossier: Dossier) -> str:
    """All counts on one line; profiles are named where they differ."""
    every = tuple(lines(dossier))
    told = []
    for line in every:
        alone = sum(other.sort == line.sort for other in every) == 1
        why = f" ({line.why})" if line.why else ""
        told.append(f"{line.amount}{why}" if alone else f"{', '.join(line.profiles)}: {line.amount}{why}")
    return " · ".join(told)
