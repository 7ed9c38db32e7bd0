"""Apply every inert edit to every simulant, clean twin and control, and tell which verdicts changed."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import msgspec
import rich_click as click
from platformdirs import user_data_path
from rich.console import Console
from rich.table import Table

from evals import mutate
from evals.run import Seen, Task, forms, run
from evals.scenario import Scenario, scenarios

RESULTS = Path(__file__).parent / "results" / "mutations.json"
EVERY = 8
"""`bulk` is slow: of so many packages one gets it."""


class Changed(msgspec.Struct, frozen=True):
    """A verdict that an inert edit changed."""

    id: str
    payload: bool
    edit: str
    before: str
    after: str
    lost: tuple[str, ...] = ()  # rules that matched before and no longer
    won: tuple[str, ...] = ()


def plan(
    chosen: Iterable[Scenario], home: Path, edits: Sequence[str] = (), *, static_only: bool = True
) -> list[Task]:
    """Return the tasks: every package unchanged, and with each edit that changes something in it."""
    tasks = []
    for number, scenario in enumerate(chosen):
        for payload in forms(scenario):
            files = scenario.contents(payload=payload)
            tasks.append(Task(scenario, payload, home, static_only))
            for name in edits or mutate.EDITS:
                if name == "bulk" and number % EVERY:
                    continue
                made = mutate.EDITS[name](dict(files))
                if made != files or list(made) != list(files):
                    tasks.append(Task(scenario, payload, home, static_only, edit=name))
    return tasks


def compare(seen: dict[tuple[str, bool, str], Seen]) -> list[Changed]:
    """Return the verdicts that are not those of the unchanged package."""
    changed = []
    for (identity, payload, name), after in seen.items():
        before = seen[identity, payload, ""]
        if after.verdict != before.verdict:
            lost = tuple(sorted(set(before.findings) - set(after.findings)))
            won = tuple(sorted(set(after.findings) - set(before.findings)))
            changed.append(Changed(identity, payload, name, before.verdict, after.verdict, lost, won))
    return changed


def sweep(tasks: Sequence[Task], home: Path, jobs: int) -> dict[tuple[str, bool, str], Seen]:
    """Analyse them all."""
    return {(task.scenario.id, task.payload, task.edit): seen for task, seen in run(tasks, home, jobs=jobs)}


def sample(tasks: Sequence[Task], count: int, seed: int = 0) -> list[Task]:
    """Choose so many edited packages, and the unchanged ones that they are compared with."""
    edited = [task for task in tasks if task.edit]
    kept = Random(seed).sample(edited, min(count, len(edited)))
    needed = {(task.scenario.id, task.payload) for task in kept}
    plain = [task for task in tasks if not task.edit and (task.scenario.id, task.payload) in needed]
    return [*plain, *kept]


@click.command()
@click.option("--only", multiple=True, metavar="ID", help="Only these scenarios, or all that begin so.")
@click.option("--edit", "edits", multiple=True, metavar="NAME", help="Only these edits.")
@click.option("--dynamic", is_flag=True, help="Run them too, not only read them.")
@click.option("--sample", "count", type=click.IntRange(1), help="So many edited packages, chosen evenly.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which sample.")
@click.option("--jobs", type=click.IntRange(1, 16), default=2, show_default=True, help="How many at a time.")
@click.option("--json", "out", type=click.Path(path_type=Path), default=RESULTS, help="Where to write them.")
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(  # noqa: PLR0917 - a command line
    only: tuple[str, ...],
    edits: tuple[str, ...],
    dynamic: bool,  # noqa: FBT001
    count: int | None,
    seed: int,
    jobs: int,
    out: Path,
    home: Path | None,
) -> None:
    """Edits that change nothing, on every simulant, clean twin and control: no verdict may change."""
    home = (home or user_data_path("biopsy", appauthor=False)).expanduser().absolute()
    began = time.monotonic()
    chosen = [one for one in scenarios() if not only or one.id.startswith(only)]
    tasks = plan(chosen, home, edits, static_only=not dynamic)
    if count:
        tasks = sample(tasks, count, seed)
    seen = sweep(tasks, home, jobs)
    changed = compare(seen)
    seconds = time.monotonic() - began
    _show(seen, changed, seconds)
    out.parent.mkdir(parents=True, exist_ok=True)
    tried = Counter(name for _, _, name in seen if name)
    data = {
        "tried": dict(tried),
        "dynamic": dynamic,
        "changed": changed,
        "seconds": round(time.monotonic() - began, 1),
    }
    out.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")
    sys.exit(1 if changed else 0)


def _show(seen: dict[tuple[str, bool, str], Seen], changed: Sequence[Changed], seconds: float) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = 150
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("edit", "packages", "changed", "which"):
        table.add_column(
            name, justify="right" if name in ("packages", "changed") else "left", overflow="fold"
        )
    tried = Counter(name for _, _, name in seen if name)
    for name, count in sorted(tried.items()):
        wrong = [one for one in changed if one.edit == name]
        which = ", ".join(
            f"{one.id}{'' if one.payload else ' (twin)'} {one.before}→{one.after}" for one in wrong[:6]
        )
        table.add_row(name, str(count), str(len(wrong)), which + (" …" if len(wrong) > 6 else ""))
    console.print(table)
    console.print(
        f"[bold]{len(changed)}[/] of {tried.total()} edited packages changed verdict; {seconds:.0f} s"
    )
