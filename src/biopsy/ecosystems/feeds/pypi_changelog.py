"""PyPI's journal: XML-RPC `changelog_since_serial` (warehouse's documents, "XML-RPC methods", mirroring).

Rows are (name, version, seconds, action, serial); at most 50,000 at once, in the order of their serials. A
serial is drawn when a change begins and shows when it is complete, so a later one can be seen first: holes
are asked for again until they are ten minutes old, and those that cannot be rolled back changes are gaps.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from biopsy.ecosystems.feeds import markup, naming
from biopsy.ecosystems.feeds.asking import Talk
from biopsy.ecosystems.feeds.following import Followed, ended, read, whole, written
from biopsy.ecosystems.feeds.gathering import Heap, text
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.ecosystems.pypi import configuration
from biopsy.errors import RegistryError
from biopsy.model.feed import Change
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

ROWS = 50_000
"""Most rows that the registry gives at once."""

PATIENCE = 600.0
"""Seconds after which a serial that never showed is taken for one that was rolled back."""

MAX_HOLE = 20
"""Longest run of missing serials that may be rolled back changes; a longer one is a gap."""

LATE = 6 * 3600.0
"""Seconds for which a gap is not taken for filled while more than a hole of it is missing."""

MAX_HOLES = 200
"""Most holes remembered."""

_FILE = regex(r"(add|remove) (?:\S{1,40} )?file (.+)", 0)


class _Cursor(Struct):
    serial: int
    holes: list[tuple[int, int, float]] = []  # first, last, when noticed by the registry's clock


class _Row(Struct):
    name: str
    version: str
    when: float
    action: str
    serial: int


class Changelog(Followed):
    """The journal, by its serials."""

    name = "pypi/changelog"
    every = 30.0
    main = True

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give the site that pip's index is part of, or the one that is set."""
        return site(settings, self.name)

    def begin(self, talk: Talk) -> str:
        """Ask for the last serial."""
        return written(_Cursor(self._newest(talk)))

    def _newest(self, talk: Talk) -> int:
        answer = talk.ask("pypi", accept="text/xml", body=_call("changelog_last_serial"))
        serial = whole(markup.result(answer.body)) if answer.status == 200 else None
        if serial is None:
            raise RegistryError(
                f"{self.name}: the index has no changelog (status {answer.status}); watch packages by name"
            )
        return serial

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Ask for what comes after the oldest hole, or after the cursor."""
        cursor = read(heap.cursor, _Cursor)
        rows, full = _since(talk, heap, min([cursor.serial, *(h[0] - 1 for h in cursor.holes)]))
        if not rows and (newest := self._newest(talk)) < cursor.serial:
            heap.gap = Gap(str(cursor.serial), str(newest), None, "the index counts from the beginning again")
            heap.cursor = written(_Cursor(newest))
            return
        missing = {n for first, last, _ in cursor.holes for n in range(first, last + 1)}
        news = [r for r in rows if r.serial > cursor.serial or r.serial in missing]
        _say(heap, news)
        heap.more = full
        later = [r.serial for r in news if r.serial > cursor.serial]
        holes = _left(cursor.holes, {r.serial for r in news}, talk.now)
        for first, last in _between(cursor.serial, later):
            if last - first >= MAX_HOLE:
                wide = heap.gap
                count = last - first + 1 + (wide.expected or 0 if wide else 0)
                start = wide.start if wide else str(first - 1)
                heap.gap = Gap(start, str(last + 1), count, "serials that the registry left out")
            else:
                holes.append((first, last, talk.now))
        heap.cursor = written(_Cursor(max([cursor.serial, *later]), holes[-MAX_HOLES:]))

    def fill(self, client: "httpx.Client", endpoint: Endpoint, gap: Gap) -> Poll | None:
        """Ask for the serials of the gap once more; while it is young, what is missing stays a gap."""
        if int(gap.end) <= int(gap.start):
            return None
        talk, heap = Talk(client, endpoint, {}), Heap("pypi", gap.start)

        def again() -> None:
            first, end = int(gap.start), int(gap.end)
            rows, full = _since(talk, heap, first)
            inside = [r.serial for r in rows if r.serial < end]
            _say(heap, rows[: len(inside)])
            last = rows[-1].serial if rows else end
            after = next((r.when for r in rows if r.serial >= end), 0.0)
            heap.more = full and last < end
            heap.cursor = str(last) if heap.more else gap.end
            if after > talk.now - LATE and any(b - a >= MAX_HOLE for a, b in _between(first, [*inside, end])):
                heap.more, heap.cursor = True, gap.start  # it may come yet

        return ended(self.name, talk, heap, gap.start, again)


def site(settings: Mapping[str, str], name: str) -> Endpoint:
    """Give the site whose `simple/` pip is configured with; RegistryError where it has no such path."""
    if url := settings.get(name) or settings.get("pypi"):
        if not url.startswith(("http://", "https://")):
            raise RegistryError(f"{name}: not an http(s) address: {url!r:.80}")
        return Endpoint("pypi", url.rstrip("/") + "/")
    index = configuration.endpoint()
    if not index.url.endswith("/simple/"):
        raise RegistryError(f"{name}: pip's index does not end in /simple/; set the address of the feed")
    return Endpoint("pypi", index.url.removesuffix("simple/"), index.authorization)


def _call(method: str, number: int | None = None) -> bytes:
    given = "" if number is None else f"<param><value><int>{number}</int></value></param>"
    call = f"<methodCall><methodName>{method}</methodName><params>{given}</params></methodCall>"
    return f"<?xml version='1.0'?>{call}".encode()


def _since(talk: Talk, heap: Heap, serial: int) -> tuple[list[_Row], bool]:
    """Give the rows after a serial, in order and each once; and whether there may be more."""
    answer = talk.ask("pypi", accept="text/xml", body=_call("changelog_since_serial", serial))
    if answer.status != 200:
        raise RegistryError(f"the index has no changelog (status {answer.status})")
    given = markup.result(answer.body)
    if not isinstance(given, list):
        raise RegistryError("the index's changelog is no list")
    rows: dict[int, _Row] = {}
    for one in given:
        row = _row(one)
        if row is None:
            heap.refuse(f"no row of a changelog: {one!r:.100}")
        elif row.serial > serial:
            rows.setdefault(row.serial, row)
    return [rows[n] for n in sorted(rows)], len(given) >= ROWS


def _row(one: Any) -> _Row | None:
    if not isinstance(one, list) or len(one) < 5:
        return None
    name, version, when, action, serial = one[:5]
    if not isinstance(name, str) or not isinstance(action, str) or whole(serial) is None:
        return None
    seconds = float(when) if isinstance(when, int) and 0 < when < 4_102_444_800 else 0.0
    return _Row(name, version if isinstance(version, str) else "", seconds, action, serial)


def _say(heap: Heap, rows: list[_Row]) -> None:
    for row in rows:
        meant = _meaning(row.action)
        if meant is None:
            heap.skipped += 1
            heap.newest = max(heap.newest, row.when)
            continue
        change, file = meant
        whole_package = change is Change.DELETED and row.action.startswith("remove project")
        heap.add(
            row.name,
            "" if whole_package else row.version,
            change,
            filename=file,
            at=row.when or None,
            serial=row.serial,
            reason=row.action if change in (Change.CHANGED, Change.DELETED) else "",
        )


def _meaning(action: str) -> tuple[Change, str] | None:
    """Say what an action of the journal is; None for what changes neither releases nor files."""
    if file := _FILE.fullmatch(action[: naming.MAX_FILENAME + 50]):
        return (Change.NEW if file[1] == "add" else Change.DELETED), file[2]
    for begin, change in _ACTIONS.items():
        if action.startswith(begin):
            return change, ""
    return (Change.CHANGED, "") if "quarantine" in text(action).lower() else None


_ACTIONS = {
    "create": Change.NEW,
    "new release": Change.NEW,
    "yank release": Change.YANKED,
    "unyank release": Change.UNYANKED,
    "remove release": Change.DELETED,
    "remove project": Change.DELETED,
}


def _between(before: int, serials: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the runs of serials that are missing after `before`, as first and last."""
    for serial in serials:
        if serial > before + 1:
            yield before + 1, serial - 1
        before = serial


def _left(holes: list[tuple[int, int, float]], found: set[int], now: float) -> list[tuple[int, int, float]]:
    """Give what is still missing of the holes that are worth waiting for."""
    left: list[tuple[int, int, float]] = []
    for first, last, noticed in holes:
        if now - noticed > PATIENCE or last - first > MAX_HOLE:
            continue
        for serial in range(first, last + 1):
            if serial in found:
                continue
            if left and left[-1][1] == serial - 1 and left[-1][2] == noticed:
                left[-1] = (left[-1][0], serial, noticed)
            else:
                left.append((serial, serial, noticed))
    return left


FEED = Changelog()
