"""Code that was evaluated, from the journals of interpreters, held against the trace.

The trace says which process wrote a journal and when each record came; the journal says what was evaluated
and by which file. Whose doing it is, is decided here: what a tool or a dependency evaluates is left out, and
so is what the drivers start. A journal that is read, forged, cut or gone is a behaviour of whoever did that.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.model.run import Evaluated
from biopsy.sandbox.attribute import DRIVERS
from biopsy.sandbox.inside import journal
from biopsy.sandbox.inside.prepare import JOURNAL
from biopsy.sandbox.observe_ledger import Draft, draft
from biopsy.sandbox.observe_places import Place, Places, startup
from biopsy.sandbox.observe_seen import Journalled
from biopsy.sandbox.raw import Raw, Subject
from biopsy.sandbox.toolchain import toolchains
from biopsy.sandbox.tree import Node

MAX_TEXTS: Final = 300
"""Most evaluated texts of one run that are kept; those that could do something come first."""

MAX_TEXT: Final = 256 * 1024
"""Longest of them, in characters."""

MAX_ALL: Final = 8 * 1024**2
"""Most characters of all."""

MAX_EXCERPT: Final = 300
"""Characters of a text's first lines that stand with the behaviour."""

FLOOD: Final = 10_000
"""From so many texts more than an interpreter keeps, somebody floods."""

_TELLING: Final = re.compile(
    r"\b(?:import|exec|eval|open|socket|system|subprocess|popen|urllib|requests|http|environ|getattr|ctypes|require|"
    r"process|child_process|fetch|XMLHttpRequest|Buffer|atob)\b"
)
_PROGRAM: Final = "program"


@dataclass(slots=True)
class _One:
    """An entry with what the trace knows of it."""

    entry: journal.Entry
    node: Node
    time: int
    by: By = By.PACKAGE
    owner: str = ""
    id: str = ""
    parent: str = ""
    shown: bool = False


