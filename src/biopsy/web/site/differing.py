"""Files that two runs left with different contents, line by line."""

from collections.abc import Iterator
from difflib import unified_diff

from msgspec import Struct

from biopsy.model.behaviour import By
from biopsy.model.dossier import Dossier
from biopsy.model.run import FileChange

MAX_FILES = 40
MAX_LINES = 200  # of the difference of one file
MAX_INPUT = 400  # lines of each side that are compared: what it costs grows with their product
MAX_LINE = 400  # characters
TEMPORARY = "/tmp/"  # noqa: S108 - where a run put things


class Differing(Struct, frozen=True):
    """A file, and how its beginning differs: each line with `+`, `-`, `@` or nothing before it.

    `was` and `now` say what became of it in either run: created, changed, deleted, or not touched.
    """

    path: str
    was: str
    now: str
    lines: tuple[tuple[str, str], ...]
    cut: bool


def differing(before: Dossier, after: Dossier) -> tuple[Differing, ...]:
    """Files that packages themselves changed in one run and not, or otherwise, in the other."""
    then, now = _changed(before), _changed(after)
    found = []
    for key in sorted({*then, *now}):
        one, other = then.get(key), now.get(key)
        if (one and one.sha256, one and one.change) == (other and other.sha256, other and other.change):
            continue
        shown = other or one
        assert shown is not None, "the key is of one of the two"
        lines = tuple(_lines(one.excerpt if one else "", other.excerpt if other else ""))
        found.append(
            Differing(shown.path, _fate(one), _fate(other), lines[:MAX_LINES], len(lines) > MAX_LINES)
        )
        if len(found) == MAX_FILES:
            break
    return tuple(found)


def _changed(held: Dossier) -> dict[str, FileChange]:
    """What the package changed, by path without the user's name: another machine has another home.

    Names of temporary files are drawn anew in every run: they go by their order.
    """
    mine = [one for one in held.changes if one.by is not By.TOOL]
    drawn = [one for one in mine if one.path.startswith(TEMPORARY)]
    found = {f"{TEMPORARY}{number}": one for number, one in enumerate(drawn, 1)}
    return {_key(one.path): one for one in mine if not one.path.startswith(TEMPORARY)} | found


def _key(path: str) -> str:
    parts = path.split("/")
    return "/".join(["~", *parts[3:]]) if len(parts) > 3 and parts[1] == "home" else path


def _fate(one: FileChange | None) -> str:
    return one.change.value if one else "not touched"


def _lines(was: str, now: str) -> Iterator[tuple[str, str]]:
    one, other = ([line[:MAX_LINE] for line in text.splitlines()[:MAX_INPUT]] for text in (was, now))
    for line in list(unified_diff(one, other, lineterm="", n=2))[2:]:
        sign = line[0] if line[0] in "+-@" else ""
        yield sign, line if sign == "@" else line[1:]
