"""What a package says of itself, in one shape: whoever repeats it, and whatever the ecosystem."""

from collections.abc import Mapping

from msgspec import Struct

MAX_README = 64 * 1024
"""Most of a README that is looked at, in characters."""

MAX_EACH = 1000
"""Most scripts, commands or dependencies kept of one manifest."""


class Manifest(Struct, frozen=True):
    """A manifest: the one in the archive, or what the registry shows in its place.

    None means that whoever speaks does not speak of it, so nothing follows from its absence; empty means
    none. `scripts` are those that run at install. `dependencies` maps a name to its specification, normalised
    so that two spellings of the same are equal. `path` is the file; empty for a registry.
    """

    name: str = ""
    version: str = ""
    path: str = ""
    summary: str | None = None
    readme: str | None = None
    links: tuple[str, ...] | None = None
    mails: tuple[str, ...] = ()
    scripts: Mapping[str, str] | None = None
    commands: Mapping[str, str] | None = None
    dependencies: Mapping[str, str] | None = None
    native: bool | None = None  # built with a compiler when it is installed
