"""`python -m evals`: analyse, print the table, write the results; exit 1 where something is wrong."""

import sys
import time
from pathlib import Path

import rich_click as click
from platformdirs import user_data_path
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals import table
from evals.run import Result, Seen, forms, run
from evals.scenario import Scenario, scenarios

WIDTH = 150  # columns, where nobody says how many there are
LATEST = Path(__file__).parent / "results" / "latest.json"


@click.command()
@click.option(
    "--only", multiple=True, metavar="ID", help="Only these scenarios: P03, or P for all that begin so."
)
@click.option("--static-only", is_flag=True, help="Read, run nothing.")
@click.option("--jobs", type=click.IntRange(1, 16), default=2, show_default=True, help="How many at a time.")
@click.option(
    "--json", "out", type=click.Path(path_type=Path), default=LATEST, help="Where to write the results."
)
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(only: tuple[str, ...], static_only: bool, jobs: int, out: Path, home: Path | None) -> None:  # noqa: FBT001
    """Detected or missed: every simulant, clean twin and control."""
    chosen = [one for one in scenarios() if not only or one.id.startswith(only)]
    version = ".".join(map(str, sys.version_info[:2]))
    skipped = [one for one in chosen if one.python and one.python != version]
    chosen = [one for one in chosen if one not in skipped]
    began = time.monotonic()
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    home = (home or user_data_path("biopsy", appauthor=False)).expanduser().absolute()
    seen = _progress(chosen, home, static_only=static_only, jobs=jobs)
    results = [_result(one, seen) for one in chosen]
    sums = table.totals(results, time.monotonic() - began)
    table.show(console, results, sums)
    for one in skipped:
        console.print(f"{one.id} left out: holds code compiled for Python {one.python}, this is {version}")
    table.write(out, results, sums)
    sys.exit(0 if results and all(result.good for result in results) else 1)


def _progress(
    chosen: list[Scenario], home: Path, *, static_only: bool, jobs: int
) -> dict[tuple[str, bool], Seen]:
    """Run them all behind a progress bar."""
    seen = {}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("analysing", total=sum(len(forms(one)) for one in chosen))
        for scenario, payload, result in run(chosen, home, static_only=static_only, jobs=jobs):
            seen[scenario.id, payload] = result
            said = f"{scenario.id}{'' if payload else ' (twin)'}: {result.verdict}"
            bar.update(task, advance=1, description=said)
            if bar.disable:
                click.echo(f"{said} after {result.seconds:.1f} s", err=True)
    return seen


def _result(scenario: Scenario, seen: dict[tuple[str, bool], Seen]) -> Result:
    """Bring a scenario and its twin together."""
    expect = scenario.expect
    twin = seen.get((scenario.id, False))
    return Result(
        scenario.id, scenario.title, scenario.row, expect.verdict, expect.phase, seen[scenario.id, True], twin
    )


if __name__ == "__main__":
    main()
