"""Dossiers for judging alone: of their behaviours, those that some rule asks for, or the verdict.

Most behaviours of most packages fit no pattern of any rule. To read such a one from its text is wasted: its
kind and its value are enough to see that.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from biopsy.detect import Index
from biopsy.detect.swapped import CLIPBOARD
from biopsy.model.behaviour import MAX_VALUE, Behaviour, By, Kind, unescape
from biopsy.model.dossier import Dossier
from biopsy.warehouse import Stored, restore
from biopsy.warehouse.wire import StoredBehaviour

WEIGHED = frozenset({Kind.ARCHIVE_BOMB, Kind.ARCHIVE_DAMAGED, Kind.PKG_MALFORMED})
"""What a verdict looks at beside the findings: what was not read (`detect.decide`)."""

UNREADABLE = "{} is not a dossier that this version reads: {}"

_KINDS = {kind.value: kind for kind in Kind}


class Lean:
    """A kept dossier to judge: `dossier` has the behaviours that count, `whole` all, read when asked."""

    __slots__ = ("_stored", "_whole", "dossier")

    def __init__(self, stored: Stored, counting: tuple[StoredBehaviour, ...]) -> None:
        """Read what counts; raises ValueError where that cannot be read."""
        self._stored = stored
        self._whole: Dossier | None = None
        if any(change.path.endswith(CLIPBOARD) for change in stored.changes):  # read beside any behaviour
            self.dossier = self.whole
        else:
            self.dossier = restore(replace(stored, behaviours=counting))

    @property
    def whole(self) -> Dossier:
        """The dossier as it was kept; raises ValueError where it cannot be read."""
        if self._whole is None:
            self._whole = restore(self._stored)
        return self._whole

    def everything(self) -> Sequence[Behaviour]:
        """All behaviours of it."""
        return self.whole.behaviours


def lean(several: Iterable[Stored], index: Index) -> Iterator[Lean | str]:
    """Open many dossiers; of one that cannot be read, say why instead.

    Their values are looked at together: to find a text among those of hundreds takes hardly longer than among
    those of one.
    """
    split = [(stored, [_split(one) for one in stored.behaviours]) for stored in several]
    values: dict[Kind, set[str]] = {}
    for _, behaviours in split:
        for _, kind, value in behaviours:
            if kind is not None and value is not None:
                values.setdefault(kind, set()).add(value)
    fits = {kind: index.fitting(kind, some) for kind, some in values.items()}
    for stored, behaviours in split:
        counting = tuple(
            one
            for one, kind, value in behaviours
            if kind is None or kind in WEIGHED or value in fits.get(kind, ())
        )
        try:
            yield Lean(stored, counting)
        except ValueError as err:
            yield UNREADABLE.format(stored.run_id, err)


def _split(one: StoredBehaviour) -> tuple[StoredBehaviour, Kind | None, str | None]:
    """Give kind and value of a behaviour without reading all of it; no kind for what is odd: it stays.

    What the tools did has no value: no rule judges that.
    """
    kind, _, rest = one.text.partition(" ")
    value, at, _ = rest.rpartition(" @ ")
    if "\\" in value:
        value = unescape(value)
    known = _KINDS.get(kind) if at and len(value) <= MAX_VALUE else None
    return one, known, value if one.by is not By.TOOL else None
