"""For an issue or a chat: verdict, findings with evidence, phases, indicators, as GitHub's Markdown.

Nothing of a package is markup here: its words stand in code spans whose fence is longer than any run of
backticks in them, or with every character escaped that Markdown, HTML or a mention would read; what cannot
be seen is spelled out, and indicators are defanged, so that no client makes a link or a preview of them.
"""

import re
from collections.abc import Iterable, Iterator

from biopsy.formats.views import contacts, digest, summary
from biopsy.formats.views.indicators import accused, defanged, telling
from biopsy.formats.views.visible import visible
from biopsy.formats.wire.scalar import purl
from biopsy.model.dossier import Analysis, Call, Dossier, Finding, Ioc
from biopsy.model.run import Outcome, Status

ENDING = ".md"

MAX_EVIDENCE = 6
"""Behaviours shown of a finding; the rest is counted."""

MAX_INDICATORS = 30
"""Indicators shown; the rest is counted."""

MAX_SPAN = 300
"""Longest text of a package, in characters."""

_MARKS = {Call.MALICIOUS: "⛔", Call.SUSPICIOUS: "⚠️", Call.BENIGN: "✅", Call.UNKNOWN: "❔"}
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~@&$]|:(?=/|\w)|(?<=www)\.|^[-+=])", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")


def render(first: Analysis, *more: Analysis) -> str:
    """A document with a section for each."""
    return "\n---\n\n".join("\n".join(_analysis(one)) + "\n" for one in (first, *more))


def code(text: str) -> str:
    """A code span, in a table too, of which no text is the end."""
    shown = visible(text, limit=MAX_SPAN).replace("|", "¦")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def words(text: str) -> str:
    """Words as words: none of them is markup, a mention, a reference or a link."""
    return _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", visible(text, limit=2000).strip()))


def _analysis(analysis: Analysis) -> Iterator[str]:
    dossier, call = analysis.dossier, analysis.verdict.call
    artifact = dossier.artifact
    yield f"## {_MARKS[call]} {call.value.capitalize()}: {code(purl(dossier.release))}"
    yield ""
    yield words(analysis.verdict.reason)
    yield ""
    facts = [
        ("File", f"{code(artifact.filename)}, {artifact.size:,} bytes"),
        ("SHA-256", code(artifact.sha256)),
    ]
    facts += [("Class", words(", ".join(one.title for one in analysis.classes)))] if analysis.classes else []
    facts += [(name, words(_unlinked(dossier, line))) for name, line in summary.rows(dossier)]
    facts += [
        ("Run", f"{code(dossier.run_id)}, {words(dossier.created)}, biopsy {words(dossier.tool.biopsy)}")
    ]
    yield from _table(("", ""), facts)
    yield from _findings(analysis)
    yield from _phases(dossier.outcomes)
    yield from _indicators(analysis)


def _unlinked(dossier: Dossier, line: str) -> str:
    """A line in which no host that was contacted becomes a link."""
    for host in contacts.own(dossier):
        line = line.replace(host.name, host.name.replace(".", "[.]"))
    return line


def _findings(analysis: Analysis) -> Iterator[str]:
    if not analysis.findings:
        return
    yield "### Findings"
    yield ""
    because = set(analysis.verdict.because)
    for finding in digest.ranked(analysis):
        yield from _finding(finding, decides=finding.convicts and finding.rule in because)


def _finding(finding: Finding, *, decides: bool) -> Iterator[str]:
    attack = f", {words(', '.join(finding.attack))}" if finding.attack else ""
    rests = " **Decides on its own.**" if decides else ""
    how = f"{code(finding.rule)}, severity {finding.severity.value}{attack}"
    yield f"- **{words(finding.title)}** ({how}){rests}"
    for one in finding.evidence[:MAX_EVIDENCE]:
        yield f"  - {code(str(one))}"
    if more := len(finding.evidence) - len(finding.evidence[:MAX_EVIDENCE]) + finding.more:
        yield f"  - {more:,} more"
    yield ""


def _phases(outcomes: tuple[Outcome, ...]) -> Iterator[str]:
    unfinished = [one for one in outcomes if one.status not in (Status.COMPLETED, Status.SKIPPED)]
    if unfinished:
        yield "### Not finished"
        yield ""
        rows = [(words(f"{o.profile}/{o.phase}"), o.status.value, words(o.reason)) for o in unfinished]
        yield from _table(("Phase", "How it ended", "Why"), rows)


def _indicators(analysis: Analysis) -> Iterator[str]:
    found: list[Ioc] = list(telling(analysis))
    if not found or not accused(analysis):
        return
    yield "### Indicators"
    yield ""
    rows = [(one.type.value, code(defanged(one)), code("; ".join(one.where[:2]))) for one in found]
    yield from _table(("Type", "Value", "Where"), rows[:MAX_INDICATORS])
    if more := len(rows) - MAX_INDICATORS:
        yield f"{max(0, more):,} more\n" if more > 0 else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
