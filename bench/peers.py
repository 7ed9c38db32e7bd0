"""biopsy beside GuardDog and hexora: the same artifacts, the same machine, the same minutes.

make bench-peers, or python -m bench.peers [--all] [--rounds 2] [--only NAME …] [--resume]

Artifacts are the simulants with their clean twins and the controls, and real harmless releases. Every second
simulant, every fourth of those held out and some of each group of `evals/corpus.yml` are taken: that is a
quarter of an hour. `--all` takes all. Everybody only reads; nothing of an artifact is installed or run. Peers
are fixed versions in environments of their own below BIOPSY_HOME.
"""

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich_click as click
from evals.build import build
from platformdirs import user_data_path
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import peers_page, peers_tools
from biopsy.errors import BiopsyError
from biopsy.pipeline import source
from biopsy.unpack import unpack
from evals import corpus, corpus_kept, corpus_one, scenario

RESULTS = Path(__file__).parent / "results"
A_GROUP = 1  # releases of each group and ecosystem in the sample, beside those others were measured on
ONE_IN = {"simulant": 2, "held-out": 4}  # of the simulants, in the sample

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One artifact to read. `kind` is simulant, held-out, twin, control or benign."""

    key: str
    kind: str
    ecosystem: str
    path: Path


@click.command()
@click.option("--all", "everything", is_flag=True, help="The whole corpus, not a sample of it.")
@click.option("--rounds", type=click.IntRange(1, 9), default=2, show_default=True, help="Take the least of.")
@click.option("--only", multiple=True, metavar="NAME", help="Only these: a scenario, or a package.")
@click.option("--resume", is_flag=True, help="Keep what the results hold already.")
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(
    everything: bool,  # noqa: FBT001
    rounds: int,
    only: tuple[str, ...],
    resume: bool,  # noqa: FBT001
    home: Path | None,
) -> None:
    """Read the same artifacts with biopsy, GuardDog and hexora; print who found what, and what it took."""
    home = (home or user_data_path("biopsy", appauthor=False)).expanduser().absolute()
    console = Console()
    console.width = max(console.width, 130)
    tools = peers_tools.install(home)
    path = RESULTS / "peers.json"
    rows: list[Row] = json.loads(path.read_text())["rows"] if resume and path.is_file() else []
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        simulants = _simulants(Path(scratch), only, everything=everything)
        items = [*simulants, *_benign(home, only, everything=everything)]
        done = {row["key"] for row in rows}
        for item in items[:1]:
            _row(item, tools, 1)  # nobody is measured at what only a first time costs: compiling, a cache
        for item in _progress([item for item in items if item.key not in done]):
            rows.append(_row(item, tools, rounds))
            _write(path, rows, tools)
    peers_page.show(console, rows)
    (RESULTS / "peers.html").write_text(peers_page.html(rows, tools))
    console.print(f"[dim]{path}, {path.with_suffix('.html')}[/]")


def _simulants(folder: Path, only: Sequence[str], *, everything: bool) -> Iterator[Item]:
    """Build every scenario, with its clean twin."""
    every = []
    for bad, found in (("simulant", scenario.scenarios()), ("held-out", scenario.heldout())):
        step = 1 if everything or only else ONE_IN[bad]
        every += [(bad, one) for one in list(found)[::step]]
    for bad, one in every:
        if only and one.id not in only:
            continue
        for payload in (True, False) if one.malicious else (True,):
            kind = "control" if not one.malicious else bad if payload else "twin"
            path = build(one, folder / f"{one.id}-{kind}", payload=payload)
            yield Item(f"{one.id} {kind}", kind, one.ecosystem, path)


def _benign(home: Path, only: Sequence[str], *, everything: bool) -> Iterator[Item]:
    """Bring the releases of the corpus here, as it keeps them itself."""
    own = corpus_one.prepare(home)
    corpus_kept.use(own / "pages")
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for entry in corpus.entries():
        group = (entry.ecosystem, entry.group)
        if only and entry.name not in only:
            continue
        if not (only or everything) and entry.group != "peers":
            taken[group] += 1
            if taken[group] > A_GROUP:
                continue
        which = None if entry.artifact == "tgz" else entry.artifact
        try:
            with tempfile.TemporaryDirectory() as scratch:
                (sample,) = source.collect(entry.target, which, own / "artifacts", Path(scratch))
        except BiopsyError as err:
            click.echo(f"{entry.key}: left out: {err}", err=True)
            continue
        yield Item(entry.key, "benign", entry.ecosystem, sample.artifact.path)


def _row(item: Item, tools: Sequence[peers_tools.Tool], rounds: int) -> Row:
    """Have every tool read one artifact, taking turns, so that what else the machine does hits them alike."""
    row: Row = {"key": item.key, "kind": item.kind, "ecosystem": item.ecosystem}
    row["mb"] = round(item.path.stat().st_size / 1e6, 3)
    with tempfile.TemporaryDirectory(prefix="peers-tree-") as name:
        tree = unpack(item.path, Path(name) / "tree").tree
        for _ in range(rounds if item.kind == "benign" else 1):  # times are told of real releases alone
            for tool in tools:
                if item.ecosystem not in tool.ecosystems:
                    continue
                seen = tool.read(item.path, tree.root, item.ecosystem)
                row[tool.name] = peers_tools.better(row.get(tool.name), seen)
    return row


def _progress(items: Sequence[Item]) -> Iterator[Item]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=len(items))
        for item in items:
            bar.update(task, description=item.key)
            yield item
            bar.advance(task)


def _write(path: Path, rows: Sequence[Row], tools: Sequence[peers_tools.Tool]) -> None:
    path.parent.mkdir(exist_ok=True)
    about = {tool.name: tool.version for tool in tools}
    made = {"made": time.strftime("%Y-%m-%dT%H:%M:%S"), "tools": about, "caveats": peers_page.CAVEATS}
    sums = peers_page.sums(rows)
    path.write_text(json.dumps({**made, "sums": sums, "rows": list(rows)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
