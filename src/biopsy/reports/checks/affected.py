"""What a report is about: one package, in an ecosystem that we know, or one git repository."""

import re
from collections.abc import Iterator

from biopsy.reports import naming
from biopsy.reports.checks import Fault, held, objects, pointer, text
from biopsy.reports.record import Json, Report

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check(report: Report) -> Iterator[Fault]:
    """One package, named so that it can be found and kept."""
    found = list(objects(report, "affected"))
    if not found:
        yield Fault("affected-none", "/affected", "a report names the package that it is about")
    if len(found) > 1:
        yield Fault(
            "affected-several", "/affected", f"{len(found)} packages; a report is about one", warning=True
        )
    seen: dict[tuple[str, str], int] = {}
    for number, about in found:
        yield from _named(number, about)
        package = held(about, "package")
        if name := text(package, "name"):
            ecosystem = text(package, "ecosystem")
            first = seen.setdefault((ecosystem, naming.canonical(ecosystem, name)), number)
            if first != number:
                where = pointer("affected", number, "package")
                yield Fault("affected-twice", where, f"the same package as /affected/{first}")


def _named(number: int, about: dict[str, Json]) -> Iterator[Fault]:
    at = ("affected", number, "package")
    package = held(about, "package")
    ecosystem, name = text(package, "ecosystem"), text(package, "name")
    if not package:
        yield from _repository(number, about)
        return
    if naming.base(ecosystem) not in naming.KNOWN:
        why = f"{ecosystem[:40]!r} is none of {', '.join(sorted(naming.KNOWN))}"
        yield Fault("ecosystem", pointer(*at, "ecosystem"), why)
    if not name:
        yield Fault("name-empty", pointer(*at, "name"), "a package has a name")
    elif _CONTROL.search(name):
        yield Fault("name-control", pointer(*at, "name"), f"{name[:40]!a} has control characters in it")
    elif not naming.local(naming.folder(ecosystem, name)):
        yield Fault("name-path", pointer(*at, "name"), f"no safe path can be made of {name[:40]!r}")


def _repository(number: int, about: dict[str, Json]) -> Iterator[Fault]:
    at = ("affected", number, "ranges")
    spans = list(objects(about, "ranges"))
    if not spans:
        yield Fault(
            "git-no-range", pointer(*at), "without a package, ranges say which git repository is meant"
        )
    if any(text(span, "type") != "GIT" for _, span in spans):
        yield Fault("git-only", pointer(*at), "without a package, every range is of type GIT")
    if len({naming.canonical("Git", text(span, "repo")) for _, span in spans}) > 1:
        yield Fault("git-several", pointer(*at), "ranges of several repositories; a report is about one")
