"""A comparison as a person wants to see it: how grave each difference is, in which words, and how many."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from biopsy.formats.views import digest
from biopsy.formats.views.measure import many
from biopsy.model.comparison import Comparison, Difference, Facet
from biopsy.model.dossier import Analysis, Finding
from biopsy.model.release import Release

SIGNS = {"new": "+", "gone": "−", "changed": "~"}

WORDS = {
    Facet.SECRET: "credentials",
    Facet.REMOTE: "code from the network",
    Facet.PERSISTENCE: "what runs later",
    Facet.HOST: "host",
    Facet.HOOK: "hook",
    Facet.COMMAND: "command",
    Facet.OBFUSCATION: "obfuscation",
    Facet.EVASION: "evasion",
    Facet.NATIVE: "native code",
    Facet.FLOW: "flow",
    Facet.EVALUATION: "evaluation",
    Facet.LISTENER: "open port",
    Facet.FILES: "files",
    Facet.DEPENDENCY: "dependency",
    Facet.ENTRY: "installed command",
    Facet.ENVIRONMENT: "variable",
    Facet.MACHINE: "machine",
    Facet.PATCH: "patch",
    Facet.ARCHIVE: "archive",
    Facet.OTHER: "other",
}
_GRAVE = frozenset(list(Facet)[: list(Facet).index(Facet.EVALUATION)])
"""Classes that are worth a look whenever something of them is new."""


class Line(Struct, frozen=True):
    """A difference with what became of it (`new`, `gone`, `changed`) and its tone: `bad`, `warn` or none."""

    turn: str
    difference: Difference
    tone: str

    @property
    def sign(self) -> str:
        """One character: `+`, `−`, `~`."""
        return SIGNS[self.turn]

    @property
    def facet(self) -> str:
        """The class, in words."""
        return WORDS[self.difference.facet]


def lines(comparison: Comparison) -> tuple[Line, ...]:
    """Every difference, what a reader must see first."""
    every = [
        Line(turn, one, _tone(turn, one))
        for turn in ("new", "changed", "gone")
        for one in turns(comparison, turn)
    ]
    return tuple(sorted(every, key=lambda line: ("bad", "warn", "").index(line.tone)))


def telling(comparison: Comparison, limit: int) -> tuple[Line, ...]:
    """The few lines that tell most: of every class something before more of the same."""
    every = lines(comparison)
    leading = {id(line) for line in {line.facet: line for line in reversed(every)}.values()}
    chosen = sorted(every, key=lambda line: id(line) not in leading)[:limit]
    return tuple(line for line in every if line in chosen)


def turns(comparison: Comparison, turn: str) -> tuple[Difference, ...]:
    """The differences of one sort."""
    found: tuple[Difference, ...] = getattr(comparison, turn)
    return found


def _tone(turn: str, difference: Difference) -> str:
    if turn == "gone" or difference.facet not in _GRAVE:
        return ""
    return "bad" if difference.unasked else "warn"


def summary(comparison: Comparison) -> str:
    """How many of what: `2 new, 1 gone, 6 changed`; or why there is nothing to count."""
    if comparison.note:
        return f"could not be compared: {comparison.note}"
    if comparison.identical:
        return "the very same bytes"
    counts = [f"{len(turns(comparison, turn)):,} {turn}" for turn in SIGNS if turns(comparison, turn)]
    return ", ".join(counts) or "nothing that it does differs"


def classes(comparison: Comparison) -> Iterator[tuple[str, str, int]]:
    """How many new and changed things there are of each class: class, tone, count."""
    found = [line for line in lines(comparison) if line.turn != "gone"]
    tones = {line.facet: line.tone for line in reversed(found)}
    for facet, count in Counter(line.facet for line in found).items():
        yield facet, tones[facet], count


def name(comparison: Comparison, release: Release) -> str:
    """What it is compared with, as short as can be: a version, or another package's name with it."""
    before = comparison.before.release
    same = (before.ecosystem, before.name) == (release.ecosystem, release.name)
    version = before.version or "an unknown version"
    if same and before.version != release.version:
        return version
    return f"{before.name} {version}" if not same else f"another {version}"


def place(difference: Difference) -> str:
    """Where it was seen first, and how often beyond that."""
    if not difference.evidence:
        return ""
    rest = len(difference.evidence) - 1 + difference.more
    more = f" and {many(rest, 'other place')}" if rest else ""
    return f"{difference.evidence[0].where}{more}"


def headline(comparison: Comparison, worrying: tuple[Finding, ...]) -> str:
    """One sentence on what the comparison comes to."""
    if worrying:
        titles = "; ".join(finding.title for finding in worrying[:3])
        more = f"; {len(worrying) - 3} more" if len(worrying) > 3 else ""
        return f"Worrying: {titles}{more}."
    counts = summary(comparison)
    rest = ", as far as could be compared" if comparison.untold else ""
    return f"{counts[:1].upper()}{counts[1:]}; no rule finds that worrying{rest}."


def findings(before: Analysis, after: Analysis) -> tuple[tuple[str, tuple[Finding, ...]], ...]:
    """The findings that only one of the two has, drafts left out: under which heading, and which."""
    only = []
    for title, mine, other in (("Found only now", after, before), ("Found no longer", before, after)):
        known = {finding.rule for finding in other.findings}
        ranked = digest.ranked(mine)
        only.append((title, tuple(f for f in ranked if f.rule not in known and f.status != "draft")))
    return tuple(only)
