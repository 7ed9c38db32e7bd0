"""For the registry: a draft of a mail to its security contact, to be read, mended and sent by a person.

A message as RFC 5322 has it, marked as a draft (`X-Unsent`), in plain text, since those who read it are
wary of the rest. Whom to write to and what they want to know is data (`contacts.tsv`). Words of a package
stand in one line each, addresses are defanged: nothing in it may act on who opens it.
"""

import csv
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from importlib.resources import files as resources
from textwrap import fill
from urllib.parse import quote

import msgspec

from biopsy.errors import UsageError
from biopsy.formats.views import digest
from biopsy.formats.views.indicators import defanged, telling, unlinked
from biopsy.formats.views.visible import visible
from biopsy.formats.wire.scalar import purl
from biopsy.model.behaviour import InFile
from biopsy.model.dossier import Analysis, Call

ENDING = ".eml"

MAX_EVIDENCE = 8
"""Behaviours told of a finding; the rest is counted."""

MAX_LINE = 400
"""Longest text of a package, in characters."""

_WIDTH = 78
_OPENING = (
    "we believe that {} malicious, and ask you to look at it. What follows was seen by biopsy when it "
    "read the package and ran it in a sandbox."
)
_CLOSING = (
    "The full evidence (files, processes, connections with contents) can be had from us: please ask. "
    "If we are wrong, please tell us, and our report is withdrawn."
)


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a registry wants to be told of malware; `form` is the page that it prefers."""

    name: str
    to: str
    form: str
    asks: str


@cache
def contacts() -> dict[str, Contact]:
    """Everybody we know, by purl type."""
    text = (resources("biopsy.formats") / "contacts.tsv").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row.pop("type"): msgspec.convert(row, Contact) for row in rows}


def render(first: Analysis, *more: Analysis) -> str:
    """One draft on all of them; UsageError unless each was found malicious, and all in one registry."""
    every = (first, *more)
    if innocent := [one for one in every if one.verdict.call is not Call.MALICIOUS]:
        name, call = purl(innocent[0].dossier.release), innocent[0].verdict.call.value
        raise UsageError(
            f"{name}: the verdict is {call}; a registry is written to only about what is malicious"
        )
    kinds = {one.dossier.release.ecosystem for one in every}
    if len(kinds) > 1:
        raise UsageError(f"these are of several registries ({', '.join(sorted(kinds))}): one mail for each")
    contact = contacts().get(kind := kinds.pop())
    if contact is None:
        known = ", ".join(sorted(contacts()))
        raise UsageError(f"whom to write to about {kind} is not known (known are: {known})")
    message = EmailMessage(policy=SMTP.clone(cte_type="8bit"))
    names = [visible(purl(one.dossier.release), limit=200) for one in every]
    message["To"] = contact.to
    message["Subject"] = f"Malicious package: {names[0]}" + (f" and {len(more)} more" if more else "")
    message["X-Unsent"] = "1"
    message.set_content("\n".join(_text(every, contact)), cte="8bit")
    return message.as_string().replace("\r\n", "\n")


def _text(every: tuple[Analysis, ...], contact: Contact) -> Iterator[str]:
    yield "Hello,"
    yield ""
    yield fill(
        _OPENING.format("the release below is" if len(every) == 1 else "the releases below are"), _WIDTH
    )
    yield ""
    for analysis in every:
        yield from _release(analysis, contact)
    yield fill(_CLOSING, _WIDTH)
    yield ""
    yield "-- "
    yield "Your name, and how you can be reached"
    yield ""
    yield fill(f"[Before you send this: {' '.join(contact.asks.split())} Remove this paragraph.]", _WIDTH)


def _release(analysis: Analysis, contact: Contact) -> Iterator[str]:
    dossier, artifact = analysis.dossier, analysis.dossier.artifact
    release = dossier.release
    page = contact.form.replace("NAME", quote(release.name, safe="@/")).replace(
        "VERSION", quote(release.version, safe="")
    )
    yield f"Package:  {_one(release.name)}"
    yield f"Version:  {_one(release.version)}"
    yield f"Page:     {page}"
    yield f"File:     {_one(artifact.filename)}"
    yield f"SHA-256:  {_one(artifact.sha256)}"
    if analysis.classes:
        yield f"Kind:     {_one(', '.join(one.title for one in analysis.classes))}"
    yield f"Analysis: {_one(dossier.run_id)}, {_one(dossier.created)}"
    yield ""
    yield "What it does, and where that shows:"
    because = set(analysis.verdict.because)
    for finding in [one for one in digest.ranked(analysis) if one.rule in because]:
        yield ""
        yield f"* {_one(finding.title)}"
        yield fill(_one(finding.why, 2000), _WIDTH, initial_indent="  ", subsequent_indent="  ")
        evidence = sorted(finding.evidence, key=lambda one: not isinstance(one.where, InFile))
        yield from (f"    {_one(unlinked(one))}" for one in evidence[:MAX_EVIDENCE])
        if rest := len(evidence[MAX_EVIDENCE:]) + finding.more:
            yield f"    and {rest:,} more"
    if found := telling(analysis):
        yield ""
        yield "Indicators (defanged):"
        yield from (f"    {one.type.value} {_one(defanged(one))}" for one in found[:20])
    yield ""


def _one(text: str, limit: int = MAX_LINE) -> str:
    return visible(text, limit=limit)
