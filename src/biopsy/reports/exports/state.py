"""One state of the database, read in one transaction, whatever is being written meanwhile."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import msgspec

from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.content import shown
from biopsy.reports.database import Database, DatabaseError
from biopsy.reports.feeds import Feeds
from biopsy.reports.news import Event
from biopsy.reports.record import Report, compact

GIT = "GIT"
"""The folder of reports on git repositories, which have no ecosystem."""

EMPTY = "1980-01-01T00:00:00Z"  # when a database without a log was changed last


class Key(msgspec.Struct, frozen=True, gc=False):
    """What is known of a report before it is read. `folder` is its ecosystem without what follows a colon."""

    folder: str
    id: str
    number: int  # row of the package
    package: Package
    modified: str
    withdrawn: bool
    change: int  # seq of the last entry of the log that changed it


Listed = tuple[str, tuple[str, ...] | None]


@dataclass(slots=True)
class One:
    """A report as parts get it: as it is shown to consumers, and that as compact JSON.

    `listed` is what `extents.listed` made of it, once it did. Parts change nothing in it.
    """

    key: Key
    report: Report
    data: bytes
    listed: list[Listed] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a release is to be beside the state: how feeds are called, and who signs attestations.

    `attest` makes a signed envelope of a statement, and `key` is the id of its key.
    """

    feeds: Feeds = field(default_factory=Feeds)
    attest: Callable[[bytes], bytes] | None = None
    key: str = ""

    def words(self) -> dict[str, str]:
        """What of that decides on bytes, as the manifest has it."""
        feeds = hashlib.sha256(msgspec.json.encode(self.feeds)).hexdigest()[:16]
        return {"feeds": feeds} | ({"verdicts": self.key[:16]} if self.attest else {})


def _nothing(_: int) -> dict[str, list[Event]]:
    return {}


@dataclass(frozen=True, slots=True)
class State:
    """What a release is made of: reports with an id that are out or withdrawn, by folder and id.

    `lineage` names the database: it is another one where a database was made anew, and sequence numbers then
    mean something else. `hours` has, for each hour (`2026-11-22T11`) in which something changed, the last
    number of the log in it; an entry whose time is earlier than one before it counts as of that one's hour.
    `latest` gives the last events of each ecosystem, so many at most.
    """

    lineage: str
    sequence: int
    modified: str
    keys: tuple[Key, ...]
    hours: tuple[tuple[str, int], ...]
    latest: Callable[[int], dict[str, list[Event]]] = _nothing
    asked: Asked = Asked()


class Snapshot(Database):
    """The database as it is when it is first asked, until it is closed; a context manager."""

    asked = Asked()

    def __enter__(self) -> Self:
        """Begin to read; what is written from now on is not seen."""
        self._db.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        """Let the state, and the file, go."""
        self._db.execute("ROLLBACK")
        self.close()

    def whole(self) -> State:
        """The state, but for the reports themselves."""
        return self._whole

    @cached_property
    def _whole(self) -> State:
        hours = self._hours()
        first = self._db.execute("SELECT * FROM log ORDER BY seq LIMIT 1").fetchone()
        lineage = hashlib.sha256(repr(first).encode()).hexdigest()[:16]
        (modified,) = self._db.execute("SELECT max(at) FROM log").fetchone()
        sequence = hours[-1][1] if hours else 0
        keys = tuple(self._keys())
        return State(lineage, sequence, modified or EMPTY, keys, hours, self.latest, self.asked)

    def _hours(self) -> tuple[tuple[str, int], ...]:
        sql = "SELECT substr(at, 1, 13), max(seq) FROM log GROUP BY 1 ORDER BY min(seq)"
        made: list[tuple[str, int]] = []
        for hour, last in self._db.execute(sql):
            if made and hour <= made[-1][0]:
                made[-1] = (made[-1][0], max(last, made[-1][1]))
            else:
                made.append((hour, max(last, made[-1][1] if made else 0)))
        return tuple(made)

    def _keys(self) -> list[Key]:
        made = []
        same: dict[str, str] = {}  # texts that many rows have, once
        for own, number, ecosystem, name, modified, state, change in self._db.execute(_KEYS):
            folder = naming.base(ecosystem) or GIT
            package = Package(same.setdefault(ecosystem, ecosystem), name)
            folder, when = same.setdefault(folder, folder), same.setdefault(modified, modified)
            made.append(Key(folder, own, number, package, when, state == "withdrawn", change))
        return sorted(made, key=lambda key: (key.folder, key.id))

    def reports(self) -> Iterator[One]:
        """Every report of the state, in its order; raises DatabaseError where one is damaged."""
        sql = "SELECT sha256, CAST(document AS BLOB) FROM reports WHERE package=?"
        for key in self._whole.keys:
            sha256, document = self._db.execute(sql, (key.number,)).fetchone()
            if hashlib.sha256(document).hexdigest() != sha256:
                raise DatabaseError(f"{key.id} on {key.package.name} is damaged in the database")
            report = shown(_decoded(document))
            yield One(key, report, compact(report))


def _decoded(document: bytes) -> Report:
    try:
        return _READER.decode(document)
    except msgspec.DecodeError:  # a number that has no 64 bits is still a number
        made: Report = json.loads(document)
        return made


_READER = msgspec.json.Decoder(dict[str, object])
_KEYS = (
    "SELECT reports.id, reports.package, ecosystem, name, modified, state, change"
    " FROM reports JOIN packages ON packages.id = package"
    " WHERE reports.id IS NOT NULL AND state IN ('published', 'withdrawn')"
)
