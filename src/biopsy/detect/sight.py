"""Sight: what one analysis would have shown of a package, had the package done it."""

import re
from collections.abc import Iterable

from biopsy.detect.compare_value import NEVER, plain, rank
from biopsy.model.behaviour import Behaviour, InFile, InTrace, Kind, When
from biopsy.model.regex import regex
from biopsy.model.run import Outcome, Status

_DAMAGED = frozenset({Kind.ARCHIVE_BOMB, Kind.ARCHIVE_DAMAGED})
_UNREAD = regex(
    r"(?P<late>.*) and \d+ more not read: out-of-time"
    r"|(?P<path>.*?)(?: patterns)? (?:out-of-time|too-large|too-complex|too-deep)",
    re.DOTALL,
)
"""How a reader says that it did not read a file; what runs by itself was read first."""

_EVALUATED = "evaluated/"
_PHASES = {When.INSTALL: "install", When.START: "start", When.IMPORT: "import"}


def nothing_to_do(outcome: Outcome) -> bool:
    """Whether a phase was left out because there was nothing in it to run (`no-scripts`, …)."""
    return outcome.status is Status.SKIPPED and outcome.reason.startswith("no-")


def finished(outcome: Outcome) -> bool:
    """Whether what a phase did not show did not happen."""
    return outcome.status is Status.COMPLETED or nothing_to_do(outcome)


def out_of_time(behaviour: Behaviour) -> bool:
    """Whether a behaviour says that something was not read this time: it may be, the next."""
    return behaviour.kind is Kind.PKG_MALFORMED and behaviour.value.endswith("out-of-time")


_CUT = regex(r".* (?:out-of-time|too-(?:large|complex|deep|many-calls))", re.DOTALL)


def cut_short(behaviour: Behaviour) -> bool:
    """Whether code that runs unasked, before anybody imports it, was not read to its end."""
    return (
        behaviour.kind is Kind.PKG_MALFORMED
        and isinstance(behaviour.where, InFile)
        and behaviour.where.when in (When.INSTALL, When.START)
        and _CUT.fullmatch(behaviour.value) is not None
    )


def unread(behaviour: Behaviour) -> bool:
    """Whether a file did not parse that is neither a test nor a document."""
    return (
        behaviour.kind is Kind.PKG_MALFORMED
        and isinstance(behaviour.where, InFile)
        and behaviour.where.when not in (When.TEST, When.DOCS)
    )


class Sight:
    """The phases that finished under each profile, and the files that were not read."""

    __slots__ = ("_known", "late", "phases", "ran", "unread", "whole")

    def __init__(self, behaviours: Iterable[Behaviour], outcomes: Iterable[Outcome]) -> None:
        """Take what was seen, and how the phases ended."""
        self.phases: dict[tuple[str, str], bool] = {}
        self.ran = False
        for outcome in outcomes:
            key = outcome.profile, outcome.phase
            self.phases[key] = self.phases.get(key, True) and finished(outcome)
            self.ran = self.ran or outcome.status is not Status.SKIPPED
        self.unread: set[str] = set()
        self.whole, self.late = True, NEVER
        self._known: set[str] = set()
        for behaviour in behaviours:
            if isinstance(behaviour.where, InFile):
                self._known.add(behaviour.where.path)
            if behaviour.kind in _DAMAGED:
                self.whole = False
            elif behaviour.kind is Kind.PKG_MALFORMED and (match := _UNREAD.fullmatch(behaviour.value)):
                self.unread.add(plain(Kind.FILE_READ, match["late"] or match["path"]))
                if match["late"] is not None:
                    self.late = min(self.late, rank(behaviour))
                    self._known.discard(match["late"])

    def would(self, behaviour: Behaviour) -> bool:
        """Whether this behaviour, of another release, would have been seen here."""
        match behaviour.where:
            case InTrace(phase=phase, profile=profile):
                return self._finished(phase, profile)
            case InFile(path=path, when=when) if path.startswith(_EVALUATED):
                return self._finished(_PHASES.get(when, "execute"), "")
            case InFile(path=path):
                if not self.whole or (self.unread and plain(Kind.FILE_READ, path) in self.unread):
                    return False
                return rank(behaviour) < self.late or path in self._known
            case _:
                return True

    def _finished(self, phase: str, profile: str) -> bool:
        """Whether a phase ended well under a profile; under every one where none is named."""
        known = [
            done
            for (who, what), done in self.phases.items()
            if what == phase and (not profile or who in {profile, ""})
        ]
        return bool(known) and all(known)
