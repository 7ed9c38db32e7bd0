"""Origins: which records a report was made of, and that its details speak of no others."""

import re
from collections.abc import Iterator

from biopsy.reports import details
from biopsy.reports.checks import Fault, held, listed, pointer, text
from biopsy.reports.claim import ORIGINS
from biopsy.reports.record import Report

_SOURCE = re.compile(r"[a-z0-9-]+")


def check(report: Report) -> Iterator[Fault]:
    """Each origin names its source and the hash of its record; the sections of the details are of origins."""
    specific = held(report, "database_specific")
    known: set[tuple[str, str]] = set()
    for number, origin in listed(specific, ORIGINS):
        at = ("database_specific", ORIGINS, number)
        source, sha256 = text(origin, "source"), text(origin, "sha256")
        if not _SOURCE.fullmatch(source):
            why = f"{source[:40]!r}: small letters, digits and hyphens"
            yield Fault("origin-source", pointer(*at, "source"), why)
        if not sha256:
            yield Fault("origin-sha256", pointer(*at, "sha256"), "the hash of the record that it came from")
        elif (source, sha256) in known:
            yield Fault("origin-twice", pointer(*at), f"{source} ({sha256[:16]}…) stands there already")
        known.add((source, sha256))
    try:
        details.parse(text(report, "details"), known)
    except details.DetailsError as error:
        yield Fault("details", "/details", str(error).removeprefix("details: "))
