"""Rules: what each says, its proof, where it fired lately, how often on what is benign."""

from functools import cache
from typing import Annotated

from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from biopsy import detect
from biopsy.detect.rule import reach
from biopsy.web.site.asking import Span, Text, sane
from biopsy.web.site.index.answers import Chart, Fired, Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.paging import Missing, page
from biopsy.web.site.place import GivenSite
from biopsy.web.store import Asked

LATELY = 12
NEVER = Fired("", 0, 0, 0, "")


class RuleRow(Struct, frozen=True):
    """A rule in the list, with how many analyses it matched in, by verdict, and when last (RFC 3339)."""

    id: str
    title: str
    category: str
    status: str
    severity: str
    confidence: str
    convicts: bool
    attack: tuple[str, ...]
    fired: int
    accused: int
    benign: int
    last: str


class RulesPage(Struct, frozen=True):
    """All rules of today. `benign` is how many analyses were judged benign: what `fired` is to be held to."""

    rules: tuple[RuleRow, ...]
    categories: dict[str, int]
    asked: dict[str, str]
    analyses: int
    benign: int
    digest: str


class Proof(Struct, frozen=True):
    """An example of a rule; it `holds` where the rule, tried now, did what the example says."""

    name: str
    match: bool
    holds: bool
    behaviours: tuple[str, ...]
    previous: tuple[str, ...] | None
    unfinished: tuple[str, ...]


class RulePage(Struct, frozen=True):
    """A rule as it is written, its examples tried just now, and what it matched."""

    rule: RuleRow
    why: str
    text: str
    needs: tuple[str, ...]
    proof: tuple[Proof, ...]
    chart: Chart
    days: int
    lately: tuple[Seen, ...]
    on_benign: tuple[Seen, ...]
    judged_benign: int


@page("/rules", "rules.j2", RulesPage)
async def rules(
    request: Asked, site: GivenSite, *, category: Text = "", q: Text = "",
    status: Annotated[str, QueryParameter(pattern="^(|draft|stable|retired)$")] = "",
    sort: Annotated[str, QueryParameter(pattern="^(|id|fired|benign|last)$")] = "",
) -> RulesPage:  # fmt: skip
    """Every rule, and how often it fires."""
    known = site.rules()

    def ask(index: Index) -> RulesPage:
        seen = {one.rule: one for one in index.fired()}
        every = [_row(rule, seen.get(rule.id, NEVER)) for rule in known]
        counts = index.counts()
        shown = [
            one for one in every
            if category in {"", one.category} and status in {"", one.status}
            and q.lower() in f"{one.id} {one.title} {' '.join(one.attack)}".lower()
        ]  # fmt: skip
        if sort in {"fired", "benign", "last"}:
            shown.sort(key=lambda one: (getattr(one, sort), one.fired), reverse=True)
        names = sorted({one.category for one in every})
        return RulesPage(
            tuple(shown),
            {name: sum(one.category == name for one in every) for name in names},
            {"category": category, "q": q, "status": status, "sort": sort},
            counts.analyses,
            counts.calls.get("benign", 0),
            _digest(known),
        )

    return await site.ask(ask)


@page("/rule/{name:path}", "rule.j2", RulePage)
async def rule(request: Asked, site: GivenSite, name: FromPath[str], *, days: Span = 90) -> RulePage:
    """A rule: why, how it is written, its proof, and where it fired."""
    wanted = name.strip("/")
    found = (await site.heavy(whole)).get(wanted)
    if found is None:
        raise Missing(detail=f"there is no rule {wanted[:100]!r}")
    tried = proof(found)

    def ask(index: Index) -> RulePage:
        return RulePage(
            _row(found, next((one for one in index.fired() if one.rule == found.id), NEVER)),
            found.why,
            found.text,
            found.needs,
            tried,
            index.calls("rule", found.id, days),
            days,
            index.analyses(rule=found.id, limit=LATELY).rows,
            index.analyses(rule=found.id, call="benign", limit=LATELY).rows,
            index.counts().calls.get("benign", 0),
        )

    try:
        return await site.ask(ask)
    except ValueError as error:
        raise sane(error) from error


@cache
def whole() -> dict[str, detect.Rule]:
    """Every rule that is shipped, with its examples, by its id; read once. Raises RuleError."""
    return {one.id: one for one in detect.load()}


def proof(one: detect.Rule) -> tuple[Proof, ...]:
    """The examples of a rule, tried now."""
    every = whole()
    needed = [replace(every[name], examples=()) for name in reach(one.needs, every) if name != one.id]
    return tuple(
        Proof(
            tried.example.name,
            tried.example.match,
            tried.passed,
            tuple(map(str, tried.example.behaviours)),
            None if tried.example.previous is None else tuple(map(str, tried.example.previous)),
            tried.example.unfinished,
        )
        for tried in detect.check([*needed, one])
    )


@cache
def _digest(known: tuple[detect.Rule, ...]) -> str:
    return detect.digest(known)


def _row(one: detect.Rule, seen: Fired) -> RuleRow:
    return RuleRow(
        one.id, one.title, one.category, one.status, one.severity.value, one.confidence.value, one.convicts,
        one.attack, seen.fired, seen.accused, seen.benign, seen.last,
    )  # fmt: skip


HANDLERS = [rules, rule]
