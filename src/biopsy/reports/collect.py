"""Reading sources into the database: batch by batch, each with its cursor, and how it went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from biopsy.errors import BiopsyError
from biopsy.reports import ledger, sources
from biopsy.reports.config import Source
from biopsy.reports.database import Act, Database, Taken
from biopsy.reports.record import Report

Clock = Callable[[], str]


@dataclass(slots=True)
class Run:
    """What came of one source: counts, what was refused, and what went wrong."""

    source: str
    read: int = 0
    new: int = 0
    echoes: int = 0
    waiting: int = 0
    refused: list[Taken] = field(default_factory=list)
    error: str = ""


def collect(
    database: Database, source: Source, clock: Clock, told: Callable[[Run], None] = lambda _: None
) -> Run:
    """Read a source until its end. Never raises for what the source does: `error` says it, and it is kept."""
    run = Run(source.name)
    reader = sources.kind(source.kind)
    try:
        for batch in reader.read(source.settings, database.cursors(source.name)):
            at = clock()
            with database.change():
                taken = database.take(
                    source.name, batch.objects, at, source.policy, batch.cursors, reader.convert
                )
                tick(database, at)
                database.heard(source.name, at, taken)
            run.read += len(taken)
            run.new += sum(one.new for one in taken)
            run.echoes += sum(one.echoes for one in taken)
            run.waiting += sum(one.waiting for one in taken)
            run.refused += [one for one in taken if one.code]
            told(run)
        database.heard(source.name, clock())
    except (BiopsyError, OSError) as error:
        run.error = str(error)
        database.heard(source.name, clock(), error=run.error)
    return run


def tick(database: Database, at: str) -> int:
    """Count the held claims that are due, and give ids to what is published; returns how many were due."""
    act = Act("policy", at, "the time for which it was held is over")
    with database.change():
        due = database.due(at)
        count = database.settle(due, act, due=at) if due else 0
        ledger.assign(database, Act("policy", at))
    return count


def health(database: Database, known: Mapping[str, Source], at: str) -> list[Report]:
    """How each source is doing, in a word: well, failing, silent, never read, disabled."""
    held = {str(row["source"]): row for row in database.sources()}
    rows: list[Report] = []
    for name in sorted(held.keys() | known.keys()):
        row, source = held.get(name, {}), known.get(name)
        state = "failing" if row.get("error") else "well" if row else "never read"
        if (
            source
            and source.silence
            and row
            and _hours(str(row["news"] or row["tried"]), at) > source.silence
        ):
            state = "silent" if state == "well" else state
        if source and source.disabled:
            state = f"disabled: {source.disabled}"
        trust = source.policy.trust if source else ""
        rest = {key: row.get(key, "") for key in _SHOWN}
        rows.append({"source": name, "state": state, "trust": trust, **rest})
    return rows


_SHOWN = ("tried", "news", "read", "new", "waiting", "refused", "echoes", "fails", "error")


def _hours(since: str, at: str) -> float:
    return (datetime.fromisoformat(at) - datetime.fromisoformat(since)).total_seconds() / 3600
