"""What happened when: a lane for each profile, with its phases as bands and what mattered as marks."""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from biopsy.formats.page.anchors import Anchors
from biopsy.formats.views import digest
from biopsy.formats.views.measure import real
from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Outcome

LEFT, RIGHT = 110, 990
"""Where time begins and ends, in units of the drawing, which is 1000 wide."""

ROWS = ("canary", "net", "process", "file")
ROW_HEIGHT, BAND_HEIGHT, GAP = 20, 24, 30
KINDS = {
    Kind.CANARY_LEAK: "canary",
    Kind.CANARY_READ: "canary",
    Kind.CANARY_SWAP: "canary",
    Kind.CODE_REMOTE: "canary",
    Kind.EVASION_TRACER: "canary",
    Kind.NET_HTTP: "net",
    Kind.NET_CONNECT: "net",
    Kind.NET_DNS: "net",
    Kind.NET_SEND: "net",
    Kind.PROCESS_EXEC: "process",
    Kind.FILE_WRITE: "file",
    Kind.FILE_DELETE: "file",
    Kind.FILE_READ: "file",
}
LABELS = {"canary": "credentials", "net": "network", "process": "processes", "file": "files"}


class Band(Struct, frozen=True):
    """A phase, from where to where."""

    outcome: Outcome
    x: float
    width: float


class Mark(Struct, frozen=True):
    """A behaviour at its moment."""

    behaviour: Behaviour
    number: int | None
    row: str
    x: float
    y: float


class Lane(Struct, frozen=True):
    """A profile: its bands at the top, a row of marks for each family below."""

    profile: str
    y: float
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    rows: tuple[tuple[str, float], ...]  # label and where it stands


class Timeline(Struct, frozen=True):
    """The drawing, `height` high and 1000 wide."""

    height: float
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, float], ...]  # where, and which second


def timeline(dossier: Dossier, anchors: Anchors, marks: int) -> Timeline | None:
    """Lay the drawing out; None where nothing was run."""
    starts = {name: _starts(dossier, name) for name in digest.profiles(dossier)}
    ends = [start + real(outcome.duration_s) for lane in starts.values() for outcome, start in lane]
    end = max(ends, default=0.0)
    if end <= 0:
        return None
    scale = (RIGHT - LEFT) / end
    lanes, y = [], 8.0
    for profile, phases in starts.items():
        if not phases:
            continue
        bands = tuple(Band(o, LEFT + at * scale, max(real(o.duration_s) * scale, 2.0)) for o, at in phases)
        seen = tuple(islice(_marks(dossier, profile, anchors, scale, y + BAND_HEIGHT + 8), marks))
        rows = tuple((LABELS[r], y + BAND_HEIGHT + 8 + (n + 0.5) * ROW_HEIGHT) for n, r in enumerate(ROWS))
        lanes.append(Lane(profile, y, bands, seen, rows))
        y += BAND_HEIGHT + 8 + len(ROWS) * ROW_HEIGHT + GAP
    return Timeline(y, tuple(lanes), tuple(_ticks(end, scale)))


def _starts(dossier: Dossier, profile: str) -> list[tuple[Outcome, float]]:
    """Each phase that took time with its start: as its first process says, else after the one before."""
    first: dict[str, float] = {}
    for process in dossier.processes:
        if process.profile == profile:
            first[process.phase] = min(real(process.start), first.get(process.phase, real(process.start)))
    placed, clock = [], 0.0
    for outcome in dossier.outcomes:
        if outcome.profile == profile and real(outcome.duration_s) > 0:
            clock = max(clock, first.get(outcome.phase, clock))
            placed.append((outcome, clock))
            clock += real(outcome.duration_s)
    return placed


def _marks(dossier: Dossier, profile: str, anchors: Anchors, scale: float, top: float) -> Iterator[Mark]:
    """Marks of what the package did; what would cover another of its row is left out."""
    taken: set[tuple[str, int]] = set()
    telling = sorted(
        (b for b in dossier.behaviours if b.kind in KINDS and b.time is not None),
        key=lambda b: (b.kind is not Kind.CANARY_LEAK, b.kind is Kind.FILE_READ, real(b.time)),
    )
    for behaviour in telling:
        if behaviour.by is By.TOOL:
            continue
        if not isinstance(behaviour.where, InTrace) or behaviour.where.profile != profile:
            continue
        row = KINDS[behaviour.kind]
        x = min(LEFT + real(behaviour.time) * scale, RIGHT)
        if (row, round(x / 4)) in taken:
            continue
        taken.add((row, round(x / 4)))
        y = top + (ROWS.index(row) + 0.5) * ROW_HEIGHT
        yield Mark(behaviour, anchors.number(behaviour), row, round(x, 1), y)


def _ticks(end: float, scale: float) -> Iterator[tuple[float, float]]:
    step = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300) if end / s <= 10), 600)
    count = int(end / step) + 1
    for number in range(min(count, 50)):
        yield round(LEFT + number * step * scale, 1), round(number * step, 1)
