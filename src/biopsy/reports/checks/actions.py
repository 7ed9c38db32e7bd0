"""GitHub Actions: names are repositories, versions are tags or commits that do not move."""

import re
from collections.abc import Iterator

from biopsy.reports import naming
from biopsy.reports.checks import Fault, held, objects, pointer, text, texts
from biopsy.reports.record import Report

_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})")
_PART = re.compile(r"[A-Za-z0-9._-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_MOVING = re.compile(
    r"v?[0-9]+|latest|main|master|head|dev|nightly|canary|trunk|stable", re.IGNORECASE | re.ASCII
)
_ENDS = ("introduced", "fixed", "last_affected", "limit")


def check(report: Report) -> Iterator[Fault]:
    """Names, versions and events of actions."""
    for number, about in objects(report, "affected"):
        package = held(about, "package")
        if naming.base(text(package, "ecosystem")) != "GitHub Actions":
            continue
        name = text(package, "name")
        if why := misnamed(name):
            yield Fault(
                "action-name", pointer("affected", number, "package", "name"), f"{name[:80]!r}: {why}"
            )
        for at, version in texts(about, "versions"):
            if why := unfixed(version):
                yield Fault(
                    "action-version", pointer("affected", number, "versions", at), f"{version[:80]!r}: {why}"
                )
        for span_at, span in objects(about, "ranges"):
            for event_at, event in objects(span, "events"):
                for end in _ENDS:
                    value = event.get(end)
                    if not isinstance(value, str) or (end == "introduced" and value == "0"):
                        continue
                    if why := unfixed(value):
                        where = pointer("affected", number, "ranges", span_at, "events", event_at, end)
                        yield Fault("action-event", where, f"{value[:80]!r}: {why}")


def misnamed(name: str) -> str:
    """Why this is no `owner/repository[/folder]`; empty where it is."""
    owner, *rest = name.split("/")
    if not rest:
        return "an action is owner/repository, or owner/repository/folder"
    if not _OWNER.fullmatch(owner) or owner.endswith("-"):
        return "the owner is letters, digits and hyphens"
    if any(part in {".", ".."} or not _PART.fullmatch(part) for part in rest):
        return "repository and folders are letters, digits, `.`, `_` and `-`"
    return "a repository is written without .git" if rest[0].lower().endswith(".git") else ""


def unfixed(version: str) -> str:
    """Why a version does not always mean the same; empty where it does."""
    if not version:
        return "a version is not empty"
    if any(c.isspace() for c in version):
        return "white space"
    if _MOVING.fullmatch(version) and not _COMMIT.fullmatch(version):
        return "it moves: name the full version, or the commit"
    return ""
