"""Item: one thing that a registry's feed says."""

from enum import StrEnum

from msgspec import Struct


class Change(StrEnum):
    """What became of a package, a release or one file of it."""

    NEW = "new"  # a release or an artifact that was not there
    CHANGED = "changed"  # something of the package changed; the feed does not say what: look
    YANKED = "yanked"  # or deprecated as a whole, unlisted: still there, not to be chosen
    UNYANKED = "unyanked"
    DELETED = "deleted"  # gone: a file, a release, or with an empty version the package


class Item(Struct, frozen=True):
    """One thing that a feed says; what it leaves out is empty. `name` is in the ecosystem's normal form.

    `digest` is the artifact's, as `algorithm:hex`, in the strongest algorithm that the registry names.
    `published` is RFC 3339 in UTC, by the registry's clock. `serial` orders what one feed says, if it counts.
    """

    ecosystem: str
    name: str
    version: str = ""
    change: Change = Change.NEW
    filename: str = ""
    digest: str = ""
    published: str = ""
    serial: int | None = None
    reason: str = ""  # why it was yanked or deleted
