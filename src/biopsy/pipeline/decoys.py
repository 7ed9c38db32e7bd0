"""Decoys: what code deletes below the home of its user is put there first, so that its going is seen.

A package that wipes a folder which no machine of ours has does nothing that a trace shows. Where reading
names such a place, every machine of the run has it, with files in it such as people keep.
"""

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from biopsy.model.behaviour import Behaviour, InFile, Kind, When

MAX_PLACES: Final = 12
"""Most places that get decoys."""

MAX_LENGTH: Final = 200
"""Longest of them, in characters."""

KEPT: Final = ("plan-2025.docx", "figures.xlsx", "notes.md", "scan-0412.jpg")
"""What lies in a folder of decoys."""

_PLACE = re.compile(r"~(?:/[\w@+ -][\w@+. -]*){1,8}/?(?:\*\*?)?")
_FILE = re.compile(r"\.\w{1,5}\Z")
_PASSING = re.compile(
    r"/(?:node_modules|site-packages|__pycache__|te?mp|cache|logs?|build|dist|venv)(?:/|\Z)", re.IGNORECASE
)
_ASIDE: Final = frozenset({When.TEST, When.DOCS})


def wanted(behaviours: Iterable[Behaviour]) -> tuple[str, ...]:
    """Give the files, each as `~/…`, to lie where this code deletes."""
    places: dict[str, None] = {}
    for one in behaviours:
        where, place = one.where, one.value
        if one.kind is not Kind.FILE_DELETE or not isinstance(where, InFile) or where.when in _ASIDE:
            continue
        if len(place) <= MAX_LENGTH and _PLACE.fullmatch(place) and not _PASSING.search(place):
            places[place.rstrip("*/")] = None
    chosen = [place for place in places if place != "~"][:MAX_PLACES]
    return tuple(path for place in chosen for path in _files(place))


def _files(place: str) -> tuple[str, ...]:
    if _FILE.search(place):
        return (place,)
    return tuple(posixpath.join(place, name) for name in KEPT)
