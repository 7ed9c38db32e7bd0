"""Which machines a package is run on: those named, `all` there are, or as many as there is reason for.

`auto`, which holds where none is named, begins with two. Every other one follows where the verdict so far
is `suspicious`, where the package looks around (`around`), and where it is a release of a few days of
something in wide use. Where none of that is so, those follow whose marks the package names: the
variables, paths and commands by which code recognises them (`marks` of a profile), or the system that it
tells from others before it acts (`platforms`).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.dossier import Call, Dossier
from biopsy.sandbox import profile

DEFAULT: Final = ("laptop", "github-actions")
ALL, AUTO = "all", "auto"

POPULAR: Final = 1_000
"""Of how many names in wide use, the most used first, a new release is run on all machines."""

_NAMING: Final = frozenset(
    {Kind.ENV_READ, Kind.FILE_READ, Kind.FILE_WRITE, Kind.FILE_STORE, Kind.PROCESS_EXEC}
)


def _none(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a package beside its behaviours and the verdict so far.

    `systems` are those that its code tells apart, `looks` is whether it looks around, `rank` its place
    among the names in wide use, 0 where it is none; `acts` says of a file whether its code runs things,
    and fetches or decodes some.
    """

    systems: tuple[str, ...] = ()
    looks: bool = False
    rank: int = 0
    acts: Callable[[str], bool] = _none


def grows(asked: Iterable[str]) -> bool:
    """Whether more may follow than `first` names."""
    return AUTO in (asked := tuple(asked)) or not asked


def first(asked: Iterable[str]) -> tuple[str, ...]:
    """Name the profiles to run under before anything is known, each once; UsageError for an unknown one."""
    chosen: list[str] = []
    for name in asked:
        if name == ALL:
            chosen += (*DEFAULT, *profile.names())
        elif name == AUTO:
            chosen += DEFAULT
        elif name in profile.names():
            chosen.append(name)
        else:
            known = ", ".join((*profile.names(), ALL, AUTO))
            raise UsageError(f"no such profile: {name} (there are {known})")
    return tuple(dict.fromkeys(chosen)) or DEFAULT


def further(asked: Iterable[str], so_far: Dossier, call: Call, sight: Sight) -> tuple[str, ...]:
    """Name the profiles to run under as well, now that something is known; none but for `auto`."""
    if not grows(asked := tuple(asked)):
        return ()
    others = tuple(name for name in profile.names() if name not in first(asked))
    awaited = call is not Call.MALICIOUS and 0 < sight.rank <= POPULAR and _fresh(so_far)
    if call is Call.SUSPICIOUS or sight.looks or awaited:
        return others
    named = [one for one in so_far.behaviours if one.kind in _NAMING]
    return tuple(name for name in others if name in sight.systems or _marked(name, named, sight))


def _fresh(so_far: Dossier) -> bool:
    """Whether the release is a few days old, by its registry's clock."""
    return any(one.kind is Kind.PKG_RELEASE and one.value.startswith("fresh ") for one in so_far.behaviours)


def _marked(name: str, named: Iterable[Behaviour], sight: Sight) -> bool:
    """Whether one of the values is a mark of this profile.

    Of a whole system, where libraries know their way as well, marks in code that only runs programs are none.
    """
    chosen = profile.load(name)
    pattern = re.compile("|".join(translate(mark) for mark in chosen.marks) or r"(?!)")
    marks = [one for one in named if pattern.match(one.value)]
    if "system" not in chosen.data["machine"]:
        return bool(marks)
    return any(not isinstance(one.where, InFile) or sight.acts(one.where.path) for one in marks)
