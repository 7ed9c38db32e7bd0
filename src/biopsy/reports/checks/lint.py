"""What is rarely meant: dates out of order, links that lead nowhere, versions that nobody filled in.

Most are warnings: reports that were published with them stay valid.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from biopsy.reports.checks import Fault, objects, pointer, text, texts
from biopsy.reports.record import Report

_PLACEHOLDER = re.compile(r"(?i)versions?[-_ ]?here|todo|fixme|<[^>]*>|\{\{.*\}\}|n/a|unknown|none|null|\*")

_WORDS = re.compile(r"^(?!---$|_-= Per source details|## Source: ).*\S", re.MULTILINE)
"""A line of details that is more than the headings of sources."""


def check(report: Report) -> Iterator[Fault]:
    """Times, links, contacts, versions, words."""
    yield from _times(report)
    yield from _links(report)
    for number, about in objects(report, "affected"):
        for at, version in texts(about, "versions"):
            where = pointer("affected", number, "versions", at)
            if not version.strip() or any(ord(c) < 32 for c in version):
                yield Fault("version", where, "empty, or control characters in it")
            elif _PLACEHOLDER.fullmatch(version):
                yield Fault(
                    "version-placeholder", where, f"{version[:40]!r} stands for a version, and is none"
                )
        if not about.get("versions") and not about.get("ranges"):
            where, why = pointer("affected", number), "neither versions nor ranges: what is affected?"
            yield Fault("extent-none", where, why, warning=bool(text(report, "id")))
    if not _WORDS.search(text(report, "details")):
        yield Fault("details-empty", "/details", "nothing says what it does", warning=True)


def _times(report: Report) -> Iterator[Fault]:
    times: dict[str, datetime] = {}
    for name in ("published", "modified", "withdrawn"):
        if not (value := text(report, name)):
            continue
        try:
            times[name] = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            yield Fault("time", pointer(name), f"{value[:40]!r} is no time")
    if "published" in times and times.get("modified", times["published"]) < times["published"]:
        yield Fault("time-order", "/modified", "before it was published", warning=True)
    if "published" in times and times.get("withdrawn", times["published"]) < times["published"]:
        yield Fault("time-order", "/withdrawn", "before it was published", warning=True)


def _links(report: Report) -> Iterator[Fault]:
    for number, link in objects(report, "references"):
        if _lost(text(link, "url"), ("https", "http")):
            at = pointer("references", number, "url")
            yield Fault("reference-url", at, f"{text(link, 'url')[:80]!r} leads nowhere", warning=True)
    for number, person in objects(report, "credits"):
        for nth, contact in texts(person, "contact"):
            if _lost(contact, ("https", "http", "mailto")):
                where = pointer("credits", number, "contact", nth)
                yield Fault("contact-url", where, f"{contact[:80]!r} is no URL", warning=True)


@lru_cache(maxsize=4096)  # the same contacts stand in thousands of reports
def _lost(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = urlsplit(value)
    except ValueError:
        return True
    return url.scheme not in schemes or not (url.hostname or (url.scheme == "mailto" and url.path))
