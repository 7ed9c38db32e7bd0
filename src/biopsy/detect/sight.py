"""Sight: what one analysis would have shown of a package, had the package done it."""

from collections.abc import Iterable

from biopsy.detect.compare_value import plain
from biopsy.model.behaviour import Behaviour, InFile, InTrace, Kind
from biopsy.model.run import Outcome, Status

_DAMAGED = frozenset({Kind.ARCHIVE_BOMB, Kind.ARCHIVE_DAMAGED})
UNREAD = " out-of-time"


def nothing_to_do(outcome: Outcome) -> bool:
    """Whether a phase was left out because there was nothing in it to run (`no-scripts`, …)."""
    return outcome.status is Status.SKIPPED and outcome.reason.startswith("no-")


def finished(outcome: Outcome) -> bool:
    """Whether what a phase did not show did not happen."""
    return outcome.status is Status.COMPLETED or nothing_to_do(outcome)


class Sight:
    """The phases that finished under each profile, and the files that were not read."""

    __slots__ = ("phases", "ran", "unread", "whole")

    def __init__(self, behaviours: Iterable[Behaviour], outcomes: Iterable[Outcome]) -> None:
        """Take what was seen, and how the phases ended."""
        self.phases: dict[tuple[str, str], bool] = {}
        self.ran = False
        for outcome in outcomes:
            key = outcome.profile, outcome.phase
            self.phases[key] = self.phases.get(key, True) and finished(outcome)
            self.ran = self.ran or outcome.status is not Status.SKIPPED
        self.unread: set[str] = set()
        self.whole = True
        for behaviour in behaviours:
            if behaviour.kind in _DAMAGED:
                self.whole = False
            elif behaviour.kind is Kind.PKG_MALFORMED and behaviour.value.endswith(UNREAD):
                self.unread.add(plain(Kind.FILE_READ, behaviour.value.removesuffix(UNREAD)))

    def would(self, behaviour: Behaviour) -> bool:
        """Whether this behaviour, of another release, would have been seen here."""
        match behaviour.where:
            case InTrace(phase=phase, profile=profile):
                known = (
                    [
                        done
                        for (who, what), done in self.phases.items()
                        if what == phase and who in {profile, ""}
                    ]
                    if profile
                    else [done for (_, what), done in self.phases.items() if what == phase]
                )
                return bool(known) and all(known)
            case InFile(path=path):
                return self.whole and not (self.unread and plain(Kind.FILE_READ, path) in self.unread)
            case _:
                return True
