"""Place: behaviours put in order, or asked for in one spot: the run of a profile, a file, a line of one."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

from biopsy.model.behaviour import Behaviour, InFile, InTrace

Spot = tuple[str, str]
"""`profile`, `file` or `line`, and which."""

Placed = dict[Spot, list[tuple[int, Behaviour]]]
"""Behaviours by spot, each with its position there."""


def in_order(parts: Iterable[Iterable[Behaviour]]) -> tuple[Behaviour, ...]:
    """Return, for every spot that has one, the earliest chain of one behaviour of each part."""
    places = _places(parts, _ordered)
    return tuple(b for spot in _common(places) for b in _chain(spot, [placed[spot] for placed in places]))


def together(parts: Iterable[Iterable[Behaviour]], same: str) -> tuple[Behaviour, ...]:
    """Return what stands in every spot of this sort (`file`, `line`, `profile`) where each part has some."""
    places = _places(parts, IN_ONE_PLACE[same])
    return tuple(b for spot in _common(places) for placed in places for _, b in placed[spot])


def _in_profile(behaviour: Behaviour) -> tuple[Spot, int] | None:
    where = behaviour.where
    return (("profile", where.profile), where.seq) if isinstance(where, InTrace) else None


def _in_file(behaviour: Behaviour) -> tuple[Spot, int] | None:
    where = behaviour.where
    return (("file", where.path), where.line) if isinstance(where, InFile) else None


def _on_line(behaviour: Behaviour) -> tuple[Spot, int] | None:
    where = behaviour.where
    if not isinstance(where, InFile) or not where.line:
        return None
    return ("line", f"{where.path}:{where.line}"), where.line


def _ordered(behaviour: Behaviour) -> tuple[Spot, int] | None:
    found = _in_profile(behaviour) or _in_file(behaviour)
    whole = found is not None and found[0][0] == "file" and found[1] == 0
    return None if whole else found  # what is said of a file as a whole comes neither first nor last


IN_ONE_PLACE = {"profile": _in_profile, "file": _in_file, "line": _on_line}


def _places(
    parts: Iterable[Iterable[Behaviour]], place: Callable[[Behaviour], tuple[Spot, int] | None]
) -> list[Placed]:
    """Sort the behaviours of each part into their spots; one under no profile is under each."""
    every: list[Placed] = []
    for part in parts:
        placed: Placed = {}
        for behaviour in part:
            if found := place(behaviour):
                placed.setdefault(found[0], []).append((found[1], behaviour))
        every.append(placed)
    named = {spot: None for placed in every for spot in placed if spot[0] == "profile" and spot[1]}
    for placed in every:
        anywhere = placed.pop(("profile", ""), []) if named else []
        for spot in named if anywhere else ():
            placed.setdefault(spot, []).extend(anywhere)
    return every


def _common(places: Sequence[Placed]) -> list[Spot]:
    """Return the spots where every part has some, in order of first appearance."""
    first, *rest = places
    return [spot for spot in first if all(spot in placed for placed in rest)]


def _chain(spot: Spot, lists: Sequence[list[tuple[int, Behaviour]]]) -> list[Behaviour]:
    """Return the earliest behaviours, one of each list, that follow each other; none where there are none.

    On one line of a file one may come before the other: who squeezes a file onto a line changes nothing.
    """
    chain: list[Behaviour] = []
    after, find = -1, bisect_left if spot[0] == "file" else bisect_right
    for placed in lists:
        ordered = sorted(placed, key=lambda pair: pair[0])
        at = find(ordered, after, key=lambda pair: pair[0])
        while at < len(ordered) and ordered[at][1] in chain:
            at += 1
        if at == len(ordered):
            return []
        after, behaviour = ordered[at]
        chain.append(behaviour)
    return chain
