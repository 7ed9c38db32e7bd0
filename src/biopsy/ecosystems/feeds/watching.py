"""Feeds that ask for packages by name: what is common to them.

The cursor knows of each package what it was like; what differs the next time is said. A package that is
asked for the first time says nothing.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from biopsy.ecosystems.feeds import naming
from biopsy.ecosystems.feeds.asking import Answer, Busy, Talk
from biopsy.ecosystems.feeds.following import MAX_CURSOR, Followed, read, written
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.errors import RegistryError, UsageError
from biopsy.model.feed import Change

MAX_NAMES = 1000
"""Most packages on a watch list."""

SLICE = 20
"""Packages asked for in one poll."""

MAX_VERSIONS = 1000
"""Most releases of a package of which it is known whether they were there, and withdrawn: the newest."""

WITHDRAWN = "!"


class Known(msgspec.Struct, omit_defaults=True):
    """What a package was like."""

    mark: str = ""  # what the registry counts its changes with: a serial, a time
    newest: float = 0.0  # when its newest file was uploaded
    versions: str = ""  # those that were there, oldest first; one that was withdrawn ends in `!`
    cut: bool = False  # there were more
    gone: bool = False

    def lacks(self, version: str, when: float | None) -> bool:
        """Say whether a version, or a file of it that was uploaded then, is new."""
        if self.gone or (when or 0.0) > self.newest:
            return True
        return not self.cut and version not in self.of()

    def of(self) -> dict[str, bool]:
        """Give each version, and whether it was withdrawn."""
        return {v.removesuffix(WITHDRAWN): v.endswith(WITHDRAWN) for v in self.versions.split()}


class _Cursor(msgspec.Struct, omit_defaults=True):
    at: int = 0
    known: dict[str, Known] = {}


class Watched(Followed):
    """A feed over a list of names; those of a registry say `path` and `look`."""

    every = 300.0

    def __init__(self, ecosystem: str, names: tuple[str, ...]) -> None:
        self.name = f"{ecosystem}/watched"
        found = {name: naming.normal(ecosystem, name) for name in names}
        if wrong := [name for name, normal in found.items() if normal is None]:
            raise UsageError(f"no names of {ecosystem}: {', '.join(map(repr, wrong[:5]))}")
        self.names = tuple(dict.fromkeys(normal for normal in found.values() if normal))
        if not 0 < len(self.names) <= MAX_NAMES:
            raise UsageError(f"a watch list has 1 to {MAX_NAMES} names, this one {len(self.names)}")

    def path(self, name: str) -> str:
        """Give where a package's document is, below the endpoint."""
        raise NotImplementedError

    def look(self, heap: Heap, name: str, answer: Answer, known: Known | None) -> Known:
        """Say what differs from what is known (nothing, where it is None), and what is known now."""
        raise NotImplementedError

    def begin(self, talk: Talk) -> str:  # noqa: ARG002
        """Know nothing: each package is looked at when its turn comes."""
        return written(_Cursor())

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Ask for the next slice of the list."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        first = cursor.at if 0 <= cursor.at < len(self.names) else 0
        failed: RegistryError | None = None
        done = 0
        for position, name in enumerate(self.names[first : first + SLICE], first):
            try:
                done += self._one(talk, heap, name, cursor)
            except Busy:
                heap.cursor = self._moved(cursor, position, heap)
                raise
            except RegistryError as err:
                failed = err
                heap.refuse(f"{name}: {err}")
        if failed and not done:
            raise failed
        heap.cursor = self._moved(cursor, first + SLICE, heap)

    def _one(self, talk: Talk, heap: Heap, name: str, cursor: _Cursor) -> bool:
        key = f"of {name}"
        known = cursor.known.get(name)
        answer = talk.ask(self.path(name), key=key, conditional=known is not None)
        if answer.status not in (200, 304, 404, 410):
            raise RegistryError(f"the registry answered {answer.status}")
        if answer.status != 304:
            try:
                cursor.known[name] = self.look(heap, name, answer, known)
                talk.keep(key)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
                raise RegistryError(f"the registry's answer cannot be read: {err}") from err
        return True

    def _moved(self, cursor: _Cursor, at: int, heap: Heap) -> str:
        cursor.at = at if at < len(self.names) else 0
        heap.more = bool(cursor.at)
        cursor.known = {name: known for name, known in cursor.known.items() if name in set(self.names)}
        after = written(cursor)
        return after if len(after) <= MAX_CURSOR else written(_Cursor(cursor.at))


def compared(heap: Heap, name: str, known: Known, now: Mapping[str, str | None]) -> None:
    """Say which versions were withdrawn, put back or removed. `now` has why it is withdrawn, or None."""
    for version, withdrawn in known.of().items():
        if version not in now:
            heap.add(name, version, Change.DELETED)
        elif (reason := now[version]) is not None and not withdrawn:
            heap.add(name, version, Change.YANKED, reason=reason)
        elif reason is None and withdrawn:
            heap.add(name, version, Change.UNYANKED)


def known_now(
    mark: object, newest: float, now: Mapping[str, str | None], times: Mapping[str, float]
) -> Known:
    """Give what is to be known of a package: of its versions, the newest."""
    order = sorted((v for v in now if len(v.split()) == 1), key=lambda v: times.get(v, 0.0))
    shown = [v + (WITHDRAWN if now[v] is not None else "") for v in order]
    text = mark[:64] if isinstance(mark, str) else ""
    return Known(text, newest, " ".join(shown[-MAX_VERSIONS:]), cut=len(shown) > MAX_VERSIONS)


def quoted(name: str) -> str:
    """Write a name in an address, a scope's `/` too."""
    return quote(name, safe="@")


def fields(body: bytes, type_: Any) -> Any:
    """Read a document of which every field may be missing."""
    return msgspec.json.decode(body, type=type_)
