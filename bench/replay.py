"""How fast rules are replayed: `python -m bench.replay [--dossiers 4000] [--from HOME] [--packed]`.

The dossiers are made: no two alike, as many behaviours and of such kinds as real analyses have, each tenth
with those of an example of some rule, each fifth beside the release before it. Or they are the kept ones of a
home, which is only read. Seconds are of the clock, with those of the processors beside them: on a machine
that others use, the latter say more, though they too are more then. Each size is replayed twice; nothing is
remembered in between.
"""

import argparse
import json
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from biopsy import detect
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Dossier, Tool
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Outcome, Status
from biopsy.pipeline.replay import Asked, run
from biopsy.warehouse import Warehouse

RESULTS = Path(__file__).parent / "results"
AIM = 1000  # dossiers a second, on two cores

KINDS = (
    (60, "net.url https://{word}.{word}.net/{word}/{number}"),
    (10, "file.read /usr/lib/{word}/{word}.{number}"),
    (6, "process.exec python3 -m {word} --{word} /build/{number}"),
    (5, "file.write $HOME/project/{word}/{word}{number}.o"),
    (5, "env.read {caps}"),
    (4, "pkg.dependency {word}>={number}"),
    (3, "archive.nested zip {word}/{word}.whl"),
    (3, "code.import {word}.{word}"),
    (2, "file.delete /tmp/{word}-{number}"),
    (1, "net.connect {word}.{word}.net:443"),
    (1, "code.eval exec"),
)
"""Forms of behaviours with their weights, in hundredths: as in 2,500 kept analyses of well-known packages."""

MIDDLE, SPREAD, MOST = 3.2, 1.9, 13_000
"""How many behaviours: mean and deviation of the logarithm (half below 25, 150 on average), and the most."""

PLACES = ("install", "import", "execute")


def words(chance: random.Random) -> list[str]:
    """Some thousand words, as identifiers have them."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(6000)]


def behaviours(chance: random.Random, some: list[str]) -> Iterator[Behaviour]:
    """What one package is seen to do."""
    forms, weights = [form for _, form in KINDS], [weight for weight, _ in KINDS]
    for number in range(min(MOST, int(chance.lognormvariate(MIDDLE, SPREAD)) + 1)):
        (form,) = chance.choices(forms, weights)
        caps = chance.choice(some).upper()
        while "{word}" in form:
            form = form.replace("{word}", chance.choice(some), 1)
        said = form.replace("{caps}", caps).replace("{number}", str(chance.randrange(9999)))
        ran = form.startswith(("file", "process", "net.connect"))
        place = (
            f"laptop/{chance.choice(PLACES)}#{number}"
            if ran
            else f"{caps.lower()}/x.py:{number + 1} (import)"
        )
        yield Behaviour.parse(f"{said} @ {place}")


def made(count: int) -> Iterator[Dossier]:
    """Dossiers, the same each time; of each fifth the one before it was of the release before."""
    chance = random.Random(count)
    some = words(chance)
    examples = [example for rule in detect.load() for example in rule.examples]
    last = ""
    for number in range(count):
        seen = list(behaviours(chance, some))
        if number % 10 == 0:
            seen += chance.choice(examples).behaviours
        later = number % 5 == 4
        name = f"{some[(number - later) % len(some)]}-{number - later}"
        run_id = f"20261122-{number % 1_000_000:06d}-{number:08x}"
        yield Dossier(
            run_id,
            Release("pypi", name, "1.1" if later else "1.0"),
            Artifact(f"{name}.whl", "wheel", Path("x"), 1, f"{number:064x}"),
            tuple(dict.fromkeys(seen)),
            tuple(Outcome("laptop", phase, Status.COMPLETED) for phase in PLACES),
            created="2026-11-22T10:00:00Z",
            tool=Tool("bench"),
            against=last if later else "none",
        )
        last = run_id


def replayed(home: Path, jobs: int, what: str) -> dict[str, Any]:
    """One replay, as the command does it, but for its start."""
    before = _processors()
    began = time.perf_counter()
    *_, told = run(Asked(home, jobs=jobs, fresh=True))
    seconds = time.perf_counter() - began
    processors = _processors() - before
    return {
        "what": what,
        "dossiers": told.read,
        "seconds": round(seconds, 2),
        "a_second": round(told.read / seconds),
        "processors_ms": round(processors / max(told.read, 1) * 1000, 2),
        "if_alone": round(told.read / processors * min(jobs, 2)),
        "verdicts": told.calls,
        "aim": AIM,
    }


def _processors() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def table(rows: list[dict[str, Any]]) -> Table:
    """For people."""
    shown = Table(
        "what", "dossiers", "seconds", "a second", "processor, ms each", "a second on 2 idle cores", "aim"
    )
    for row in rows:
        shown.add_row(
            row["what"],
            f"{row['dossiers']:,}",
            f"{row['seconds']:.2f}",
            f"{row['a_second']:,}",
            f"{row['processors_ms']:.2f}",
            f"{row['if_alone']:,}",
            f"≥ {row['aim']:,}",
        )
    return shown


def main() -> None:
    """Make, replay, tell; write bench/results/replay.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dossiers", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--from", dest="home", type=Path, help="a home whose dossiers are copied and replayed"
    )
    parser.add_argument("--packed", action="store_true", help="replay them packed, too")
    asked = parser.parse_args()
    rows = []
    sizes = [0] if asked.home else [max(asked.dossiers // 10, 1), asked.dossiers]
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-replay-") as folder:
            home = Path(folder)
            if asked.home:
                shutil.copytree(asked.home / "dossiers", home / "dossiers")
            else:
                warehouse = Warehouse(home)
                for dossier in made(size):
                    warehouse.add(dossier)
            rows += [replayed(home, asked.jobs, f"landed, {nth} time") for nth in ("first", "second")]
            if asked.packed:
                Warehouse(home).pack()
                rows.append(replayed(home, asked.jobs, "packed"))
    Console().print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "replay.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
