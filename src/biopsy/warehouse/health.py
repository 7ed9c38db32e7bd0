"""Stats and verification: how much is kept, and whether it is what was written."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.warehouse.engine import connect, listed
from biopsy.warehouse.ledger import Ledger
from biopsy.warehouse.parquet import digest_of

Progress = Callable[[str, float | None], None]


class Amount(msgspec.Struct, frozen=True):
    """How much of something there is."""

    what: str
    files: int
    rows: int
    size: int
    first: str = ""  # day
    last: str = ""


class Wrong(msgspec.Struct, frozen=True):
    """Something that is not as it was written. `lost` says whether rows are gone with it."""

    path: str
    why: str
    lost: bool = True


def amounts(home: Path) -> Iterator[Amount]:
    """What has landed, then each table."""
    for what, folder, pattern in (
        ("landed dossiers", home / "dossiers", "*/*/*/*.json.gz"),
        ("landed judgements", home / "judgements", "*/*.jsonl.gz"),
    ):
        sizes = [path.stat().st_size for path in folder.glob(pattern)]
        yield Amount(what, len(sizes), len(sizes), sum(sizes))
    live = Ledger(home / "warehouse").live()
    for table in sorted({file.table for file in live}):
        mine = [file for file in live if file.table == table]
        days = sorted(file.day for file in mine)
        yield Amount(
            table, len(mine), sum(f.rows for f in mine), sum(f.size for f in mine), days[0], days[-1]
        )


def wrong(root: Path, progress: Progress | None = None) -> Iterator[Wrong]:
    """Compare every file that counts with what the log says of it; then look for dossiers kept twice."""
    ledger = Ledger(root)
    try:
        live = ledger.live()
    except UsageError as err:
        yield Wrong(str(ledger.log), str(err))
        return
    for number, file in enumerate(live):
        if progress:
            progress(f"reading {file.path}", number / len(live))
        path = root / file.path
        if not path.exists():
            yield Wrong(file.path, "is in the log and not there")
        elif digest_of(path) != file.sha256:
            yield Wrong(file.path, "does not hold what was written: its sha256 differs")
    known = {file.path for commit in ledger.commits() for file in commit.files}
    for path in root.glob("*/ecosystem=*/day=*/*.parquet"):
        if str(path.relative_to(root)) not in known:
            yield Wrong(
                str(path.relative_to(root)),
                "is in no commit: a packer was killed; compacting removes it",
                lost=False,
            )
    yield from _twice(root)


def _twice(root: Path) -> Iterator[Wrong]:
    paths = [str(root / file.path) for file in Ledger(root).live() if file.table == "dossiers"]
    paths = [path for path in paths if Path(path).exists()]
    if not paths:
        return
    import duckdb  # noqa: PLC0415 - large, and most commands do without

    con = connect()
    try:
        query = f"SELECT run_id FROM read_parquet({listed(paths)}) GROUP BY run_id HAVING count(*) > 1"  # noqa: S608
        counted = Counter(row[0] for row in con.execute(query).fetchall())
    except duckdb.Error:
        return  # a damaged file: told above
    finally:
        con.close()
    for run_id in sorted(counted):
        yield Wrong("dossiers", f"{run_id} is kept twice", lost=False)
