"""What is specific to databases and ecosystems: only parts that this database, and its readers, know."""

from collections.abc import Iterator

from biopsy.reports.checks import Fault, objects, pointer
from biopsy.reports.record import Report

TOP = frozenset({"malicious-packages-origins", "iocs", "malware", "severity"})
"""`malware` and `severity` are ours (schema/report-1.json)."""

INNER = frozenset({"cwes", "indicators", "iocs", "ghsa"})


def check(report: Report) -> Iterator[Fault]:
    """Names of parts, and no `ecosystem_specific`."""
    yield from _names(report, TOP, "/database_specific")
    for number, about in objects(report, "affected"):
        if about.get("ecosystem_specific"):
            where = pointer("affected", number, "ecosystem_specific")
            yield Fault(
                "ecosystem-specific", where, "nothing stands here: no reader would know what it means"
            )
        yield from _names(about, INNER, pointer("affected", number, "database_specific"))


def _names(holder: Report, known: frozenset[str], at: str) -> Iterator[Fault]:
    given = holder.get("database_specific")
    for name in given if isinstance(given, dict) else ():
        if name not in known:
            where = at + pointer(name)
            yield Fault("specific", where, f"{name[:40]!r} is none of {', '.join(sorted(known))}")
