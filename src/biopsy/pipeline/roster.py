"""Which machines a package is run on: those named, `all` there are, or as many as there is reason for.

`auto` begins with the two of the default. Every other one follows where the verdict so far is `suspicious` or
the package looks for signs of a sandbox; where neither is so, those follow whose marks the package names:
the variables, paths and commands by which code recognises them (`marks` of a profile), or the system that it
tells from others in code that could do harm (`platforms`).
"""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Final

from biopsy.errors import UsageError
from biopsy.model.behaviour import Kind
from biopsy.model.dossier import Call, Dossier
from biopsy.sandbox import profile

DEFAULT: Final = ("laptop", "github-actions")
ALL, AUTO = "all", "auto"

_NAMING: Final = frozenset(
    {Kind.ENV_READ, Kind.FILE_READ, Kind.FILE_WRITE, Kind.FILE_STORE, Kind.PROCESS_EXEC}
)


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


def further(
    asked: Iterable[str], so_far: Dossier, call: Call, systems: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Name the profiles to run under as well, now that something is known; none without `auto`.

    `systems` are those that the code tells apart (`platforms`).
    """
    if AUTO not in (asked := tuple(asked)):
        return ()
    others = [name for name in profile.names() if name not in first(asked)]
    seen = so_far.behaviours
    if call is Call.SUSPICIOUS or any(one.kind is Kind.EVASION_FINGERPRINT for one in seen):
        return tuple(others)
    named = {one.value for one in seen if one.kind in _NAMING}
    return tuple(name for name in others if name in systems or _marked(name, named))


def _marked(name: str, named: Iterable[str]) -> bool:
    """Whether one of the values is a mark of this profile."""
    marks = profile.load(name).marks
    pattern = re.compile("|".join(translate(mark) for mark in marks) or r"(?!)")
    return any(pattern.match(value) for value in named)
