"""Real, harmless releases from the two registries: biopsy must convict none and suspect hardly any.

python -m evals.corpus [--static-only | --dynamic] [--only NAME …] [--resume] [--pin]

Static for all of `corpus.yml`, dynamic for those it marks; one after the other, so that times mean something.
What a registry answered is kept and not asked for again. Exit 1 where anything harmless was convicted.
"""

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import rich_click as click
import yaml
from platformdirs import user_data_path
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals import corpus_one, corpus_table

LIST = Path(__file__).parent / "corpus.yml"
RESULTS = Path(__file__).parent / "results" / "corpus.json"
PAUSE = 0.5  # seconds between releases whose registry is asked, when pinning

_LINE = re.compile(
    r'  - \{name: "?(?P<name>[^",]+)"?, version: "(?P<version>[^"]+)", artifact: (?P<artifact>\w+),'
)

Row = dict[str, Any]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One release, down to the bytes. `group` says what makes it worth looking at."""

    name: str
    version: str
    artifact: Literal["sdist", "wheel", "tgz"]
    group: str
    sha256: str = ""
    dynamic: bool = False
    ecosystem: str = ""

    @property
    def target(self) -> str:
        """As `biopsy analyze` takes it."""
        return f"{self.ecosystem}:{self.name}@{self.version}"

    @property
    def key(self) -> str:
        """What tells it from every other."""
        return f"{self.target} {self.artifact}"


def entries() -> Iterator[Entry]:
    """Read the list; raises msgspec.ValidationError where it is none."""
    for ecosystem, items in yaml.safe_load(LIST.read_text(encoding="utf-8")).items():
        for item in items:
            yield msgspec.convert({**item, "ecosystem": ecosystem}, Entry)


@click.command()
@click.option("--static-only", is_flag=True, help="Read, run nothing.")
@click.option("--dynamic", "dynamic_only", is_flag=True, help="Only the runs of those that the list marks.")
@click.option("--only", multiple=True, metavar="NAME", help="Only these: a name, or a group.")
@click.option("--profile", multiple=True, metavar="NAME", help="Pretend to be this machine; default: all.")
@click.option("--resume", is_flag=True, help="Go on with the sweep that was interrupted.")
@click.option("--pin", is_flag=True, help="Only fetch, and write the hashes that are missing into the list.")
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(  # noqa: PLR0917
    static_only: bool,  # noqa: FBT001
    dynamic_only: bool,  # noqa: FBT001
    only: tuple[str, ...],
    profile: tuple[str, ...],
    resume: bool,  # noqa: FBT001
    pin: bool,  # noqa: FBT001
    home: Path | None,
) -> None:
    """Analyse real releases that are harmless; none may be convicted."""
    chosen = [one for one in entries() if not only or {one.name, one.group} & set(only)]
    own = corpus_one.prepare((home or user_data_path("biopsy", appauthor=False)).expanduser().absolute())
    if pin:
        sys.exit(_pin(chosen, own))
    modes = ["static"] * (not dynamic_only) + ["dynamic"] * (not static_only)
    rows = _sweep(chosen, modes, own, profile, resume=resume)
    console = Console()
    console.width = max(console.width, 150)
    corpus_table.show(console, rows)
    sys.exit(0 if corpus_table.good(rows) else 1)


def _sweep(
    chosen: Sequence[Entry], modes: Sequence[str], home: Path, profiles: Sequence[str], *, resume: bool
) -> list[Row]:
    """Analyse; after each package the results are written, so that an interruption loses one."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    sweep = kept.get("sweep") if resume and kept.get("sweep") else f"{time.strftime('%Y%m%d-%H%M%S')}"
    rows: dict[str, Row] = {row["key"]: row for row in kept.get("rows", ())}
    todo = [(one, mode) for mode in modes for one in chosen if mode == "static" or one.dynamic]
    todo = [t for t in todo if not _done(rows.get(t[0].key, {}).get(t[1]), sweep)]
    for one, mode in _progress(todo):
        seen = corpus_one.measure(one.target, one.artifact, one.sha256, home, mode, profiles=profiles)
        row = rows.setdefault(one.key, {"key": one.key})
        row |= {"target": one.target, "artifact": one.artifact, "group": one.group}
        row[mode] = {"sweep": sweep, **seen}
        listed = [rows[e.key] for e in entries() if e.key in rows]
        RESULTS.parent.mkdir(exist_ok=True)
        sums = corpus_table.sums(listed)
        RESULTS.write_text(
            json.dumps({"sweep": sweep, "sums": sums, "rows": listed}, indent=1, ensure_ascii=False) + "\n"
        )
    return [rows[one.key] for one in chosen if one.key in rows]


def _done(seen: Row | None, sweep: str) -> bool:
    """Whether this sweep has been there; what broke is tried again."""
    return bool(seen and seen["sweep"] == sweep and seen["verdict"] != "error")


def _progress(todo: Sequence[tuple[Entry, str]]) -> Iterator[tuple[Entry, str]]:
    """Yield each behind a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("analysing", total=len(todo))
        for one, mode in todo:
            bar.update(task, description=f"{one.target} {mode}")
            yield one, mode
            bar.advance(task)


def _pin(chosen: Sequence[Entry], home: Path) -> int:
    """Fetch what has no hash yet, politely, and write its hash into the list."""
    failed = 0
    for one in (one for one in chosen if not one.sha256):
        try:
            sha256 = corpus_one.fetch(one.target, one.artifact, home)
        except corpus_one.BiopsyError as err:
            click.echo(f"{one.key}: {err}", err=True)
            failed += 1
            continue
        LIST.write_text(
            "".join(_with(line, one, sha256) for line in LIST.read_text().splitlines(keepends=True))
        )
        click.echo(f"{one.key}: {sha256}")
        time.sleep(PAUSE)
    return 1 if failed else 0


def _with(line: str, one: Entry, sha256: str) -> str:
    match = _LINE.match(line)
    if not match or match.groupdict() != {"name": one.name, "version": one.version, "artifact": one.artifact}:
        return line
    return f"{match[0]} sha256: {sha256},{line[match.end() :]}"


if __name__ == "__main__":
    main()
