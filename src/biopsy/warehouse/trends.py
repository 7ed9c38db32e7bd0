"""Trends: verdicts, categories, techniques, triggers, ecosystems and time to a verdict, by day."""

from collections.abc import Sequence
from typing import Any

import msgspec

from biopsy.model.attack import Technique
from biopsy.warehouse.query import Desk

CALLS = ("malicious", "suspicious", "unknown", "benign")

TOP = 10
"""Categories, techniques and so on that are told; the rest is summed up in the views."""


class Count(msgspec.Struct, frozen=True):
    """How often something came up, in all and on each of the days."""

    name: str
    total: int
    by_day: tuple[int, ...]
    title: str = ""


class Times(msgspec.Struct, frozen=True):
    """Seconds from publication to the first verdict of one day; None where nobody knows."""

    day: str
    dossiers: int
    p50: float | None
    p95: float | None


class Trends(msgspec.Struct, frozen=True):
    """What happened on these days; every count is of dossiers."""

    days: tuple[str, ...]
    ecosystem: str
    verdicts: tuple[Count, ...]
    ecosystems: tuple[Count, ...]
    categories: tuple[Count, ...]
    techniques: tuple[Count, ...]
    triggers: tuple[Count, ...]
    times: tuple[Times, ...]


def trends(desk: Desk, days: int, ecosystem: str = "", until: str = "") -> Trends:
    """The trends of so many days; the last is `until` (a date), else the last on which there is anything."""
    last = until or _last(desk, ecosystem)
    every = _days(desk, last, days)

    def counted(view: str, column: str, names: Sequence[str] = ()) -> tuple[Count, ...]:
        where = "AND ecosystem = $ecosystem" if ecosystem else ""
        sql = (
            f"SELECT {column}, day::VARCHAR, sum(dossiers)::BIGINT FROM {view} "  # noqa: S608 - names of ours
            f"WHERE day BETWEEN CAST($first AS DATE) AND CAST($last AS DATE) {where} "
            "GROUP BY ALL ORDER BY ALL"
        )
        values = {"first": every[0], "last": every[-1], "ecosystem": ecosystem}
        return _counts(list(desk.ask(sql, values).rows), every, names)

    return Trends(
        every,
        ecosystem,
        counted("trend_verdicts", "call", CALLS),
        counted("trend_verdicts", "ecosystem"),
        counted("trend_categories", "category"),
        counted("trend_techniques", "technique"),
        counted("trend_triggers", "phase"),
        _times(desk, every, ecosystem),
    )


def named(found: Trends, known: dict[str, Technique]) -> Trends:
    """The same, with what techniques are called."""
    titled = [
        msgspec.structs.replace(one, title=known[one.name].name if one.name in known else "")
        for one in found.techniques
    ]
    return msgspec.structs.replace(found, techniques=tuple(titled))


def _last(desk: Desk, ecosystem: str) -> str:
    where = "WHERE ecosystem = $ecosystem" if ecosystem else ""
    sql = f"SELECT coalesce(max(day), current_date)::VARCHAR FROM verdicts {where}"  # noqa: S608
    return str(next(desk.ask(sql, {"ecosystem": ecosystem}).rows)[0])


def _days(desk: Desk, last: str, days: int) -> tuple[str, ...]:
    sql = (
        "SELECT unnest(generate_series(CAST($last AS DATE) - CAST($days AS INTEGER) + 1, "
        "CAST($last AS DATE), INTERVAL 1 DAY))::DATE::VARCHAR"
    )
    return tuple(row[0] for row in desk.ask(sql, {"last": last, "days": str(days)}).rows)


def _counts(rows: Sequence[tuple[Any, ...]], days: Sequence[str], names: Sequence[str]) -> tuple[Count, ...]:
    at = {day: number for number, day in enumerate(days)}
    found: dict[str, list[int]] = {name: [0] * len(days) for name in names}
    for name, day, count in rows:
        found.setdefault(name, [0] * len(days))[at[day]] += count
    made = [Count(name, sum(by_day), tuple(by_day)) for name, by_day in found.items()]
    return tuple(made) if names else tuple(sorted(made, key=lambda one: (-one.total, one.name)))


def _times(desk: Desk, days: Sequence[str], ecosystem: str) -> tuple[Times, ...]:
    where = "AND ecosystem = $ecosystem" if ecosystem else ""
    sql = f"""
        SELECT day::VARCHAR, count(*), round(quantile_cont(seconds, 0.5), 1),
          round(quantile_cont(seconds, 0.95), 1)
        FROM (
          SELECT day, ecosystem, seconds FROM judgements WHERE seconds IS NOT NULL
          QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY judged) = 1
        )
        WHERE day BETWEEN CAST($first AS DATE) AND CAST($last AS DATE) {where}
        GROUP BY day
    """  # noqa: S608 - nothing of anybody's
    rows = desk.ask(sql, {"first": days[0], "last": days[-1], "ecosystem": ecosystem}).rows
    found = {row[0]: Times(*row) for row in rows}
    return tuple(found.get(day, Times(day, 0, None, None)) for day in days)
