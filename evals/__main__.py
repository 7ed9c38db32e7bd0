"""`python -m evals`: analyse, print the table, write the results; exit 1 where something is wrong."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import rich_click as click
from platformdirs import user_data_path
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals import cross, strata, table, vary
from evals.run import Result, Seen, Task, run, tasks
from evals.scenario import Scenario, heldout, scenarios

WIDTH = 150  # columns, where nobody says how many there are
RESULTS = Path(__file__).parent / "results"
Key = tuple[str, int, bool]


@click.command()
@click.option(
    "--only", multiple=True, metavar="ID", help="Only these scenarios: P03, or P for all that begin so."
)
@click.option(
    "--crossed", is_flag=True, help="Crossed cases instead: payload × trigger × evasion, honest ones too."
)
@click.option(
    "--guarded",
    is_flag=True,
    help="Cases that wait, look around or choose their victims, and honest ones that do.",
)
@click.option("--heldout", "aside", is_flag=True, help="What is kept aside instead: counts and techniques.")
@click.option("--reveal", is_flag=True, help="With --heldout: say which. Not for those who write rules.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which variant; 0: as it stands.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="So many variants.")
@click.option("--sample", "count", type=click.IntRange(1), help="So many of them, chosen evenly.")
@click.option("--static-only", is_flag=True, help="Read, run nothing.")
@click.option("--jobs", type=click.IntRange(1, 16), default=2, show_default=True, help="How many at a time.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Where to write the results.")
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(  # noqa: PLR0917 - a command line
    only: tuple[str, ...],
    crossed: bool,  # noqa: FBT001
    guarded: bool,  # noqa: FBT001
    aside: bool,  # noqa: FBT001
    reveal: bool,  # noqa: FBT001
    seed: int,
    seeds: int,
    count: int | None,
    static_only: bool,  # noqa: FBT001
    jobs: int,
    out: Path | None,
    home: Path | None,
) -> None:
    """Detected or missed: every simulant, clean twin and control."""
    home = (home or user_data_path("biopsy", appauthor=False)).expanduser().absolute()
    began = time.monotonic()
    version = ".".join(map(str, sys.version_info[:2]))
    variants = [
        (number, one)
        for number in range(seed, seed + seeds)
        for one in chosen(number, crossed=crossed, guarded=guarded, aside=aside)
        if (not only or one.id.startswith(only)) and one.python in ("", version)
    ]
    if count and count < len(variants):
        variants = sorted(Random(seed).sample(variants, count), key=lambda pair: pair[1].id)
    todo = [
        task
        for number, one in variants
        for task in tasks([one], home, static_only=static_only, seed=number)
        if task.payload or not (guarded or (count and aside))
    ]
    seen = _progress(todo, home, jobs, quiet=aside and not reveal)
    results = [_result(one, number, seen, static_only=static_only) for number, one in variants]
    sums = table.totals(results, time.monotonic() - began)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    if aside and not reveal:
        strata.techniques(console, results)
    else:
        table.show(console, results)
    strata.show(console, results)
    table.summary(console, sums)
    kind = "heldout" if aside else "crossed" if crossed else "guarded" if guarded else "latest"
    kept = [] if aside and not reveal else results
    table.write(
        out or RESULTS / f"{kind}{'-static' if static_only else ''}.json", kept, sums, strata.rows(results)
    )
    wrong = [result for result in results if not result.good]
    sys.exit(
        1 if not results or any(result.detected is not False or not static_only for result in wrong) else 0
    )


def chosen(seed: int, *, crossed: bool, guarded: bool = False, aside: bool) -> Iterator[Scenario]:
    """Yield the scenarios of one seed that are asked for."""
    ecosystems = tuple(cross.LANGUAGES)
    if aside:
        yield from vary.variants(heldout(), seed)
        for ecosystem in ecosystems:
            yield from cross.cases(ecosystem, seed, aside=True)
    elif crossed:
        for ecosystem in ecosystems:
            yield from cross.cases(ecosystem, seed)
            yield from cross.honest(ecosystem, seed)
    elif guarded:
        for ecosystem in ecosystems:
            yield from cross.guarded(ecosystem, seed)
            yield from cross.honest(ecosystem, seed, guarded=True)
    else:
        yield from vary.variants(scenarios(), seed)


def _progress(todo: Iterable[Task], home: Path, jobs: int, *, quiet: bool) -> dict[Key, Seen]:
    """Run them all behind a progress bar."""
    seen = {}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    todo = list(todo)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task("analysing", total=len(todo))
        for task, result in run(todo, home, jobs=jobs):
            seen[task.scenario.id, task.seed, task.payload] = result
            said = f"{task.scenario.id}{'' if task.payload else ' (twin)'}: {result.verdict}"
            bar.update(line, advance=1, description="" if quiet else said)
            if bar.disable and not quiet and not task.static_only:
                click.echo(f"{said} after {result.seconds:.1f} s", err=True)
    return seen


def _result(scenario: Scenario, seed: int, seen: dict[Key, Seen], *, static_only: bool) -> Result:
    """Bring a scenario and its twin together."""
    return Result(
        id=scenario.id,
        title=scenario.title,
        row=scenario.row,
        expected=scenario.expect.verdict,
        expected_phase=scenario.expect.phase,
        seen=seen[scenario.id, seed, True],
        twin=seen.get((scenario.id, seed, False)),
        ecosystem=scenario.ecosystem,
        evasive=scenario.evasive,
        technique=scenario.technique,
        seed=seed,
        static_only=static_only,
        waits=scenario.waits,
        generation=scenario.generation,
    )


if __name__ == "__main__":
    main()
