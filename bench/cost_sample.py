"""What a sample of real releases costs: read inside one process, as a service does, and by a whole command.

Both in seconds of the processor. The service has everything imported and its rules at hand; a command starts
a process of its own, with Python's compiled files and biopsy's cache where a second start finds them.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.corpus_table import percentile
from msgspec.structs import replace

from bench import peers_tools
from biopsy import detect, static
from biopsy.errors import BiopsyError
from biopsy.model.dossier import Dossier
from biopsy.pipeline import metadata, source
from biopsy.pipeline.analyze import judge
from biopsy.pipeline.before import Before
from biopsy.warehouse import Warehouse

SEED = 11
FORMS = (".whl", ".tar.gz", ".zip", ".tgz")

Row = dict[str, Any]


def draw(store: Path, count: int, seed: int = SEED) -> list[Path]:
    """Choose artifacts that are kept below a folder, each as likely as any; the same for the same seed."""
    every = sorted(path for path in store.rglob("*") if path.is_file() and path.name.endswith(FORMS))
    return sorted(random.Random(seed).sample(every, min(count, len(every))))


def measure(paths: Sequence[Path], tell: Callable[[str], None] = lambda _: None) -> list[Row]:
    """Measure each both ways; what cannot be read is left out."""
    with tempfile.TemporaryDirectory(prefix="bench-sample-") as name:
        folder = Path(name)
        rules = detect.ready()
        if paths:  # nobody is measured at what only a first time costs
            peers_tools.ours(paths[0], folder)
            list(_inside(paths[0], folder, rules))
        rows = []
        for path in paths:
            tell(path.name)
            try:
                steps = dict(_inside(path, folder, rules))
            except BiopsyError:
                continue
            command = peers_tools.ours(path, folder)
            row: Row = {"what": path.name, "mb": round(path.stat().st_size / 1e6, 2)}
            row |= {step: round(took, 3) for step, took in steps.items()}
            row |= {"service": round(sum(steps.values()), 3), "command": command.get("cpu")}
            rows.append(row | {"peak_mb": command.get("peak_mb"), "said": command.get("said", "error")})
    return rows


def summary(rows: Sequence[Row]) -> list[Row]:
    """Median, 95th percentile and the most of each column of seconds, and of memory."""
    keys = ("prepare", "read", "judge", "service", "command", "peak_mb")
    columns = {key: [row[key] for row in rows if row[key] is not None] for key in keys}
    sums: tuple[tuple[str, Callable[[list[float]], float | None]], ...] = (
        ("p50", lambda seen: percentile(seen, 0.5)),
        ("p95", lambda seen: percentile(seen, 0.95)),
        ("max", lambda seen: max(seen, default=None)),
    )
    return [{"": name} | {key: make(seen) for key, seen in columns.items()} for name, make in sums]


def _inside(path: Path, folder: Path, rules: tuple[detect.Rule, ...]) -> Iterator[tuple[str, float]]:
    """Yield what each phase takes here."""
    began = time.process_time()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        (sample,) = source.collect(str(path), None, folder / "artifacts", Path(name))
        opened = source.open_up(sample, Path(name))
        hooks = tuple(sample.ecosystem.hooks(opened.tree))
        today = datetime.now(UTC).date()
        facts = tuple(metadata.read(opened, folder, folder / "artifacts", Path(name), today))
        moments = sample.ecosystem.moments(opened.tree)
        yield "prepare", -began + (began := time.process_time())
        seen = opened.oddities + hooks + facts + tuple(static.read(opened.tree, moments))
        yield "read", -began + (began := time.process_time())
        dossier = Dossier(
            "20000101-000000-00000000", sample.release, sample.artifact, seen, (), static_only=True
        )
        Warehouse(folder).add(replace(dossier, against="none"))
        judge(dossier, Before(), rules)
        yield "judge", time.process_time() - began
