"""Charts: of what came of a question in the terminal, and of trends as SVG."""

from collections.abc import Iterator, Sequence
from typing import Any

from biopsy.errors import UsageError
from biopsy.warehouse.results import text

BARS = " ▏▎▍▌▋▊▉█"
MAX_BARS = 50
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode, Braille Patterns
_LINES = 10


def bar(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], width: int = 80) -> Iterator[str]:
    """A bar a row: the last number of it, beside its other values. UsageError where there is no number."""
    at = _number(columns, rows)
    shown = rows[:MAX_BARS]
    labels = [" ".join(text(v) for i, v in enumerate(row) if i != at) for row in shown]
    beside = min(max(map(len, labels), default=0), max(width // 2, 10))
    values = [float(row[at] or 0) for row in shown]
    numbers = [text(row[at]) for row in shown]
    room = max(width - beside - max(map(len, numbers), default=0) - 4, 8)
    most = max((abs(value) for value in values), default=0.0) or 1.0
    yield f"{columns[at]}:"
    for label, value, number in zip(labels, values, numbers, strict=True):
        cut = label if len(label) <= beside else f"{label[: beside - 1]}…"
        yield f"{cut:{beside}}  {_bar(abs(value) / most, room)} {number}"
    if len(rows) > len(shown):
        yield f"… and {len(rows) - len(shown)} more"


def _bar(share: float, room: int) -> str:
    eighths = round(share * room * 8)
    return "█" * (eighths // 8) + BARS[eighths % 8].strip()


def line(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], width: int = 80) -> Iterator[str]:
    """A line of the last number of each row, in the order of the rows. UsageError as `bar` raises it."""
    at = _number(columns, rows)
    values = [float(row[at] or 0) for row in rows]
    low, high = min(0.0, *values), max(*values, 0.0) if len(values) > 1 else max(values[0], 0.0)
    beside = max(len(f"{low:g}"), len(f"{high:g}"))
    room = max(width - beside - 3, 8)
    yield f"{columns[at]}:"
    for number, drawn in enumerate(_canvas(values, low, high, room)):
        label = f"{high:g}" if number == 0 else f"{low:g}" if number == _LINES - 1 else ""
        yield f"{label:>{beside}} ┤{drawn}"
    ends = [" ".join(text(v) for i, v in enumerate(row) if i != at) for row in (rows[0], rows[-1])]
    yield f"{'':{beside}}  {ends[0]}{ends[1]:>{max(room - len(ends[0]), 1)}}"


def _canvas(values: Sequence[float], low: float, high: float, room: int) -> list[str]:
    cells = [[0] * room for _ in range(_LINES)]
    span, wide, tall = (high - low) or 1.0, room * 2, _LINES * 4
    before: int | None = None
    for x in range(wide):
        place = x * (len(values) - 1) / max(wide - 1, 1)
        left = int(place)
        right = min(left + 1, len(values) - 1)
        value = values[left] + (values[right] - values[left]) * (place - left)
        y = round((high - value) / span * (tall - 1))
        for dot in range(
            min(y, y if before is None else before), max(y, y if before is None else before) + 1
        ):
            cells[dot // 4][x // 2] |= _DOTS[dot % 4][x % 2]
        before = y
    return ["".join(chr(0x2800 + cell) for cell in row).rstrip("⠀") for row in cells]


def _number(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
    if not rows:
        raise UsageError("there is nothing to draw: no rows")
    for at in reversed(range(len(columns))):
        some = [row[at] for row in rows if row[at] is not None]
        if some and all(isinstance(value, int | float) and not isinstance(value, bool) for value in some):
            return at
    raise UsageError("there is nothing to draw: no column of numbers")
