"""For a terminal: one screen, verdict and why first, then what it rests on, what ran and what was seen.

Every word of a package is made visible (`views.visible`) before it is shown, and goes in as text that rich
never reads as markup: no escape sequence, direction mark or line break of a package reaches the terminal.
"""

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from biopsy.formats.views import digest, evaluated_text, indicators, since_text, summary
from biopsy.formats.views.fitted import Fitted
from biopsy.formats.views.measure import many, size, span
from biopsy.formats.views.visible import visible
from biopsy.formats.wire.scalar import purl
from biopsy.model.dossier import Analysis, Call, Finding, Level
from biopsy.model.run import Outcome, Status

ENDING = ".txt"
ON_SCREEN = True
"""`render` takes the width and the colours of a terminal."""

WIDTH = 100
MIN_WIDTH, MAX_WIDTH = 40, 160

MAX_FINDINGS = 6
MAX_EVIDENCE = 12
"""Lines of evidence on the screen, shared out among the findings."""

MAX_INDICATORS = 4
MIN_DIFFERENCES, MAX_DIFFERENCES = 2, 12
"""What changed has the more room the less was found."""

CALLS = {Call.MALICIOUS: "red", Call.SUSPICIOUS: "yellow", Call.BENIGN: "green", Call.UNKNOWN: "magenta"}
LEVELS = {Level.HIGH: "red", Level.MEDIUM: "yellow", Level.LOW: "dim"}
STATUSES = {
    Status.COMPLETED: ("✓", "green"),
    Status.FAILED: ("✗", "yellow"),
    Status.TIMEOUT: ("⧖", "yellow"),
    Status.CRASHED: ("✗", "red"),
    Status.SKIPPED: ("–", "dim"),
}


def render(first: Analysis, *more: Analysis, width: int = WIDTH, colour: bool = False) -> str:
    """One screen for each analysis; escape codes only where `colour` is asked for."""
    return on_screen([_screen(analysis) for analysis in (first, *more)], width, colour=colour)


