"""Which feeds are followed: those of ecosystems, those named, and watch lists."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from biopsy import ecosystems
from biopsy.ecosystems import feeds
from biopsy.ecosystems.feeds import Feed
from biopsy.ecosystems.feeds.watching import MAX_NAMES
from biopsy.errors import UsageError
from biopsy.model.release import Release

MAX_LIST = 4 * 1024**2
"""Longest watch list, in bytes."""


class Watched(Struct, frozen=True):
    """The packages of a watch list, by ecosystem, each once and in the order of the list."""

    names: Mapping[str, tuple[str, ...]]

    @property
    def count(self) -> int:
        """How many packages there are."""
        return sum(len(names) for names in self.names.values())


def choose(wanted: Sequence[str], watched: Watched | None = None) -> tuple[Feed, ...]:
    """Give the feeds to follow: of each ecosystem named its main one, of `ecosystem/feed` this one.

    Without any, the watch list's where there is one, else the main feed of every ecosystem that
    has one. A watch list with ecosystems beside it is cut to these. UsageError where there is none of a name.
    """
    lists = dict(watched.names) if watched else {}
    if watched is not None:
        if strange := [one for one in wanted if one not in lists]:
            known = ", ".join(sorted(lists)) or "nothing"
            raise UsageError(f"the watch list has no package of {strange[0]!r}; it has packages of: {known}")
        return tuple(feeds.watched(one, lists[one]) for one in (wanted or sorted(lists)))
    found = [feeds.by_name(one) for one in wanted] or [feed for feed in feeds.all_feeds() if feed.main]
    return tuple({feed.name: feed for feed in found}.values())


def read_list(path: Path, ecosystem: str = "") -> Watched:
    """Read a watch list: a package a line, as a purl, `npm:NAME`, or a name of `ecosystem` if that is given.

    What follows `#` is a comment, a version is not looked at. UsageError with the line where one is wrong.
    """
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(MAX_LIST + 1)
    except OSError as err:
        raise UsageError(f"cannot read {path}: {err.strerror or err}") from err
    if len(data) > MAX_LIST:
        raise UsageError(f"{path}: longer than {MAX_LIST >> 20} MiB")
    return parse_list(data.decode("utf-8-sig", "replace").splitlines(), str(path), ecosystem)


def parse_list(lines: Iterable[str], called: str, ecosystem: str = "") -> Watched:
    """Read the lines of a watch list."""
    found: dict[str, dict[str, None]] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition(" #")[0].strip() if not line.lstrip().startswith("#") else ""
        if not text:
            continue
        try:
            release = _package(text, ecosystem)
        except UsageError as err:
            raise UsageError(f"{called}:{number}: {err}") from err
        found.setdefault(release.ecosystem, {})[release.name] = None
    watched = Watched({kind: tuple(names) for kind, names in found.items()})
    if not watched.count:
        raise UsageError(f"{called}: no package in it; a purl or npm:NAME a line, please")
    for kind, names in found.items():
        if len(names) > MAX_NAMES:
            raise UsageError(
                f"{called}: {len(names)} packages of {kind}; at most {MAX_NAMES}, or follow the whole feed"
            )
    return watched


def _package(text: str, ecosystem: str) -> Release:
    if ecosystem and ":" not in text:
        return Release(ecosystem, ecosystems.by_type(ecosystem).normalise(text))
    target = ecosystems.parse_target(text) if ":" in text else None
    if not isinstance(target, Release):
        raise UsageError(f"which ecosystem is {text!r} of? write a purl, npm:NAME or pypi:NAME")
    return target
