"""Load pack after pack, and go on as more come: which are there says the data set itself."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from biopsy.warehouse import Warehouse
from biopsy.warehouse.bigquery import Batch, BigQuery, Refused, layout
from biopsy.warehouse.bigquery.layout import Layout

MAX_PACKS = 200
"""Packs in one batch."""

Progress = Callable[[str, float | None], None]


class Round(msgspec.Struct, frozen=True):
    """What one round loaded: packs, and rows inserted by table; what was refused."""

    packs: int = 0
    inserted: dict[str, int] = {}
    refused: tuple[Refused, ...] = ()


def load(
    warehouse: Warehouse, bigquery: BigQuery, scratch: Path, progress: Progress, theirs: Layout | None = None
) -> Round:
    """Load every pack that is not there yet, into our tables or into one in `theirs`, Package Analysis's.

    Harmless when done twice, or by two at once. Raises BigQueryError where BigQuery fails: the next round
    goes on from there.
    """
    what = theirs.name if theirs else layout.ALL
    done = bigquery.loaded(what)
    waiting = [pack for pack in warehouse.packs() if pack not in done]
    total, round_ = len(waiting), Round()
    while waiting:
        with tempfile.TemporaryDirectory(prefix="bigquery-", dir=scratch) as folder:
            batch, taken = Batch(Path(folder)), list[str]()
            while waiting and not batch.full and len(taken) < MAX_PACKS:
                batch.next_pack()
                _write(warehouse, waiting[0], batch, theirs)
                taken.append(waiting.pop(0))
            staged, refused = batch.close()
            progress(f"loading {sum(one.rows for one in staged):,} rows", (total - len(waiting)) / total)
            inserted = bigquery.load(staged)
            bigquery.note(taken, what, refused)
        round_ = Round(
            round_.packs + len(taken),
            {name: round_.inserted.get(name, 0) + count for name, count in inserted.items()},
            (*round_.refused, *refused),
        )
    return round_


def _write(warehouse: Warehouse, pack: str, batch: Batch, theirs: Layout | None) -> None:
    if theirs is None:
        for where in layout.OURS.values():
            for row in warehouse.rows(pack, where.name):
                batch.add(where, row)
        return
    for row in warehouse.rows(pack, "dossiers"):
        if not row["static_only"]:
            batch.add_theirs(theirs, warehouse.get(row["run_id"]))
