"""Who talked to whom: processes on the left, hosts on the right, a line for what was said."""

from collections import Counter

from msgspec import Struct

from biopsy.formats.views.contacts import Host
from biopsy.model.behaviour import By
from biopsy.model.dossier import Dossier
from biopsy.model.run import Process

MAX_SIDE = 10
"""Most processes, and most hosts, that the drawing holds."""

STEP = 46
PROCESS_X, HOST_X = 400, 640
"""Where lines leave a process and reach a host, in a drawing 1000 wide."""


class End(Struct, frozen=True):
    """A process or a host, where it stands."""

    label: str
    y: float
    tone: str  # package | dependency | tool, or leak | code | plain
    link: str = ""


class Line(Struct, frozen=True):
    """What one said to the other: a curve, thicker for more bytes."""

    path: str
    width: float
    tone: str
    title: str


class Map(Struct, frozen=True):
    """The drawing."""

    height: float
    processes: tuple[End, ...]
    hosts: tuple[End, ...]
    lines: tuple[Line, ...]
    left: int  # hosts not drawn


def tone(host: Host) -> str:
    """What is worst about a host."""
    return "leak" if host.leaks else "code" if host.remote else "plain"


def draw(dossier: Dossier, hosts: tuple[Host, ...]) -> Map | None:
    """Lay the drawing out; None where nobody was contacted. The same command of two profiles is one end."""
    shown = hosts[:MAX_SIDE]
    by_id = {process.id: process for process in dossier.processes}
    said: Counter[tuple[str, str]] = Counter()
    who: dict[str, Process | None] = {}
    for host in shown:
        for exchange in host.exchanges:
            if exchange.by is By.TOOL and not host.leaks:
                continue
            process = by_id.get(exchange.process) if exchange.process is not None else None
            label = _label(process)
            who.setdefault(label, process)
            said[label, host.name] += exchange.sent + 1
    if not said:
        return None
    speakers = list(who)[:MAX_SIDE]
    height = max(len(speakers), len(shown)) * STEP + 10
    y_of = {name: _place(n, len(speakers), height) for n, name in enumerate(speakers)}
    at = {host.name: _place(n, len(shown), height) for n, host in enumerate(shown)}
    tones = {host.name: tone(host) for host in shown}
    lines = tuple(
        Line(_curve(y_of[label], at[name]), min(1.5 + count**0.5 / 12, 9.0), tones[name], f"{label} → {name}")
        for (label, name), count in said.items()
        if label in y_of
    )
    left = tuple(
        End(label, y_of[label], p.by.value if p else "tool") for label, p in who.items() if label in y_of
    )
    right = tuple(End(h.name, at[h.name], tones[h.name], f"host-{n}") for n, h in enumerate(shown, 1))
    return Map(height, left, right, lines, len(hosts) - len(shown))


def _label(process: Process | None) -> str:
    return " ".join(process.argv) if process else "unknown process"


def _place(number: int, count: int, height: float) -> float:
    return round(height * (number + 0.5) / count, 1)


def _curve(start: float, end: float) -> str:
    middle = (PROCESS_X + HOST_X) / 2
    return f"M{PROCESS_X},{start} C{middle},{start} {middle},{end} {HOST_X},{end}"
