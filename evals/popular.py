"""Well-known packages from the configured registries: every one must come out benign.

python -m evals.popular [--only pypi:six …] [--jobs 1]
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from biopsy import pipeline
from biopsy.cli.home import default_home
from biopsy.errors import BiopsyError
from biopsy.model.dossier import Analysis, Call
from biopsy.model.run import Status

LIST = Path(__file__).parent / "popular.yml"
RESULTS = Path(__file__).parent / "results" / "popular.json"


def main() -> int:
    """Analyse them all; 0 where every verdict is benign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="targets as the list writes them")
    parser.add_argument("--home", type=Path, default=os.environ.get("BIOPSY_HOME") or default_home())
    args = parser.parse_args()
    entries = [entry for group in yaml.safe_load(LIST.read_text()).values() for entry in group]
    if args.only:
        entries = [entry for entry in entries if entry["target"] in args.only]
    rows = []
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("analysing", total=len(entries))
        for entry in entries:
            bar.update(task, description=entry["target"])
            rows.append(_one(entry, args.home))
            bar.advance(task)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(rows, indent=2, ensure_ascii=False))
    Console().print(_table(rows))
    return 0 if all(row["verdict"] == Call.BENIGN for row in rows) else 1


def _one(entry: dict[str, str], home: Path) -> dict[str, Any]:
    began = time.monotonic()
    options = pipeline.Options(home=home, artifact=entry.get("artifact"))
    try:
        (analysis,) = pipeline.analyze(entry["target"], options, lambda _text, _done: None)
    except BiopsyError as err:
        return {"target": entry["target"], "verdict": "error", "why": str(err), "seconds": 0.0}
    return _row(analysis, time.monotonic() - began)


def _row(analysis: Analysis, seconds: float) -> dict[str, Any]:
    dossier = analysis.dossier
    short = [
        f"{o.profile}/{o.phase}: {o.status} {o.reason}"
        for o in dossier.outcomes
        if o.status is not Status.COMPLETED
    ]
    lost = [
        f"{w.profile}: {w.malformed} malformed, {w.dropped} dropped"
        for w in dossier.watches
        if not w.complete
    ]
    return {
        "target": dossier.release.purl,
        "artifact": dossier.artifact.filename,
        "run_id": dossier.run_id,
        "verdict": analysis.verdict.call,
        "why": analysis.verdict.reason,
        "findings": [finding.rule for finding in analysis.findings],
        "seconds": round(seconds, 1),
        "phases": short + lost,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("package", "artifact", "verdict", "seconds", "findings", "phases not completed")
    for row in rows:
        colour = "green" if row["verdict"] == Call.BENIGN else "red"
        phases = sorted({phase.partition("/")[2] or phase for phase in row.get("phases", ())})
        table.add_row(
            row["target"],
            row.get("artifact", ""),
            f"[{colour}]{row['verdict']}[/]",
            f"{row['seconds']:.1f}",
            ", ".join(row.get("findings", ())),
            "; ".join(phases) if row["verdict"] != "error" else row["why"],
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
