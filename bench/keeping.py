"""What keeping and handing on cost: the artifact store, results of Package Analysis, rows for BigQuery.

python -m bench.keeping            artifacts of BIOPSY_HOME, results and dossiers made up
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.__main__ import home
from biopsy.model.dossier import Dossier
from biopsy.warehouse import rows
from biopsy.warehouse.artifacts import Artifacts
from biopsy.warehouse.bigquery import layout
from biopsy.warehouse.bigquery.batch import Batch
from biopsy.warehouse.interchange import document, write
from biopsy.warehouse.wire import store

RESULTS = 500
FILES, COMMANDS = 200, 40  # of one result: what an import of a middling package leaves in theirs


def artifacts() -> Iterator[str]:
    """Put, check and get back every artifact that was fetched here."""
    found = [path for path in (home() / "artifacts").glob("??/*/*") if path.is_file()]
    if not found:
        yield "no artifacts in BIOPSY_HOME: analyse something first"
        return
    size = sum(path.stat().st_size for path in found) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        kept = Artifacts(Path(folder) / "store")
        for name, what in (
            ("put", lambda: [kept.put(path, path.parent.name) for path in found]),
            ("put again", lambda: [kept.put(path, path.parent.name) for path in found]),
            ("verify", lambda: list(kept.verify())),
            ("get", lambda: [kept.get(path.parent.name, Path(folder) / "out") for path in found]),
        ):
            seconds = _timed(what)
            yield f"artifacts: {name:9}  {len(found) / seconds:6.0f}/s  {size / seconds:6.0f} MB/s"
        stored = sum(one.stored for one in kept.entries()) / 1e6
        yield f"artifacts: at rest    {stored / size:.3f} of {size:.1f} MB in {len(found)}"


def results() -> Iterator[str]:
    """Take results over, and write dossiers as results."""
    made = [_result(number) for number in range(RESULTS)]
    dossiers: list[Dossier] = []
    seconds = _worked(
        lambda: dossiers.extend(d for d in (document(raw, "") for raw in made) if isinstance(d, Dossier))
    )
    size = sum(map(len, made)) / 1e6
    yield f"results:   import     {len(dossiers) / seconds:6.0f} a second of CPU, {size / seconds:.0f} MB"
    seconds = _worked(lambda: [write(one, "dynamic") for one in dossiers])
    yield f"results:   export     {len(dossiers) / seconds:6.0f} a second of CPU"
    with tempfile.TemporaryDirectory() as folder:
        batch, count = Batch(Path(folder)), 0
        made_rows = [
            (name, row)
            for one in dossiers
            for name, some in rows.of_dossier(store(one)).items()
            for row in some
        ]
        plain = [
            (name, {k: getattr(row, k) for k in row.__struct_fields__ if k not in layout.LEFT_OUT})
            for name, row in made_rows
        ]

        def validate() -> None:
            nonlocal count
            for name, row in plain:
                batch.add(layout.OURS[name], row)
                count += 1

        seconds = _worked(validate)
        yield f"BigQuery:  validated and written {count / seconds:,.0f} rows a second of CPU"


def _result(number: int) -> bytes:
    files = [
        {"Path": f"/home/u/{number}/{n}", "Read": True, "Write": n % 9 == 0, "Delete": False}
        for n in range(FILES)
    ]
    commands = [{"Command": ["sh", "-c", f"echo {n}"], "Environment": ["A=b"] * 20} for n in range(COMMANDS)]
    nothing = dict.fromkeys(("Sockets", "DNS"))
    phase = {
        "Status": "completed",
        "Stdout": "",
        "Stderr": "",
        "Files": files,
        "Commands": commands,
        **nothing,
    }
    package = {"Ecosystem": "npm", "Name": f"made-{number}", "Version": "1.0.0"}
    made = {
        "Package": package,
        "CreatedTimestamp": 1700000000 + number,
        "Analysis": {"install": phase, "import": phase},
    }
    return json.dumps(made).encode()


def _timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _worked(what: Callable[[], object]) -> float:
    began = time.process_time()
    what()
    return time.process_time() - began


def main() -> None:
    """Print a line for each."""
    for part in (artifacts, results):
        for line in part():
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
