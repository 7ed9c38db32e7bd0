"""Code as it stood beside what it came to: what was evaluated beside what put it together."""

from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.behaviour import InFile, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Evaluated

MAX_PAIRS = 40
MAX_SIDE = 6_000  # characters of one side
NEAR = 3  # lines around the place that evaluated something, whose behaviours are shown
_CODE = {Kind.CODE_DECODE, Kind.CODE_OBFUSCATED, Kind.CODE_EVAL, Kind.CODE_FLOW}


class Pair(Struct, frozen=True):
    """Two texts: `before` as it stood at `place`, `after` as the interpreter got it.

    Where `whole` is false the code around it is not kept, and `before` has what reading found there.
    """

    place: str
    how: str
    whole: bool
    before: str
    after: str
    size: int


def peeled(dossier: Dossier) -> tuple[tuple[Pair, ...], int]:
    """The first pairs, and how many there are; each pair of texts once."""
    every = {(one.before, one.after): one for one in _evaluated(dossier)}
    pairs = tuple(every.values())
    return pairs[:MAX_PAIRS], len(pairs)


def _evaluated(dossier: Dossier) -> Iterator[Pair]:
    by_id = {one.id: one for one in dossier.evaluated}
    for one in dossier.evaluated:
        outer = by_id.get(one.parent)
        if outer and outer.text != one.text:
            before, place, whole = outer.text, f"{outer.path}, evaluated itself", True
        else:
            before, place, whole = _around(dossier, one), one.caller, False
        if before:
            yield Pair(
                place,
                f"{one.evaluator}, {one.phase}",
                whole,
                before[:MAX_SIDE],
                one.text[:MAX_SIDE],
                one.size,
            )


def _around(dossier: Dossier, one: Evaluated) -> str:
    """What reading found at the place that evaluated a text: the code is not kept, these facts of it are."""
    path, _, line = one.caller.rpartition(":")
    if not path or not line.isdecimal():
        return ""
    found = []
    for behaviour in dossier.behaviours:
        where = behaviour.where
        near = isinstance(where, InFile) and abs((where.line or 0) - int(line)) <= NEAR
        if near and behaviour.kind in _CODE and isinstance(where, InFile) and path.endswith(f"/{where.path}"):
            found.append(f"{where.path}:{where.line}: {behaviour.kind} {behaviour.value}")
    return "\n".join(dict.fromkeys(found))
