"""What the warehouse costs: rows/s in, bytes a dossier, and five questions at 5 and at 50 million behaviours.

    python -m bench.warehouse                 real dossiers below BIOPSY_HOME in; questions at 5,000,000
    python -m bench.warehouse --rows 50000000

The millions are made by SQL (as many dossiers, packages and hosts as a month of a busy registry has); what is
packed is real.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.__main__ import RESULTS
from biopsy.cli.home import default_home
from biopsy.warehouse import parquet, saved
from biopsy.warehouse.engine import connect
from biopsy.warehouse.ledger import Commit, File, Ledger
from biopsy.warehouse.pack import Packer
from biopsy.warehouse.query import Desk, Limits

DAYS = 30
A_DOSSIER = 200
"""Behaviours of one made dossier."""

REPEATS = 10

QUESTIONS = {
    "behaviours by kind": ("SELECT kind, count(*) FROM behaviours GROUP BY kind", {}),
    "who-contacts": ("", {"host": "h77.example"}),
    "rare-contacts": ("", {}),
    "changes-of-a-package": ("", {"ecosystem": "npm", "name": "p1234"}),
    "new-hosts": ("", {"days": "20000"}),
}

_HEAD = """
  '{pack}' AS pack, '{ecosystem}' AS ecosystem, DATE '{day}' AS day,
  '{day}-' || {run} AS run_id, 'p' || (hash({run}, '{ecosystem}') % 20000) AS name,
  (hash({run}, '{day}') % 40)::VARCHAR || '.0' AS version,
  TIMESTAMP '{day} 00:00:00' + INTERVAL 1 SECOND * ({run} % 86400) AS created
"""

_BEHAVIOURS = """
SELECT {head}, i % {each} AS seq, kind, split_part(kind, '.', 1) AS family,
  CASE WHEN kind LIKE 'net.%' THEN host ELSE '/home/x/' || (hash(i, 1) % 50000) END AS value,
  CASE WHEN kind LIKE 'net.%' THEN host END AS host,
  'laptop/install#' || i % {each} AS place, 'trace' AS source, NULL::VARCHAR AS path, NULL::BIGINT AS line,
  NULL::VARCHAR AS moment, false AS vendored, 'laptop' AS profile,
  ['install', 'import', 'execute'][(1 + i % 3)::INT] AS phase,
  i % {each} AS position, i % 7 AS process, (i % 1000) / 10.0 AS time, 'package' AS actor, '' AS owner,
  '' AS detail
FROM (
  SELECT i, ['file.read', 'file.read', 'file.read', 'process.exec', 'env.read', 'file.write', 'code.eval',
      'pkg.dependency', 'net.dns', 'net.connect'][(1 + hash(i, '{day}') % 10)::INT] AS kind,
    'h' || CASE WHEN hash(i, 5) % 100 < 97 THEN hash(i, 6) % 2000 ELSE hash(i, 7) % 1000000 END
      || '.example' AS host
  FROM range({rows}) t(i)
)
"""

_DOSSIERS = """
SELECT {head}, 'x.tgz' AS filename, 'tgz' AS artifact, 1000 AS size, md5('{day}' || i) AS sha256,
  true AS verified, 12.5 AS duration_s, false AS static_only, '0.1' AS biopsy, 'r' AS rules, 'i' AS image,
  'g' AS gvisor, 'systrap' AS platform, 'x' AS readers, 'none' AS against, {each} AS behaviours, 3 AS phases,
  true AS complete, '' AS body, '' AS rest
