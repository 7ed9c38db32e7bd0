"""What a policy file says: its lines, each a few conditions that must all hold."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct

MOST = 1000
"""Highest priority that a policy gives, and lowest with a minus."""


class Which(StrEnum):
    """Which artifacts of a release are analysed."""

    INSTALL = "install"  # the one that an install on the sandbox's machine takes
    SDIST = "sdist"  # this one, where there is one; else what an install takes
    WHEEL = "wheel"
    ALL = "all"  # the sdist, and the wheel that an install takes
    EVERY = "every"  # each file


class Do(StrEnum):
    """What becomes of a verdict in the report database."""

    NOTHING = "nothing"
    DRAFT = "draft"  # a draft is written
    WAIT = "wait"  # …and is not to be published before a person has looked
    PUBLISH = "publish"  # published at once


class Subject(Struct, frozen=True):
    """What a policy can know of a release or one file of it, before anything was fetched.

    `rank` is its place among the names in wide use, 0 where it is none of them. `resembles` are words of
    `pkg.name` (`typosquat`, `homoglyph`, …). What is None is not known yet, and no condition on it holds.
    """

    ecosystem: str
    name: str
    version: str = ""
    file: str = ""
    rank: int = 0
    resembles: tuple[str, ...] = ()
    first: bool | None = None  # the first release of its package
    prerelease: bool | None = None
    chosen: bool | None = None  # the file is one that an install on the sandbox's machine takes


class Line(Struct, frozen=True):
    """One line of a policy: it fits a subject of which every condition that it has holds.

    Globs are as in fnmatch, told apart by case. `place` is `FILE:LINE`, for people.
    """

    place: str
    because: str = ""
    name: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    popular: int | None = None  # among so many most used
    first: bool | None = None
    resembles: tuple[str, ...] | bool | None = None
    prerelease: bool | None = None
    chosen: bool | None = None
    # what follows is what it does, each in its own part of the file
    add: int = 0
    do: Do = Do.NOTHING
    verdict: tuple[str, ...] = ()
    convicted: bool | None = None

    def fits(self, it: Subject) -> bool:
        """Whether all conditions on the subject hold."""
        return not any(True for _ in self.against(it))

    def against(self, it: Subject) -> Iterator[str]:
        """Yield the names of the conditions that do not hold, or cannot be told yet."""
        for key, globs, text in (
            ("name", self.name, it.name),
            ("version", self.version, it.version),
            ("file", self.file, it.file),
        ):
            if globs and not _any(globs, text):
                yield key
        if self.popular is not None and not 0 < it.rank <= self.popular:
            yield "popular"
        for key in ("first", "prerelease", "chosen"):
            wanted = getattr(self, key)
            if wanted is not None and getattr(it, key) is not wanted:
                yield key
        if self.resembles is not None and not self._alike(it):
            yield "resembles"

    def _alike(self, it: Subject) -> bool:
        if isinstance(self.resembles, tuple):
            return any(word in it.resembles for word in self.resembles)
        return bool(it.resembles) is self.resembles


def _any(globs: Sequence[str], text: str) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)


class Policy(Struct, frozen=True):
    """What becomes of what the feeds of one ecosystem say."""

    ecosystem: str
    analyse: bool = True  # False: items are recorded, and nothing else is done
    since: float = 86400.0  # a release of so many seconds before the poll before still counts as new
    which: Which = Which.EVERY
    most: int = 40  # artifacts of one release
    skip: tuple[Line, ...] = ()
    static: tuple[Line, ...] = ()
    priority: tuple[Line, ...] = ()
    reports: tuple[Line, ...] = ()
    files: tuple[str, ...] = ()  # where it was read from, the first the strongest

    def skipped(self, it: Subject) -> Line | None:
        """Give the line by which it is left out."""
        return _first(self.skip, it)

    def only_read(self, it: Subject) -> Line | None:
        """Give the line by which it is not run."""
        return _first(self.static, it)

    def urgency(self, it: Subject) -> tuple[int, tuple[Line, ...]]:
        """Give the priority, and the lines that it is the sum of."""
        fitting = tuple(line for line in self.priority if line.fits(it))
        return max(-MOST, min(MOST, sum(line.add for line in fitting))), fitting

    def reporting(self, it: Subject, verdict: str, *, convicted: bool) -> Line | None:
        """Give the line that says what becomes of a verdict; None where none fits: then nothing does."""
        for line in self.reports:
            if line.verdict and verdict not in line.verdict:
                continue
            if line.convicted is not None and line.convicted is not convicted:
                continue
            if line.fits(it):
                return line
        return None

    @property
    def asks_names(self) -> bool:
        """Whether any line asks what a name resembles: that takes milliseconds a name."""
        parts = (self.skip, self.static, self.priority, self.reports)
        return any(line.resembles is not None for part in parts for line in part)


def _first(lines: Sequence[Line], it: Subject) -> Line | None:
    return next((line for line in lines if line.fits(it)), None)
