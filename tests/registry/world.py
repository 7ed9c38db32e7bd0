"""What the stand-in registries hold: packages, and everything that ever happened to them, in order."""

import bisect
import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class Did(StrEnum):
    """What happened."""

    CREATE = "create"  # a package's first release is about to come
    RELEASE = "release"
    FILE = "file"
    YANK = "yank"
    UNYANK = "unyank"
    DELETE_FILE = "delete file"
    DELETE = "delete"
    DELETE_PACKAGE = "delete package"
    DESCRIBE = "describe"  # no release: a README, an owner


@dataclass(frozen=True, slots=True)
class File:
    """One artifact, as it was published."""

    filename: str
    data: bytes
    at: float
    sha256: str
    size: int


@dataclass(slots=True)
class Version:
    """One release; `files` may be empty where only its name matters (a burst)."""

    version: str
    at: float
    files: dict[str, File] = field(default_factory=dict)
    yanked: str | None = None
    deleted: bool = False
    about: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Package:
    """A package and its releases, in the order of their coming."""

    name: str
    created: float
    versions: dict[str, Version] = field(default_factory=dict)
    deleted: bool = False
    serial: int = 0

    def present(self) -> list[Version]:
        """Give the releases that were not deleted."""
        return [v for v in self.versions.values() if not v.deleted]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `serial` counts within an ecosystem; `shown` is when feeds begin to say it."""

    serial: int
    name: str
    version: str
    did: Did
    at: float
    filename: str = ""
    reason: str = ""
    shown: float = 0.0


class Ecosystem:
    """The packages of one registry, and its journal."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.packages: dict[str, Package] = {}
        self.events: list[Event] = []
        self.serial = 1000  # a registry is old when one begins to follow it
        self.skew = 0.0  # seconds that its clock is ahead
        self.delay = 0.0  # seconds until feeds show what happened
        self.hidden: set[int] = set()  # serials that feeds do not show until told otherwise
        self.rewritten = False  # files that are only appended to were written anew

    def now(self) -> float:
        """Give the registry's own time."""
        return self.clock() + self.skew

    def note(
        self,
        name: str,
        version: str,
        did: Did,
        *,
        filename: str = "",
        reason: str = "",
        at: float | None = None,
    ) -> Event:
        """Write one thing into the journal."""
        self.serial += 1
        event = Event(
            self.serial,
            name,
            version,
            did,
            self.now() if at is None else at,
            filename,
            reason,
            self.clock() + self.delay,
        )
        self.events.append(event)
        if name in self.packages:
            self.packages[name].serial = self.serial
        return event

    def visible(self, after: int = 0) -> list[Event]:
        """Give what feeds may show by now of what came after a serial, in order."""
        events = self.events[bisect.bisect_right(self.events, after, key=lambda e: e.serial) :]
        if not self.hidden and not self.delay:
            return events
        now = self.clock()
        return [e for e in events if e.shown <= now and e.serial not in self.hidden]


class World:
    """All registries. Safe to be changed by tests while servers read: every change and answer holds `lock`."""

    ECOSYSTEMS = ("pypi", "npm", "gem", "cargo", "composer", "golang", "nuget", "maven")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.of = {name: Ecosystem(clock) for name in self.ECOSYSTEMS}

    def publish(
        self,
        ecosystem: str,
        name: str,
        version: str,
        files: Iterable[tuple[str, bytes]] = (),
        at: float | None = None,
        **about: object,
    ) -> Version:
        """Publish a release, or further files of one that is there. `about` goes into its documents."""
        with self.lock:
            one = self.of[ecosystem]
            when = one.now() if at is None else at
            package = one.packages.get(name)
            if package is None or package.deleted:
                package = one.packages[name] = Package(name, when)
                one.note(name, "", Did.CREATE, at=at)
            release = package.versions.get(version)
            if release is None or release.deleted:
                release = package.versions[version] = Version(version, when, about=dict(about))
                one.note(name, version, Did.RELEASE, at=at)
            for filename, data in files:
                file = File(filename, data, when, hashlib.sha256(data).hexdigest(), len(data))
                release.files[filename] = file
                one.note(name, version, Did.FILE, filename=filename, at=at)
            return release

    def yank(self, ecosystem: str, name: str, version: str, reason: str = "") -> None:
        """Withdraw a release, leaving it there."""
        with self.lock:
            self.of[ecosystem].packages[name].versions[version].yanked = reason
            self.of[ecosystem].note(name, version, Did.YANK, reason=reason)

    def unyank(self, ecosystem: str, name: str, version: str) -> None:
        """Take the withdrawal back."""
        with self.lock:
            self.of[ecosystem].packages[name].versions[version].yanked = None
            self.of[ecosystem].note(name, version, Did.UNYANK)

    def delete(self, ecosystem: str, name: str, version: str = "", filename: str = "") -> None:
        """Remove a file, a release, or without a version the package."""
        with self.lock:
            one = self.of[ecosystem]
            package = one.packages[name]
            if filename:
                del package.versions[version].files[filename]
                one.note(name, version, Did.DELETE_FILE, filename=filename)
            elif version:
                package.versions[version].deleted = True
                one.note(name, version, Did.DELETE)
            else:
                package.deleted = True
                one.note(name, "", Did.DELETE_PACKAGE)

    def describe(self, ecosystem: str, name: str) -> None:
        """Change something of a package that is no release."""
        with self.lock:
            self.of[ecosystem].note(name, "", Did.DESCRIBE)

    def burst(self, ecosystem: str, count: int, prefix: str = "burst", version: str = "1.0.0") -> None:
        """Publish that many packages of one release without files, all in one second."""
        for number in range(count):
            self.publish(ecosystem, f"{prefix}-{number}", version)


def stamp(seconds: float, digits: int = 3) -> str:
    """Write a time as RFC 3339 in UTC."""
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text[: 20 + digits].rstrip(".") + "Z"
