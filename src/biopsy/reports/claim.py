"""Claims: what one record of one source says of one package, kept as it came.

A report is never edited: it is computed from the claims on its package (see `compute`). A record that
names several packages makes a claim on each. A record that we, or the OpenSSF repository, computed before
(it has an id of ours and names its origins) is a *base*: it stands for all the records it was made of.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from biopsy.errors import UsageError
from biopsy.reports import naming
from biopsy.reports.gather import joined_specific, union
from biopsy.reports.record import Json, RecordError, Report, timestamp

ORIGINS = "malicious-packages-origins"
MAX_AFFECTED = 10_000  # packages that one record names
MAX_ID = 2000  # characters; of a record without an id it is its path or URL
OWN = re.compile(r"MAL-[0-9]{4}-[0-9]{1,9}")
"""Ids that this database, and the OpenSSF repository, give."""

PENDING = re.compile(r"MAL-0000-[A-Za-z0-9._-]{1,200}")
"""What a report is called in the OpenSSF repository until it has an id."""

COUNTED, HELD, REVIEW, ECHO, REJECTED = "counted", "held", "review", "echo", "rejected"

_TIME = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?Z", re.ASCII
)
_SOURCE = re.compile(r"[a-z0-9-]{1,64}")


def checked(source: str) -> str:
    """The id of a source, as it came; UsageError where it cannot be one."""
    if not _SOURCE.fullmatch(source):
        raise UsageError(f"{source!r} is no name of a source: small letters, digits and hyphens, at most 64")
    return source


@lru_cache(maxsize=8192)  # asked several times for each report
def _ours(own: str) -> bool:
    return OWN.fullmatch(own) is not None


def ours(own: Json) -> bool:
    """Whether an id is one that this database gives."""
    return _ours(own) if isinstance(own, str) else False


@dataclass(frozen=True, slots=True)
class Package:
    """What a report is about. `name` is canonical; a git repository has no ecosystem and a URL for a name."""

    ecosystem: str
    name: str

    @property
    def folder(self) -> str:
        """Where its reports stand below `malicious/`."""
        return naming.folder(self.ecosystem, self.name)


@dataclass(frozen=True, slots=True)
class Claim:
    """One record of a source on one package.

    `key` is what the source calls the record, and stays when it corrects it: of equal (source, key) the
    one modified last counts. `sha256` is of the bytes that came. Times are RFC 3339 in UTC. `withdrawn` is
    when the source took the claim back, empty while it stands. `state` is what the policy, or a person, made
    of it: COUNTED, or it waits (HELD, REVIEW), or is not heard (ECHO, REJECTED).
    """

    source: str
    key: str
    sha256: str
    modified: str
    imported: str
    record: Report
    withdrawn: str = ""
    state: str = COUNTED

    @property
    def age(self) -> tuple[str, str, str]:
        """What orders the claims of one (source, key): the last word counts.

        That is the one modified last; of those that say the same time, as edits by hand do, the one that came
        last, and of those the one with the greater hash: an order that does not depend on how they are read.
        """
        return max(self.modified, self.withdrawn), self.imported, self.sha256

    @property
    def base(self) -> bool:
        """Whether this is a report that was computed before, from records of others."""
        return ours(self.record.get("id", ""))

    @property
    def pending(self) -> str:
        """What the record is called in a repository where it waits for an id; empty where it is no such."""
        stem = self.key.rpartition("/")[2].removesuffix(".json")
        return stem if PENDING.fullmatch(stem) else ""


def claims(
    source: str, record: Report, sha256: str, imported: str, key: str = ""
) -> Iterator[tuple[Package, Claim]]:
    """Take a record apart into a claim for each package it names; raises RecordError.

    `key` stands in where the record has no id: the path or URL at which the source holds it.
    """
    if not _SOURCE.fullmatch(source):
        raise RecordError("bad-source", f"{source!r} is no id of a source: small letters, digits, hyphens")
    affected = record.get("affected")
    if not isinstance(affected, list) or not affected or not all(isinstance(a, dict) for a in affected):
        raise RecordError("no-package", "affected: a report names at least one package")
    if len(affected) > MAX_AFFECTED:
        raise RecordError("too-many", f"affected: {len(affected):,} packages; the limit is {MAX_AFFECTED:,}")
    _time(record, "published")
    own = _text(record, "id") or key or sha256
    if len(own) > MAX_ID:
        raise RecordError("too-long", f"id: {len(own):,} characters; the limit is {MAX_ID:,}")
    if len(affected) > 1 and ours(own):
        raise RecordError("too-many", f"affected: {own} is an id of ours, and those name one package each")
    parts: dict[Package, list[Report]] = {}
    for one in affected:
        parts.setdefault(_package(one), []).append(one)
    for package, named in parts.items():
        one = named[0] if len(named) == 1 else _joined(named)
        part = record if len(affected) == 1 else {**record, "affected": [one]}
        yield (
            package,
            Claim(
                source,
                own,
                sha256,
                _time(record, "modified"),
                imported,
                part,
                _time(record, "withdrawn"),
            ),
        )


def _joined(named: list[Report]) -> Report:
    """One entry of several on the same package, as advisories have them that affect several ranges."""
    made = dict(named[0])
    for name in ("versions", "ranges"):
        if held := union(*(one.get(name) for one in named)):
            made[name] = held
    if specific := joined_specific(*(one.get("database_specific") for one in named)):
        made["database_specific"] = specific
    return made


def _time(record: Report, name: str) -> str:
    """A time in UTC, as OSV writes it; one with an offset is moved there."""
    value = _text(record, name)
    if not value or _TIME.fullmatch(value):
        return value
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo:
            return timestamp(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    raise RecordError("bad-time", f"{name}: {value[:40]!r} is no time as 2026-01-31T12:00:00Z")


def _text(record: Report, name: str) -> str:
    value = record.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordError("bad-type", f"{name}: a text, not {type(value).__name__}")
    return value


def _package(affected: Report) -> Package:
    named = affected.get("package")
    if named is None:
        return Package("", _repository(affected))
    if not isinstance(named, dict):
        raise RecordError("bad-type", "affected.package: an object")
    ecosystem, name = _text(named, "ecosystem"), _text(named, "name")
    if not ecosystem or not name:
        raise RecordError("no-package", "affected.package: both an ecosystem and a name")
    if naming.base(ecosystem) not in naming.KNOWN:
        raise RecordError("bad-ecosystem", f"affected.package.ecosystem: {ecosystem!r} is none of OSV's")
    package = Package(ecosystem, naming.canonical(ecosystem, name))
    if not naming.local(package.folder):
        raise RecordError("bad-name", f"affected.package.name: {name[:80]!r} cannot be kept as a path")
    return package


def _repository(affected: Report) -> str:
    spans = affected.get("ranges")
    spans = [s for s in spans if isinstance(s, dict)] if isinstance(spans, list) else []
    repos = {
        naming.canonical("Git", str(s["repo"])) for s in spans if s.get("type") == "GIT" and s.get("repo")
    }
    if len(repos) != 1:
        raise RecordError("no-package", "affected: no package, and not ranges of just one git repository")
    (repo,) = repos
    if not naming.local(naming.folder("", repo)):
        raise RecordError("bad-name", f"affected.ranges.repo: {repo[:80]!r} cannot be kept as a path")
    return repo


def origins(record: Report) -> list[dict[str, Json]]:
    """The records that a report says it was made of; what is no origin is left out."""
    specific = record.get("database_specific")
    held = specific.get(ORIGINS) if isinstance(specific, dict) else None
    return [o for o in held if isinstance(o, dict)] if isinstance(held, list) else []
