"""Dossiers for judging alone: of their behaviours, those that some rule asks for, or the verdict.

Most behaviours of most packages fit no pattern of any rule. To read such a one from its text is wasted: its
kind and its value are enough to see that.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from biopsy.detect import Index
from biopsy.detect.swapped import CLIPBOARD
from biopsy.model.behaviour import MAX_VALUE, Behaviour, By, Kind, unescape
from biopsy.model.dossier import Dossier
from biopsy.warehouse import Stored, restore
from biopsy.warehouse.wire import StoredBehaviour

WEIGHED = frozenset({Kind.ARCHIVE_BOMB, Kind.ARCHIVE_DAMAGED, Kind.PKG_MALFORMED})
"""What a verdict looks at beside the findings: what was not read (`detect.decide`)."""

_KINDS = {kind.value: kind for kind in Kind}


class Lean:
    """A kept dossier to judge: `dossier` has the behaviours that count, `whole` all, read when asked."""

    __slots__ = ("_stored", "_whole", "dossier")

    def __init__(self, stored: Stored, index: Index) -> None:
        """Read what counts; raises ValueError where that cannot be read."""
        self._stored = stored
        self._whole: Dossier | None = None
        if any(change.path.endswith(CLIPBOARD) for change in stored.changes):  # read beside any behaviour
            self.dossier = self.whole
        else:
            self.dossier = restore(replace(stored, behaviours=_counting(stored, index)))

    @property
    def whole(self) -> Dossier:
        """The dossier as it was kept; raises ValueError where it cannot be read."""
        if self._whole is None:
            self._whole = restore(self._stored)
        return self._whole

    def everything(self) -> Sequence[Behaviour]:
        """All behaviours of it."""
        return self.whole.behaviours


def _counting(stored: Stored, index: Index) -> tuple[StoredBehaviour, ...]:
    """Leave out the behaviours that nothing would ask for; what is odd stays, and is told when it is read."""
    values: dict[Kind, set[str]] = {}
    split = []
    for one in stored.behaviours:
        kind, _, rest = one.text.partition(" ")
        value, at, _ = rest.rpartition(" @ ")
        known = _KINDS.get(kind) if at else None
        if "\\" in value:
            value = unescape(value)
        split.append((known, value))
        if known is not None and one.by is not By.TOOL and len(value) <= MAX_VALUE:
            values.setdefault(known, set()).add(value)
    fits = {kind: index.fitting(kind, some) for kind, some in values.items()}
    return tuple(
        one
        for one, (kind, value) in zip(stored.behaviours, split, strict=True)
        if kind is None
        or kind in WEIGHED
        or len(value) > MAX_VALUE
        or (one.by is not By.TOOL and value in fits[kind])
    )
