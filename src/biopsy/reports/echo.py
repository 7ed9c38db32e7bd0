"""Recognising what we said ourselves when it comes back through another source.

It is told by structure, never by wording (which changes): the record names an id of ours, was made of records
that we hold, or says word for word what our report says. Nothing is thrown away: an echo is kept as a claim
that is not heard, and one that says more than we ever held waits for a person.
"""

from collections.abc import Sequence

from biopsy.reports import details
from biopsy.reports.changes import Waiting
from biopsy.reports.claim import COUNTED, ECHO, OWN, REVIEW, Claim, origins
from biopsy.reports.extent import Extent, extent, key
from biopsy.reports.record import Json, Report

_NAMES = ("aliases", "related", "upstream")


def judge(claim: Claim, said: Sequence[Claim], ours: str, document: Report) -> tuple[str, Waiting] | None:
    """Say what becomes of a claim that is an echo of our report `ours`, `document`; None where it is none.

    A record that its source had told us before is none, even where it names us since: sources link back.
    """
    if any((c.source, c.key) == (claim.source, claim.key) and c.state == COUNTED for c in said):
        return None
    why = (
        _named(claim.record, ours)
        or _chained(claim.record, said, document)
        or _copied(claim.record, document)
    )
    if not why:
        return None
    if _more(claim, said, document):
        return REVIEW, Waiting(reason=f"{why}, and says more than it")
    return ECHO, Waiting(reason=why)


def _named(record: Report, ours: str) -> str:
    if not ours:
        return ""
    if record.get("id") == ours:
        return f"has the id {ours}"
    for name in _NAMES:
        held = record.get(name)
        if isinstance(held, list) and ours in held:
            return f"names {ours} in {name}"
    links = record.get("references")
    for one in links if isinstance(links, list) else ():
        url = str(one.get("url", "")) if isinstance(one, dict) else ""
        if url.rstrip("/").removesuffix(".json").endswith(f"/{ours}"):
            return f"links to {ours}"
    return ""


def _chained(record: Report, said: Sequence[Claim], document: Report) -> str:
    """Whether it was made of records that we hold, or that a report of ours was made of."""
    made_of = {(str(o.get("source")), str(o.get("sha256"))) for o in origins(record)}
    if any(OWN.fullmatch(str(o.get("id", ""))) for o in origins(record)):
        return "was made of a report of ours"
    held = {(c.source, c.sha256) for c in said}
    held |= {(str(o.get("source")), str(o.get("sha256"))) for o in origins(document)}
    return "was made of records that are here" if made_of and made_of <= held else ""


def _copied(record: Report, document: Report) -> str:
    text, ours = (str(r.get("details") or "").strip() for r in (record, document))
    return (
        "says what our report says, word for word" if ours and details.HEADER in ours and text == ours else ""
    )


def _more(claim: Claim, said: Sequence[Claim], document: Report) -> bool:
    """Whether it calls affected what nobody did before."""
    held = [extent("", "", c.record["affected"][0]) for c in said]
    held += [extent("", "", part) for r in (document, *(c.record for c in said)) for part in _parts(r)]
    versions = {v for e in held for v in e.versions}
    spans = {key(r) for e in held for r in e.ranges}
    new: Extent = extent("", "", claim.record["affected"][0])
    return any(v not in versions for v in new.versions) or any(key(r) not in spans for r in new.ranges)


def _parts(report: Report) -> list[Json]:
    affected = report.get("affected")
    return [*(affected if isinstance(affected, list) else ()), *origins(report)]
