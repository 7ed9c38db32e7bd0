"""What reading a manifest has in common in all ecosystems: there may be none, and it may be nonsense."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.release import Tree

MAX_EACH = 2000
"""Most behaviours that the manifest of one package may give."""


class Malformed(Struct, frozen=True):
    """Why a manifest cannot be read; `absent` where there is none."""

    reason: str


def decoded(tree: Tree, path: str, decode: Callable[[str], Any]) -> Any:
    """Decode a manifest as `json.loads` or `tomllib.loads` do; `Malformed` where that fails. Never raises."""
    text = read(tree, path)
    if text is None:
        return Malformed("absent")
    try:
        return decode(text)
    except (ValueError, RecursionError) as err:
        return Malformed(type(err).__name__)


def once(behaviours: Iterable[Behaviour], most: int = MAX_EACH) -> Iterator[Behaviour]:
    """Yield what differs in kind or value from all before, and no more than `most`."""
    seen: set[tuple[Kind, str]] = set()
    for behaviour in behaviours:
        key = (behaviour.kind, behaviour.value)
        if key not in seen:
            seen.add(key)
            yield behaviour
        if len(seen) >= most:
            return
