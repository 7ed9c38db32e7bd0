"""Small drawings as SVG without style or script, and the data of large ones, which uPlot draws.

Without scripts, the table beside a chart has the same numbers.
"""

from collections.abc import Sequence

from markupsafe import Markup

WIDE, TALL = 120, 28


def spark(values: Sequence[float], tone: str = "plain", title: str = "") -> Markup:
    """A line of a few numbers, as high as a line of text."""
    if not values:
        return Markup("")
    most = max(values) or 1
    step = WIDE / max(len(values) - 1, 1)
    points = " ".join(
        f"{at * step:.1f},{TALL - 2 - (TALL - 4) * value / most:.1f}" for at, value in enumerate(values)
    )
    return Markup(
        '<svg class="spark k-{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polygon points="0,{} {} {},{}"/><polyline points="{}"/></svg>'
    ).format(tone, WIDE, TALL, title, TALL, points, WIDE, TALL, points)


def share(value: float, most: float, tone: str = "plain") -> Markup:
    """A bar beside a number: what part of the largest it is."""
    wide = max(round(100 * value / most, 1), 0.5) if most and value else 0
    return Markup(
        '<svg class="share-bar k-{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="all" width="100" height="6"/><rect class="part-of" width="{}" height="6"/></svg>'
    ).format(tone, wide)
