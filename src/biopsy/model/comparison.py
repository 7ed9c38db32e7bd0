"""Comparison: what one release does that the one before it did not, and the other way round."""

from enum import StrEnum

from msgspec import Struct

from biopsy.model.behaviour import Behaviour
from biopsy.model.release import Release


class Facet(StrEnum):
    """The class of a difference, the gravest first: the order in which a reader wants them."""

    SECRET = "secret"  # noqa: S105 - a credential store, a secret variable, a canary: what is opened or leaves
    REMOTE = "remote-code"  # code that comes from the network is run
    PERSISTENCE = "persistence"  # what makes something run again later is written
    HOST = "host"  # whom it speaks to, or names in its code
    HOOK = "hook"  # code that runs by itself
    COMMAND = "command"  # a program that it starts
    OBFUSCATION = "obfuscation"  # code that is not to be read, or not to be seen
    EVASION = "evasion"  # looks for a sandbox, waits, blinds whoever watches
    NATIVE = "native-code"
    FLOW = "flow"  # from a source to a sink
    EVALUATION = "evaluation"  # text becomes code
    LISTENER = "listener"  # a port that it opens
    FILES = "files"  # a class of files that it reads, writes or deletes
    DEPENDENCY = "dependency"
    ENTRY = "entry"  # a command that is installed
    ENVIRONMENT = "environment"  # a variable that it reads
    MACHINE = "machine"  # a fact about the machine or the user
    PATCH = "patch"  # another module's attribute is replaced
    ARCHIVE = "archive"  # oddities of the archive, files that do not parse
    OTHER = "other"


class Difference(Struct, frozen=True):
    """One thing of one class. `now` and `was` are words for how it stands, empty on the side without it.

    `evidence` are behaviours of the later release, of the earlier one where it is gone; `more` counts those
    that are left out. `unasked` says that it happens at install, start or import.
    """

    facet: Facet
    what: str
    now: str = ""
    was: str = ""
    unasked: bool = False
    evidence: tuple[Behaviour, ...] = ()
    more: int = 0


class Side(Struct, frozen=True):
    """What a comparison was made with. No `run_id`: there is no analysis of it."""

    release: Release
    run_id: str = ""
    filename: str = ""
    sha256: str = ""
    static_only: bool = False


class Comparison(Struct, frozen=True):
    """A release beside an earlier one. Where it says nothing, `untold` says what could not be compared.

    `identical` means the same bytes. `note` says why there is no comparison at all, where there is none.
    """

    before: Side
    new: tuple[Difference, ...] = ()
    gone: tuple[Difference, ...] = ()
    changed: tuple[Difference, ...] = ()
    untold: tuple[str, ...] = ()
    identical: bool = False
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether no difference was found."""
        return not (self.new or self.gone or self.changed)
