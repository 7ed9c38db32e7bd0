"""For a terminal: the two releases, what is new, changed and gone by class, and which findings that makes.

Every word of a package is made visible (`views.visible`) before it is shown, and goes in as text that rich
never reads as markup.
"""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.panel import Panel
from rich.text import Text

from biopsy.formats.text import CALLS, LEVELS, WIDTH, on_screen
from biopsy.formats.views import since, since_text
from biopsy.formats.views.measure import size
from biopsy.formats.views.visible import visible
from biopsy.formats.wire.scalar import purl
from biopsy.model.comparison import Comparison
from biopsy.model.dossier import Analysis, Finding

ENDING = ".txt"
ON_SCREEN = True

MAX_DIFFERENCES = 60
MAX_FINDINGS = 12
MAX_UNTOLD = 6
TITLES = {"new": "New", "changed": "Changed", "gone": "Gone"}


def render(
    before: Analysis,
    after: Analysis,
    worrying: tuple[Finding, ...],
    *,
    width: int = WIDTH,
    colour: bool = False,
) -> str:
    """One screen, or a little more."""
    assert after.comparison is not None, "the later analysis holds the comparison"
    return on_screen([list(_screen(before, after, worrying, after.comparison))], width, colour=colour)


def _screen(
    before: Analysis, after: Analysis, worrying: tuple[Finding, ...], comparison: Comparison
) -> Iterator[RenderableType]:
    yield _banner(before, after, worrying, comparison)
    every = since.lines(comparison)
    for turn, title in TITLES.items():
        lines = [line for line in every if line.turn == turn]
        if lines:
            yield Text()
            yield _line((title, "bold"), (f"  {len(lines):,}", "dim"))
            yield from map(since_text.difference, lines[:MAX_DIFFERENCES])
        if len(lines) > MAX_DIFFERENCES:
            yield _line((f"  and {len(lines) - MAX_DIFFERENCES:,} more, in the other forms", "dim"))
    yield from _findings(before, after, worrying)
    if comparison.untold:
        yield Text()
        yield _line(("Not compared", "bold"))
        for untold in comparison.untold[:MAX_UNTOLD]:
            yield Text(f"  {visible(untold, limit=200)}", "dim")
        if len(comparison.untold) > MAX_UNTOLD:
            yield _line((f"  and {len(comparison.untold) - MAX_UNTOLD} more", "dim"))


def _banner(
    before: Analysis, after: Analysis, worrying: tuple[Finding, ...], comparison: Comparison
) -> Panel:
    colour = "red" if worrying else "green" if not comparison.untold else "magenta"
    rows = [_side(" before ", before), _side(" after  ", after)]
    rows.append(Text(visible(since.headline(comparison, worrying), limit=600), style="bold"))
    return Panel(Text("\n").join(rows), border_style=colour, padding=(0, 1))


def _side(label: str, analysis: Analysis) -> Text:
    call, artifact = analysis.verdict.call, analysis.dossier.artifact
    how = "read" if analysis.dossier.static_only else "read and run"
    facts = f"  {visible(artifact.filename, limit=60)} · {size(artifact.size)} · {how}"
    name = visible(purl(analysis.dossier.release), limit=100)
    return _line((label, "dim"), (f"{name}  ", "bold"), (call.value, CALLS[call]), (facts, "dim"))


def _findings(before: Analysis, after: Analysis, worrying: tuple[Finding, ...]) -> Iterator[Text]:
    for title, findings in since.findings(before, after):
        if findings:
            key = "  ● is what the verdict rests on" if set(findings) & set(worrying) else ""
            yield Text()
            yield _line((title, "bold"), (key, "dim"))
        for finding in findings[:MAX_FINDINGS]:
            mark = ("●" if finding in worrying else "○", LEVELS[finding.severity])
            words = f"  {visible(finding.rule)} {finding.severity}/{finding.confidence}"
            yield _line("  ", mark, " ", visible(finding.title, limit=100), (words, "dim"))
        if len(findings) > MAX_FINDINGS:
            yield _line((f"  and {len(findings) - MAX_FINDINGS} more", "dim"))


def _line(*pieces: str | tuple[str, str]) -> Text:
    return Text.assemble(*pieces, no_wrap=True, overflow="ellipsis")