def on_screen(screens: Sequence[Sequence[RenderableType]], width: int, *, colour: bool) -> str:
    """Write screens one below the other, an empty line between them."""
    console = Console(
        file=StringIO(),
        width=min(max(width, MIN_WIDTH), MAX_WIDTH),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for number, screen in enumerate(screens):
            if number:
                console.print()
            # as one group: printed on its own, a line of text would forget that it may not wrap
            console.print(Group(*screen))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _screen(analysis: Analysis) -> list[RenderableType]:
    return [
        _banner(analysis),
        _facts(analysis),
        *_findings(analysis),
        *_since(analysis),
        *_phases(analysis),
        *evaluated_text.section(analysis.dossier),
        _seen(analysis),
    ]


def _since(analysis: Analysis) -> Iterator[RenderableType]:
    if analysis.comparison is not None:
        yield Text()
        room = max(MIN_DIFFERENCES, MAX_DIFFERENCES - 2 * len(analysis.findings))
        yield from since_text.section(analysis.comparison, analysis.dossier.release, room)


def _line(*pieces: str | tuple[str, str]) -> Text:
    return Text.assemble(*pieces, no_wrap=True, overflow="ellipsis")


def _banner(analysis: Analysis) -> Panel:
    call, colour = analysis.verdict.call, CALLS[analysis.verdict.call]
    head = Text.assemble(
        (f" {call.upper()} ", f"bold reverse {colour}"),
        "  ",
        (visible(purl(analysis.dossier.release), limit=160), "bold"),
    )
    reason = Text(visible(analysis.verdict.reason, limit=400))
    if analysis.classes:
        titles = " · ".join(given.title for given in analysis.classes)
        reason = Text.assemble((visible(titles, limit=200), "bold"), "\n", reason)
    dossier = analysis.dossier
    unsaid = (
        dossier.static_only
        and not dossier.read_only
        and "nothing was run" not in analysis.verdict.reason.lower()
    )
    nothing = Text("Nothing was run: this is what reading the files shows.", "italic")
    body = Text("\n").join([head, reason, nothing] if unsaid else [head, reason])
    return Panel(body, border_style=colour, padding=(0, 1))


def _facts(analysis: Analysis) -> Padding:
    dossier, artifact = analysis.dossier, analysis.dossier.artifact
    hashed = "hash as the registry says" if artifact.verified else "no registry hash to compare"
    digits = visible(artifact.sha256[:12])
    facts = f"{size(artifact.size)} · {span(dossier.duration_s)} · sha256 {digits}… · {hashed}"
    return Padding(Text(visible(artifact.filename, limit=64) + " · " + facts, "dim"), (0, 0, 0, 2))


def _findings(analysis: Analysis) -> list[RenderableType]:
    ranked = digest.ranked(analysis)
    shown = [f for f in ranked if f.status != "draft"][:MAX_FINDINGS]
    if not ranked:
        return [Text(), _line(("Findings  ", "bold"), "none")]
    key = "  ● decides on its own" if any(finding.convicts for finding in shown) else ""
    blocks: list[RenderableType] = [Text(), _line(("Findings", "bold"), (key, "dim"))]
    lines = MAX_EVIDENCE - (3 if analysis.comparison is not None else 0)
    for finding in shown:
        blocks.extend(_finding(finding, room=max(1, min(3, lines // len(shown)))))
    if rest := [f for f in ranked if f not in shown]:
        drafts = sum(f.status == "draft" for f in rest)
        words = f"  and {many(len(rest), 'more finding')}" + (f", {many(drafts, 'draft')}" if drafts else "")
        blocks.append(_line((words, "dim")))
    return blocks


def _finding(finding: Finding, room: int) -> Iterator[RenderableType]:
    mark = ("●" if finding.convicts else "○", LEVELS[finding.severity])
    words = [visible(finding.rule), f"{finding.severity}/{finding.confidence}", *map(visible, finding.attack)]
    title = Text(visible(finding.title, limit=90), "bold")
    yield Fitted(Text.assemble("  ", mark, " "), title, Text(" ".join(words), "dim"))
    facts = summary.facts(finding.evidence)
    for number, (behaviour, places) in enumerate(facts[:room], 1):
        left = len(facts) - room + finding.more
        more = f"; and {left} more" if number == room and left > 0 else ""
        value = visible(behaviour.value, limit=200)
        where = visible(places[0], limit=60)
        also = f" and {many(len(places) - 1, 'other place')}" if len(places) > 1 else ""
        head = Text.assemble("      ", (behaviour.kind.value, "cyan"), " ")
        yield Fitted(head, Text(value), Text(f"@ {where}", "dim"), Text(also + more, "dim"))


def _phases(analysis: Analysis) -> list[RenderableType]:
    dossier = analysis.dossier
    if dossier.static_only or not dossier.outcomes:
        why = "packages of this kind are read, not run" if dossier.read_only else "nothing was run"
        return [Text(), _line(("Phases  ", "bold"), f"none: {why}")]
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("Phases", no_wrap=True, overflow="ellipsis")
    for phase in digest.phases(dossier):
        table.add_column(visible(phase), no_wrap=True, overflow="ellipsis")
    notes: list[Outcome] = []
    for profile in digest.profiles(dossier):
        by_phase = {outcome.phase: outcome for outcome in dossier.outcomes if outcome.profile == profile}
        cells = [_cell(by_phase.get(phase)) for phase in digest.phases(dossier)]
        table.add_row(visible(f"  {profile}"), *cells)
        notes.extend(o for o in by_phase.values() if o.status is not Status.COMPLETED and o.reason)
    return [Text(), table, *map(_note, summary.reasons(notes)[:4])]


def _cell(outcome: Outcome | None) -> Text:
    if outcome is None:
        return Text("")
    mark, style = STATUSES[outcome.status]
    if outcome.status is Status.SKIPPED:
        return Text(f"{mark} skipped", style)
    done, of = digest.steps_done(outcome)
    steps = f" {done}/{of}" if of else ""
    word = "" if outcome.status is Status.COMPLETED else f" {outcome.status}"
    return Text.assemble((mark + word, style), steps, (f" {span(outcome.duration_s)}", "dim"))


def _note(note: str) -> Padding:
    return Padding(_line((visible(note, limit=200), "dim")), (0, 0, 0, 4))


def _seen(analysis: Analysis) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, show_edge=False, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    table.add_row("", "")
    for head, body in summary.rows(analysis.dossier):
        table.add_row(head, Text(visible(body, limit=240)))
    if indicators.accused(analysis) and (named := indicators.telling(analysis)):
        shown = [indicators.defanged(ioc) for ioc in named[:MAX_INDICATORS]]
        more = [f"{len(named) - MAX_INDICATORS} more"] if len(named) > MAX_INDICATORS else []
        table.add_row("Indicators", Text(visible(" · ".join(shown + more), limit=400)))
    run = visible(analysis.dossier.run_id)
    table.add_row("More", Text(f"biopsy show {run} --format html --output report.html", "cyan"))
    return table
