"""How often each rule fires in the evaluation and on honest packages, and what it costs.

python -m evals.rules_report: reads what `make eval`, the corpus and the sweep left in `evals/results`, and
the dossiers that are kept; prints a table, writes `rules/report.json` and `.html` there. It runs no package.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rich_click as click
from platformdirs import user_data_path
from rich.console import Console
from rich.table import Table

from biopsy import detect
from biopsy.detect import Rule
from biopsy.detect.rule import reach
from biopsy.detect.scene import Scene
from biopsy.model.dossier import Dossier
from biopsy.warehouse import Warehouse
from evals import rules_page

RESULTS = Path(__file__).parent / "results"

MALICIOUS, HARMLESS, BENIGN = "malicious", "harmless", "benign"
"""Simulants, their twins and the controls, real packages."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one rule. Counts are of packages, `cost_ms` is the mean over dossiers."""

    rule: str
    title: str
    status: str
    weight: str  # convicts, `high/medium`, …
    malicious: int
    harmless: int
    benign: int
    cost_ms: float

    @property
    def fires(self) -> bool:
        """Whether it did anywhere."""
        return bool(self.malicious or self.harmless or self.benign)


@dataclass(frozen=True, slots=True)
class Report:
    """All rules, how many packages of each sort were looked at, and over how many dossiers cost was taken."""

    rows: tuple[Row, ...]
    packages: dict[str, int]
    dossiers: int


def report(rules: Sequence[Rule], folder: Path, dossiers: Sequence[Dossier]) -> Report:
    """Count in every JSON file of `folder`, and time the rules over the dossiers."""
    fired: dict[str, Counter[str]] = {MALICIOUS: Counter(), HARMLESS: Counter(), BENIGN: Counter()}
    packages: Counter[str] = Counter()
    for sort, found in _packages(folder):
        packages[sort] += 1
        fired[sort].update(found)
    cost = costs(rules, dossiers)
    rows = [
        Row(
            rule.id,
            rule.title,
            rule.status,
            "convicts" if rule.convicts else f"{rule.severity}/{rule.confidence}",
            fired[MALICIOUS][rule.id],
            fired[HARMLESS][rule.id],
            fired[BENIGN][rule.id],
            round(cost.get(rule.id, 0.0), 4),
        )
        for rule in rules
        if rule.status != "retired"
    ]
    return Report(tuple(rows), {sort: packages[sort] for sort in fired}, len(dossiers))


def _packages(folder: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what each package is and which rules found something in it, once for reading and running."""
    for path in sorted(folder.glob("*.json")):
        try:
            whole = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if not isinstance(whole, dict):
            continue
        for case in whole.get("results", ()):
            yield MALICIOUS if case.get("expected") != BENIGN else HARMLESS, _found(case.get("seen"))
            if case.get("twin"):
                yield HARMLESS, _found(case["twin"])
        for row in whole.get("rows", ()):
            if isinstance(row, dict) and "static" in row:
                yield BENIGN, _found(row["static"]) | _found(row.get("dynamic"))


def _found(seen: Mapping[str, Any] | None) -> frozenset[str]:
    findings = (seen or {}).get("findings") or ()
    return frozenset(one if isinstance(one, str) else one["rule"] for one in findings)


def costs(rules: Sequence[Rule], dossiers: Sequence[Dossier]) -> dict[str, float]:
    """Return the mean milliseconds that each rule takes over a dossier, what it asks for found afresh."""
    known = {rule.id: rule for rule in rules}
    spent: dict[str, float] = dict.fromkeys(known, 0.0)
    for dossier in dossiers:
        scene = Scene(dossier.behaviours, dossier.outcomes, None, dossier.release.name)
        matched: dict[str, tuple[Any, ...]] = {}
        for name in reach(list(known), known):
            began = time.perf_counter()
            evidence = known[name].when.evaluate(scene, matched)
            spent[name] += time.perf_counter() - began
            if evidence is not None:
                matched[name] = evidence
    return {name: 1000 * seconds / len(dossiers) for name, seconds in spent.items()} if dossiers else {}


def show(console: Console, made: Report) -> None:
    """Print the table, what fires most first, and then the rules that never fire."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("rule", "weight"):
        table.add_column(name, no_wrap=True)
    for sort, count in made.packages.items():
        table.add_column(f"{sort} ({count})", justify="right")
    table.add_column("ms", justify="right")
    for row in sorted(made.rows, key=lambda row: (-row.malicious, -row.harmless, -row.benign, row.rule)):
        if row.fires:
            counts = (str(count or "·") for count in (row.malicious, row.harmless, row.benign))
            table.add_row(row.rule, row.weight, *counts, f"{row.cost_ms:.3f}")
    console.print(table)
    silent = [row for row in made.rows if not row.fires]
    total = sum(row.cost_ms for row in made.rows)
    console.print(f"\n{len(silent)} of {len(made.rows)} rules fired nowhere:")
    for row in silent:
        console.print(f"  {row.rule}  [dim]{row.title}[/dim]")
    console.print(f"\nAll rules together: {total:.2f} ms a dossier, mean over {made.dossiers} dossiers.")


@click.command()
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
@click.option("--dossiers", "limit", default=60, show_default=True, help="Over how many to measure cost.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Where results lie.")
def main(home: Path | None, limit: int, results: Path) -> None:
    """Print for each rule how often it fires in evals and on benign packages, and its mean cost."""
    home = (home or user_data_path("biopsy", appauthor=False)).expanduser().absolute()
    kept = [d for part in ("corpus", "evals", ".") for d in Warehouse(home / part).recent(limit)][:limit]
    made = report(detect.load(), results, kept)
    console = Console()
    if not console.is_terminal:
        console.width = 150
    show(console, made)
    results.mkdir(exist_ok=True)
    form = {"packages": made.packages, "dossiers": made.dossiers, "rules": [asdict(row) for row in made.rows]}
    folder = results / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(json.dumps(form, indent=1) + "\n")
    (folder / "report.html").write_text(rules_page.page(form))
    console.print(f"Written: {folder}/report.json, report.html")


if __name__ == "__main__":
    main()
