"""What came of a replay: where the rules of today say something else of a dossier than was said of it."""

from msgspec import Struct

from biopsy.model.dossier import Call


class Change(Struct, frozen=True):
    """A dossier on which the rules of today say something else; `before` is None where nobody judged it yet.

    `gained` and `lost` are rules that the verdict rests on now, or did. `report` says what became of it in
    the report database, or what stands there.
    """

    run_id: str
    ecosystem: str
    name: str
    version: str
    filename: str
    created: str
    before: Call | None
    after: Call
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    reason: str
    report: str = ""

    @property
    def turned(self) -> bool:
        """Whether the verdict is another one, not only its reasons."""
        return self.before is not self.after


class Replayed(Struct, frozen=True):
    """What came of a replay, so far or as a whole: `done` of `parts`.

    `rules` names them as a set. `resumed` parts were done by an earlier one that was stopped; `read` dossiers
    were judged of about `dossiers`. `calls` counts the verdicts of today, `written` what is kept of them.
    """

    rules: str
    parts: int
    done: int
    resumed: int
    read: int
    dossiers: int
    calls: dict[str, int]
    changes: tuple[Change, ...]
    unreadable: tuple[str, ...]
    write: bool
    written: int
    seconds: float

    @property
    def turned(self) -> tuple[Change, ...]:
        """Those whose verdict was known and is another one now."""
        return tuple(one for one in self.changes if one.before is not None and one.turned)

    @property
    def first(self) -> tuple[Change, ...]:
        """Those that nobody had judged."""
        return tuple(one for one in self.changes if one.before is None)

    @property
    def reasons(self) -> tuple[Change, ...]:
        """Those whose verdict stays and rests on other rules."""
        return tuple(one for one in self.changes if not one.turned)
