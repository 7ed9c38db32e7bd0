"""Progress, on standard error: a live line on a terminal, plain lines elsewhere, nothing when quiet."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich_click as click

from biopsy.cli.output import coloured
from biopsy.formats.views.visible import visible

Report = Callable[[str, float | None], None]
MAX_MESSAGE = 120


@contextmanager
def progress(*, quiet: bool, colour: bool | None = None) -> Iterator[Report]:
    """Yield a function to be told what is being done now, and how much of it (0 to 1) where that is known."""
    if quiet:
        yield lambda _message, _done: None
    elif sys.stderr.isatty():
        yield from _live(colour=coloured(sys.stderr) if colour is None else colour)
    else:
        yield _plain()


def _plain() -> Report:
    last = ""

    def report(message: str, _done: float | None) -> None:
        nonlocal last
        if message != last:
            last = message
            click.echo(f"biopsy: {visible(message, limit=MAX_MESSAGE)}", err=True)

    return report


def _live(*, colour: bool) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True, no_color=not colour, highlight=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("starting", total=None)

        def report(message: str, done: float | None) -> None:
            total = None if done is None else 1.0
            shown.update(
                task, description=visible(message, limit=MAX_MESSAGE), completed=done or 0.0, total=total
            )

        yield report
