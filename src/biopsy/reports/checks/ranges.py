"""Ranges: of a type that the ecosystem has, with events that say something."""

import re
from collections.abc import Iterator

from biopsy.reports import gitname, naming
from biopsy.reports.checks import Fault, held, objects, pointer, text
from biopsy.reports.record import Json, Report

TYPES = ("ECOSYSTEM", "SEMVER", "GIT")
SEMVER = frozenset({"Bitnami", "crates.io", "Go", "Hex", "npm", "SwiftURL"})
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def check(report: Report) -> Iterator[Fault]:
    """Each range of each package."""
    for number, about in objects(report, "affected"):
        ecosystem = naming.base(text(held(about, "package"), "ecosystem"))
        for at, span in objects(about, "ranges"):
            yield from _span(("affected", number, "ranges", at), span, ecosystem)


def _span(at: tuple[str | int, ...], span: dict[str, Json], ecosystem: str) -> Iterator[Fault]:
    kind = text(span, "type")
    if kind not in TYPES:
        yield Fault("range-type", pointer(*at, "type"), f"{kind[:40]!r} is none of {', '.join(TYPES)}")
    if kind == "SEMVER" and ecosystem and ecosystem not in SEMVER:
        yield Fault("range-semver", pointer(*at, "type"), f"{ecosystem} has no SemVer: use ECOSYSTEM")
    repo = text(span, "repo")
    if kind == "GIT" and not gitname.valid(repo):
        yield Fault("git-repo", pointer(*at, "repo"), f"{repo[:80]!r} is no URL of a repository")
    events = list(objects(span, "events"))
    said = {name for _, event in events for name in event}
    if "introduced" not in said:
        yield Fault("event-introduced", pointer(*at, "events"), "no event says where it begins")
    if {"fixed", "last_affected"} <= said:
        yield Fault("event-ends", pointer(*at, "events"), "both fixed and last_affected: one of them")
    for number, event in events:
        yield from _event(pointer(*at, "events", number), event, kind)


def _event(at: str, event: dict[str, Json], kind: str) -> Iterator[Fault]:
    if len(event) != 1 or next(iter(event)) not in _EVENTS:
        named = ", ".join(map(str, event))[:80] or "nothing"
        yield Fault("event", at, f"says {named}: an event says just one of {', '.join(_EVENTS)}")
        return
    ((name, value),) = event.items()
    if not isinstance(value, str) or not value:
        yield Fault("event-empty", f"{at}/{name}", "a version is a text that is not empty")
    elif kind == "GIT" and not _COMMIT.fullmatch(value) and not (name == "introduced" and value == "0"):
        yield Fault("git-commit", f"{at}/{name}", f"{value[:80]!r} is no whole commit: 40 or 64 hex digits")
