"""The lines of a comparison on a terminal; every word of a package is made visible first."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from biopsy.formats.views import since
from biopsy.formats.views.fitted import Fitted
from biopsy.formats.views.visible import visible
from biopsy.model.comparison import Comparison
from biopsy.model.release import Release

TONES = {"bad": "red", "warn": "yellow", "": "cyan"}
SIGNS = {"new": "bold", "changed": "bold", "gone": "dim"}
_FACET = 22  # columns


def section(comparison: Comparison, release: Release, limit: int) -> Iterator[RenderableType]:
    """A heading with the counts, and the gravest differences."""
    head = f"Since {visible(since.name(comparison, release), limit=60)}  "
    counts = visible(since.summary(comparison), limit=200)
    yield _line((head, "bold"), counts)
    shown, every = since.telling(comparison, limit), since.lines(comparison)
    yield from map(difference, shown)
    rest = [f"and {len(every) - limit:,} more"] if len(every) > limit else []
    if comparison.untold:
        others = f" (and {len(comparison.untold) - 1} more)" if len(comparison.untold) > 1 else ""
        rest.append(f"not compared: {visible(comparison.untold[0], limit=160)}{others}")
    if rest:
        yield _line((f"  {'; '.join(rest)}", "dim"))


def difference(line: since.Line) -> Fitted:
    """One difference: sign, class, what, how it stands and how it stood, where."""
    one = line.difference
    words = [visible(one.what, limit=120)]
    if one.was and one.now and one.now not in one.what:
        words.append(f"{visible(one.was, limit=80)} → {visible(one.now, limit=80)}")
    elif one.was and one.now:
        words.append(f"was {visible(one.was, limit=80)}")
    else:
        words.append(visible(one.now or one.was, limit=80))
    where = visible(since.place(one), limit=70)
    head = Text.assemble(
        (f"  {line.sign} ", f"{SIGNS[line.turn]} {TONES[line.tone]}"),
        (f"{line.facet:{_FACET}}", TONES[line.tone] if line.turn != "gone" else "dim"),
    )
    return Fitted(head, Text("  ".join(filter(None, words))), Text(f"@ {where}" if where else "", "dim"))


def _line(*pieces: str | tuple[str, str]) -> Text:
    return Text.assemble(*pieces, no_wrap=True, overflow="ellipsis")
