"""Trends as one SVG file: no script, no font of its own, readable on light and dark."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from biopsy.warehouse.trends import TOP, Count, Trends

WIDTH, MARGIN, GAP = 960, 24, 40
DAYS_TALL, ROW = 200, 22
_COLOURS = {"malicious": "#d1383d", "suspicious": "#e6a23c", "unknown": "#8f99a8", "benign": "#4c9f70"}
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f } .head { font-weight: 600; font-size: 14px }
  .title { font-weight: 600; font-size: 18px } .soft { fill: #656d76 } .end { text-anchor: end }
  .axis { stroke: #d0d7de } .bar { fill: #4c78a8 } .back { fill: #ffffff }
  .p50 { stroke: #4c78a8; fill: none; stroke-width: 2 } .p95 { stroke: #d1383d; fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .soft { fill: #9198a1 } .axis { stroke: #3d444d } .back { fill: #0d1117 }
  }
"""


def drawn(trends: Trends) -> str:
    """The whole document."""
    body: list[str] = []
    where = f", {trends.ecosystem}" if trends.ecosystem else ""
    title = f"{trends.days[0]} to {trends.days[-1]}{where}"
    body.append(_text(MARGIN, 38, f"Verdicts and what they are for: {title}", "title"))
    top = 76
    body += _verdicts(trends, top)
    top += DAYS_TALL + GAP + 30
    if any(one.dossiers for one in trends.times):
        body += _times(trends, top)
        top += DAYS_TALL // 2 + GAP + 50
    half = (WIDTH - MARGIN * 2 - GAP) // 2
    pairs = (
        (("Categories", trends.categories), ("Techniques (ATT&CK)", trends.techniques)),
        (("When it happens", trends.triggers), ("Ecosystems", trends.ecosystems)),
    )
    for left, right in pairs:
        body += _bars(*left, MARGIN, top, half)
        body += _bars(*right, MARGIN + half + GAP, top, half)
        top += (min(max(len(left[1]), len(right[1]), 1), TOP) + 1) * ROW + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" '
        f'role="img" aria-label={quoteattr(title)}><style>{_STYLE}</style>'
        f'<rect class="back" width="{WIDTH}" height="{top}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _verdicts(trends: Trends, top: int) -> Iterator[str]:
    left, wide = MARGIN + 50, WIDTH - MARGIN * 2 - 50
    yield _text(MARGIN, top, "Dossiers a day, by verdict", "head")
    at = MARGIN + 240
    for one in trends.verdicts:
        yield f'<rect x="{at}" y="{top - 10}" width="10" height="10" fill="{_colour(one)}"/>'
        label = f"{one.name} {one.total:,}"
        yield _text(at + 15, top, label, "soft")
        at += 40 + 7 * len(label)
    base, step = top + 20 + DAYS_TALL, wide / len(trends.days)
    most = (
        max((sum(one.by_day[i] for one in trends.verdicts) for i in range(len(trends.days))), default=0) or 1
    )
    yield from _frame(left, base, wide, DAYS_TALL, f"{most:,}")
    for number, day in enumerate(trends.days):
        floor = float(base)
        for one in trends.verdicts:
            tall = one.by_day[number] / most * DAYS_TALL
            if tall:
                floor -= tall
                x = left + number * step + step * 0.1
                yield (
                    f'<rect x="{x:.1f}" y="{floor:.1f}" width="{step * 0.8:.1f}" height="{tall:.1f}" '
                    f'fill="{_colour(one)}">'
                    f"<title>{escape(f'{day}: {one.by_day[number]:,} {one.name}')}</title></rect>"
                )
    yield from _dates(trends.days, left, base, step)


def _times(trends: Trends, top: int) -> Iterator[str]:
    left, wide, tall = MARGIN + 50, WIDTH - MARGIN * 2 - 50, DAYS_TALL // 2
    base, step = top + 20 + tall, wide / len(trends.days)
    most = max((one.p95 or 0.0 for one in trends.times), default=0.0) or 1.0
    yield _text(MARGIN, top, "From publication to the first verdict", "head")
    yield f'<path class="p50" d="M{MARGIN + 310} {top - 4}h16"/>' + _text(
        MARGIN + 332, top, "half are faster", "soft"
    )
    yield f'<path class="p95" d="M{MARGIN + 440} {top - 4}h16"/>'
    yield _text(MARGIN + 462, top, "one in twenty is slower", "soft")
    yield from _frame(left, base, wide, tall, span(most))
    middle = [left + step / 2 + number * step for number in range(len(trends.days))]
    for name, values in (("p50", [t.p50 for t in trends.times]), ("p95", [t.p95 for t in trends.times])):
        yield from _path(name, list(zip(middle, values, strict=True)), base, tall / most)
    yield from _dates(trends.days, left, base, step)


def _path(name: str, points: Sequence[tuple[float, float | None]], base: int, scale: float) -> Iterator[str]:
    drawn_, moved = [], "M"
    for x, value in points:
        if value is None:
            moved = "M"
            continue
        y = base - value * scale
        drawn_.append(f"{moved}{x:.1f} {y:.1f}")
        tip = f"<title>{escape(span(value))}</title>"
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" class="{name}">{tip}</circle>'
        moved = "L"
    if drawn_:
        yield f'<path class="{name}" d="{"".join(drawn_)}"/>'


def _colour(one: Count) -> str:
    return _COLOURS.get(one.name, "#4c78a8")


def _bars(head: str, counts: Sequence[Count], left: int, top: int, wide: int) -> Iterator[str]:
    yield _text(left, top, head, "head")
    if not counts:
        yield _text(left, top + ROW, "none", "soft")
    beside, most = 190, max((one.total for one in counts), default=0) or 1
    for number, one in enumerate(counts[:TOP]):
        y = top + (number + 1) * ROW
        name = f"{one.name} {one.title}".strip()
        yield _text(left, y, name if len(name) <= 26 else f"{name[:25]}…", tip=name)
        long = max(one.total / most * (wide - beside - 60), 1)
        yield f'<rect class="bar" x="{left + beside}" y="{y - 11}" width="{long:.1f}" height="14" rx="2"/>'
        yield _text(left + beside + int(long) + 6, y, f"{one.total:,}", "soft")


def _frame(left: int, base: int, wide: int, tall: int, most: str) -> Iterator[str]:
    yield f'<path class="axis" d="M{left} {base - tall}V{base}H{left + wide}" fill="none"/>'
    yield _text(left - 6, base - tall + 10, most, "soft end")
    yield _text(left - 6, base, "0", "soft end")


def _dates(days: Sequence[str], left: int, base: int, step: float) -> Iterator[str]:
    every = max(len(days) // 8, 1)
    for number in range(0, len(days), every):
        x = int(left + number * step)
        yield _text(x, base + 18, days[number][5:] if len(days) > 1 else days[number], "soft")


def span(seconds: float) -> str:
    """Seconds as people say them."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _text(x: int, y: int, words: str, kind: str = "", *, tip: str = "") -> str:
    title = f"<title>{escape(tip)}</title>" if tip else ""
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}{title}</text>'