@dataclass(slots=True)
class Hearing:
    """What the journals of a run came to."""

    drafts: list[Draft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: list[_One] = field(default_factory=list)
    slept: list[tuple[int, Node, journal.Slept]] = field(default_factory=list)


def hear(raw: Raw, subject: Subject, opened: list[Journalled], places: Places) -> Hearing:
    """Read the journals of a run, and judge what was done to them."""
    heard = journal.load(raw.heard) if raw.heard else journal.Heard()
    hearing = Hearing()
    by_path: dict[str, list[Journalled]] = {}
    for one in opened:
        by_path.setdefault(one.path, []).append(one)
    found: list[_One] = []
    room = journal.MAX_RECORDS
    for kept in heard.journals:
        page = journal.read(kept.data, room)
        room -= len(page.records)
        mine = [seen for seen in by_path.pop(kept.path, []) if seen.own]
        if mine:
            cut = len(kept.data) < kept.size
            found += _page(page, mine, hearing, short=cut or room <= 0)
    _gone(by_path, opened, hearing)
    if heard.dropped:
        hearing.notes.append(f"{heard.dropped} journals of evaluated code more than are kept, or cut")
    if raw.ran and heard.strange:
        hearing.notes.append(f"not a journal: {', '.join(heard.strange)}")
    _judge(found, places, startup(raw, subject))
    _choose(found, hearing)
    return hearing


def _page(page: journal.Page, mine: list[Journalled], hearing: Hearing, *, short: bool) -> Iterator[_One]:
    """Tie the records of one journal to its process and to the times at which it was opened."""
    node = mine[0].node
    if not short and (len(page.records) < len(mine) - 1 or not page.whole):
        _trick(hearing, mine[-1], "journal altered")
    for number, record in enumerate(page.records):
        time = mine[min(number, len(mine) - 1)].time
        if isinstance(record, journal.Entry):
            yield _One(record, node, time)
        elif isinstance(record, journal.Slept):
            hearing.slept.append((time, node, record))
        elif record.lost:
            hearing.notes.append(f"{node.phase}: {record.lost} evaluated texts more than are kept")
            if record.lost >= FLOOD:
                hearing.drafts.append(draft(time, Kind.EVASION_TRACER, "flood code.eval", node, weight=1))
        else:
            hearing.drafts.append(draft(time, Kind.EVASION_TRACER, f"hook {record.what}", node, weight=1))


def _gone(left: dict[str, list[Journalled]], opened: list[Journalled], hearing: Hearing) -> None:
    """Tell of journals that were written and are no more, and of those that were looked into."""
    for seen in left.values():
        if any(one.own and not one.error for one in seen):
            _trick(hearing, seen[-1], "journal deleted")
        elif any(one.own for one in seen):
            _trick(hearing, seen[-1], "journal refused")
    for one in opened:
        if not one.own and not one.error and one.path != JOURNAL:
            _trick(hearing, one, "journal written" if one.write else "journal read")


def _trick(hearing: Hearing, one: Journalled, what: str) -> None:
    hearing.drafts.append(draft(one.time, Kind.EVASION_TRACER, what, one.node, weight=1, detail=one.path))


def _judge(found: list[_One], places: Places, own: frozenset[str]) -> None:
    """Say whose each text is, in the order in which they were evaluated; then which are worth showing."""
    known: dict[tuple[str, str], _One] = {}
    for one in sorted(found, key=lambda one: one.time):
        entry = one.entry
        one.id = hashlib.sha256(entry.text).hexdigest()[:16]
        above = _above(one, known)
        one.by, one.owner, one.shown = _whose(one, above, places, own)
        one.parent = above.id if above is not None and above.shown else ""
        known.setdefault((entry.number, ""), one)
        known[entry.number, str(one.node.id)] = one


def _above(one: _One, known: dict[tuple[str, str], _One]) -> _One | None:
    """Find what evaluated this: in its process, or in one that it was forked from."""
    number = one.entry.parent
    node: Node | None = one.node if number else None
    while node is not None:
        if found := known.get((number, str(node.id))):
            return found
        node = node.parent
    return None


def _whose(one: _One, above: _One | None, places: Places, own: frozenset[str]) -> tuple[By, str, bool]:
    node, caller = one.node, one.entry.caller
    if above is not None and above.by is not By.TOOL:
        return above.by, above.owner, above.by is By.PACKAGE
    if not caller or caller.startswith(("<", "[")) or not _path(caller).startswith("/"):
        started = node.first or (node.parent is not None and node.parent.first)
        return (
            node.by,
            node.owner,
            node.by is By.PACKAGE and not (started and one.entry.evaluator == _PROGRAM),
        )
    path = _path(caller)
    if path.startswith(DRIVERS):
        return By.TOOL, "driver", False
    place = Place.OWN if path in own else places.of(path)
    if place in {Place.INSTALLED, Place.STARTUP}:
        package = places.package(path).removesuffix(".py")
        if any(package in one.evaluators for one in toolchains().values()):
            return By.TOOL, package, False
        return By.DEPENDENCY, package, False
    if place is Place.SHIPPED:
        return By.TOOL, "", False
    by = By.PACKAGE if place is Place.OWN else node.by
    return by, "" if place is Place.OWN else node.owner, by is By.PACKAGE


def _path(caller: str) -> str:
    return caller.removeprefix("file://")


def _choose(found: list[_One], hearing: Hearing) -> None:
    """Keep each text once, the more telling first where there are too many."""
    first: dict[str, _One] = {}
    for one in found:
        if one.shown and one.entry.text.strip():
            other = first.get(one.id)
            if other is None or one.time < other.time:
                first[one.id] = one
            hearing.drafts.append(_draft(one))
    ranked = sorted(first.values(), key=lambda one: (not _telling(one), one.time))
    room = MAX_ALL
    for number, one in enumerate(ranked):
        if number >= MAX_TEXTS or room <= 0:
            hearing.notes.append(f"{len(ranked) - number} evaluated texts more than are kept")
            break
        room -= min(len(one.entry.text), MAX_TEXT)
        hearing.texts.append(one)
    hearing.texts.sort(key=lambda one: one.time)


def _telling(one: _One) -> bool:
    return bool(one.parent) or bool(_TELLING.search(_text(one)[:20_000]))


def _text(one: _One) -> str:
    return one.entry.text.decode(errors="backslashreplace")


def _draft(one: _One) -> Draft:
    node, word = one.node, one.entry.evaluator
    weight = int(_telling(one))
    return Draft(one.time, Kind.CODE_EVAL, word, node.phase, node, one.by, one.owner, _detail(one), weight)


def _detail(one: _One) -> str:
    return f"{one.id}: {_text(one)[:MAX_EXCERPT]}"


def texts(hearing: Hearing, behaviours: tuple[Behaviour, ...], profile: str) -> tuple[Evaluated, ...]:
    """Give the texts that are kept, each with the place in the run of its `code.eval`."""
    at = {(b.process, b.detail): b.where for b in behaviours if b.kind is Kind.CODE_EVAL}
    return tuple(_evaluated(one, at.get((one.node.id, _detail(one))), profile) for one in hearing.texts)


def _evaluated(one: _One, where: object, profile: str) -> Evaluated:
    entry, text = one.entry, _text(one)
    return Evaluated(
        id=one.id,
        evaluator=entry.evaluator,
        text=text[:MAX_TEXT],
        complete=len(text) <= MAX_TEXT and entry.whole,
        process=one.node.id,
        phase=one.node.phase,
        profile=profile,
        seq=where.seq if isinstance(where, InTrace) else 0,
        language=entry.language,
        caller=f"{entry.caller}:{entry.line}" if entry.line else entry.caller,
        parent=one.parent,
        size=max(entry.size, len(entry.text)),
    )