FROM range({rows}) t(i)
"""


def made(root: Path, rows: int) -> int:
    """Write so many behaviours and the dossiers they are of; return how many dossiers."""
    ledger, con, dossiers = Ledger(root), connect(memory="4GB"), 0
    root.mkdir(parents=True, exist_ok=True)
    share = rows // (DAYS * 2)
    for day in (f"2026-10-{n + 1:02d}" for n in range(DAYS)):
        for ecosystem in ("npm", "pypi"):
            pack = ledger.new_id()
            told = {"pack": pack, "ecosystem": ecosystem, "day": day, "each": A_DOSSIER}
            each = share // A_DOSSIER
            files = [
                _file(
                    con,
                    root,
                    "behaviours",
                    _BEHAVIOURS,
                    {**told, "rows": share, "run": f"(i // {A_DOSSIER})"},
                ),
                _file(con, root, "dossiers", _DOSSIERS, {**told, "rows": each, "run": "i"}),
            ]
            ledger.write(Commit(pack, ledger.stamp(), tuple(files)))
            dossiers += each
    con.close()
    return dossiers


def _file(con: Any, root: Path, table: str, query: str, told: dict[str, Any]) -> File:
    head = _HEAD.format(**told)
    place = f"{table}/ecosystem={told['ecosystem']}/day={told['day']}/{told['pack']}.parquet"
    return parquet.write(con, query.format(head=head, **told), root, place, (told["pack"],))


def asked(root: Path) -> Iterator[dict[str, Any]]:
    """Put each question so many times; each to a desk opened for it, as the command does."""
    for name, (sql, values) in QUESTIONS.items():
        question = sql or saved.find(root, name).sql
        seconds = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            with Desk(root, Limits(seconds=600)) as desk:
                rows = sum(1 for _ in desk.ask(question, values).rows)
            seconds.append(time.perf_counter() - began)
        p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
        yield {
            "what": name,
            "p50_s": round(statistics.median(seconds), 3),
            "p95_s": round(p95, 3),
            "rows": rows,
        }


def packed(source: Path, scratch: Path) -> dict[str, Any]:
    """Pack the real dossiers below a home: rows a second, and bytes a dossier before and after."""
    home = scratch / "real"
    shutil.copytree(source / "dossiers", home / "dossiers")
    landed = [path.stat().st_size for path in (home / "dossiers").rglob("*.json.gz")]
    began, cpu = time.perf_counter(), time.process_time()
    done = Packer(home).pack()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    live = Ledger(home / "warehouse").live()
    return {
        "what": "packing",
        "dossiers": done.dossiers,
        "rows": done.rows,
        "seconds": round(seconds, 2),
        "rows/s": round(done.rows / seconds),
        "rows/s of processor": round(done.rows / used),
        "dossiers/s": round(done.dossiers / seconds, 1),
        "bytes a landed dossier": round(sum(landed) / max(len(landed), 1)),
        "bytes a packed dossier": round(sum(file.size for file in live) / max(done.dossiers, 1)),
        "of them to replay it": round(
            sum(f.size for f in live if f.table == "dossiers") / max(done.dossiers, 1)
        ),
    }


def main() -> None:
    """Measure, print, and write bench/results/warehouse.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000, help="behaviours to ask questions of")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("BIOPSY_HOME") or default_home()))
    parser.add_argument(
        "--scratch", type=Path, help="where to make the millions; kept, and used again if there"
    )
    told = parser.parse_args()
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="bench-warehouse-") as folder:
        if (told.home / "dossiers").is_dir():
            results.append(packed(told.home, Path(folder)))
            print(json.dumps(results[-1]))
        for rows in (told.rows // 10, told.rows):
            root = (told.scratch or Path(folder)) / hashlib.sha256(str(rows).encode()).hexdigest()[:8]
            began = time.perf_counter()
            dossiers = made(root, rows) if not root.exists() else rows // A_DOSSIER
            size = sum(file.size for file in Ledger(root).live())
            results.append(
                {"what": "made", "behaviours": rows, "dossiers": dossiers, "bytes": size,
                 "seconds": round(time.perf_counter() - began, 1)}
            )  # fmt: skip
            print(json.dumps(results[-1]))
            for row in asked(root):
                results.append({"behaviours": rows, **row})
                print(json.dumps(results[-1]))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "warehouse.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
