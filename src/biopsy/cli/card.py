"""A report of the database for people: what is malicious, who says so, since when, on what evidence."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from biopsy.reports.claim import Claim, origins
from biopsy.reports.details import DetailsError, parse
from biopsy.reports.extent import Extent, endless, extent

WIDTH = 96
MAX_LISTED = 12  # versions, indicators or pieces of evidence that are named one by one
_LABEL = 12
_WORDS = {"counted": "counts", "review": "waits for a person", "held": "waits", "echo": "repeats this report"}


def card(report: dict[str, Any], state: str, claims: Sequence[Claim]) -> Iterator[str]:
    """Lines that say what a report says."""
    specific = _object(report.get("database_specific"))
    ours = _object(specific.get("malware"))
    about = report["affected"][0]
    named = _object(about.get("package"))
    name = f"{named.get('ecosystem', 'Git')}/{named.get('name', '')}"
    yield f"{report.get('id') or 'no id yet'}  {name}  {state}"
    yield f"{report.get('summary', '')}"
    yield ""
    yield from _field("published", f"{_day(report.get('published'))}, changed {_day(report.get('modified'))}")
    kind = [str(ours[n]) for n in ("severity", "category") if ours.get(n)]
    kind += [f"{ours['confidence']} confidence"] if ours.get("confidence") else []
    yield from _field("is", ", ".join([*kind, *map(str, ours.get("classes", ()))]))
    yield from _field("affected", _extent(extent("", "", about)))
    for one in ours.get("disputed", ()):
        yield from _field("disputed", f"{_extent(extent('', '', one))}, says {one.get('source')} alone")
    for one in ours.get("cleared", ()):
        yield from _field("cleared", f"{one.get('version')}  {one.get('reason')}  {_day(one.get('at'))}")
    if report.get("withdrawn"):
        why = _object(ours.get("withdrawn"))
        words = [str(why[n]) for n in ("reason", "note", "evidence") if why.get(n)] or ["by its sources"]
        yield from _field("withdrawn", f"{_day(report['withdrawn'])}  {': '.join(words)}")
    for one in ours.get("disputes", ()):
        yield from _field(
            "objection", f"{one.get('state')} since {_day(one.get('opened'))}: {one.get('reason')}"
        )
    yield from _field("also", ", ".join([*report.get("aliases", ()), *report.get("related", ())]))
    yield from _said(report, claims)
    yield from _evidence(ours)
    yield from _field("links", *(str(_object(r).get("url", "")) for r in report.get("references", ())))
    yield from _words(str(report.get("details") or ""))


def _said(report: dict[str, Any], claims: Sequence[Claim]) -> Iterator[str]:
    """Who says so: the records that the report was made of, and those that wait or are not heard."""
    keys: dict[Any, str] = {(c.source, c.sha256): c.key for c in claims}
    states: dict[Any, str] = {(c.source, c.sha256): _WORDS.get(c.state, c.state) for c in claims}
    rows = []
    for one in origins(report):
        at = (one.get("source"), one.get("sha256"))
        what = str(one.get("id") or keys.get(at, ""))
        when, versions = _day(one.get("modified_time")), _extent(extent("", "", one))
        rows.append((str(at[0] or ""), what, when, versions, states.get(at, "counts")))
    heard = {(o.get("source"), o.get("sha256")) for o in origins(report)}
    for claim in claims:
        if not claim.base and (claim.source, claim.sha256) not in heard:
            why = "corrected" if claim.state == "counted" else _WORDS.get(claim.state, claim.state)
            why = "taken back" if claim.withdrawn else why
            versions = _extent(extent("", "", claim.record["affected"][0]))
            rows.append((claim.source, claim.key, _day(claim.modified), versions, why))
    widths = [max(len(row[n]) for row in rows) for n in range(5)] if rows else []
    lines = ("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
    yield from _field("said by", *lines)


def _evidence(ours: dict[str, Any]) -> Iterator[str]:
    lines = []
    for one in ours.get("behaviours", ())[:MAX_LISTED]:
        lines.append(f"{one.get('title')}  {one.get('rule', '')}")
        lines += [f"    {e.get('what')}  @ {e.get('where')}" for e in one.get("evidence", ())[:3]]
    yield from _field("evidence", *lines)
    files = (f"{a.get('filename')}  sha256 {a.get('sha256')}" for a in ours.get("artifacts", ()))
    yield from _field("files", *files)
    found = ours.get("iocs", ())
    listed = [
        f"{i.get('type')} {i.get('value')}  ({', '.join(i.get('sources', ()))})" for i in found[:MAX_LISTED]
    ]
    more = [f"and {len(found) - MAX_LISTED:,} more"] if len(found) > MAX_LISTED else []
    yield from _field("indicators", *listed, *more)


def _words(details: str) -> Iterator[str]:
    """What people and sources say in sentences."""
    try:
        parts = parse(details)
    except DetailsError:
        yield from ("", *_wrapped(details))
        return
    if parts.user:
        yield from ("", *_wrapped(parts.user))
    for section in parts.sections:
        yield from ("", f"{section.source} says:", *_wrapped(section.text))


def _wrapped(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield from wrap(line, WIDTH, replace_whitespace=False, break_on_hyphens=False) or [""]


def _field(label: str, *lines: str) -> Iterator[str]:
    """A label, and beside it lines; nothing where there are none."""
    for number, line in enumerate(line for line in lines if line):
        yield f"{label if not number else '':<{_LABEL}}{line}".rstrip()


def _extent(one: Extent) -> str:
    """Versions in words."""
    words = [*one.versions[:MAX_LISTED]]
    if len(one.versions) > MAX_LISTED:
        words.append(f"and {len(one.versions) - MAX_LISTED:,} more")
    words += [_range(span) for span in one.ranges]
    return ", ".join(dict.fromkeys(words)) or "nothing that is said"


def _range(span: dict[str, Any]) -> str:
    if endless(span):
        return "every version"
    signs = {"introduced": ">=", "fixed": "<", "last_affected": "<=", "limit": "<"}
    ends = [f"{signs.get(n, n)} {v}" for n, v in _events(span) if (n, v) != ("introduced", "0")]
    return " ".join(ends) or "every version"


def _events(span: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for event in span.get("events", ()):
        yield from ((str(n), str(v)) for n, v in event.items())


def _day(time: Any) -> str:
    return str(time or "")[:10] or "nobody knows when"


def _object(held: Any) -> dict[str, Any]:
    return held if isinstance(held, dict) else {}
