"""`biopsy status`: feeds, queue and workers at a glance."""

from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, plain_option
from biopsy.cli.queueing import ask, dsn_option
from biopsy.cli.teach import Taught

if TYPE_CHECKING:
    from rich.console import Console

    from biopsy.queue import Queue

EXAMPLES = """
Examples
  biopsy status              live, until Ctrl-C
  biopsy status --once       as it is now: for scripts, and where nobody looks
  biopsy status -f json      for programs; implies --once

Exit status
  0  nothing wants a person
  1  with --once: feeds are in trouble, or jobs wait and no worker lives
"""


@click.command("status", cls=Taught, epilog=EXAMPLES)
@click.option("--once", is_flag=True, help="Show it once. So it is, too, where the output is no terminal.")
@click.option(
    "--every",
    type=click.FloatRange(0.2, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often it is shown anew.",
)
@form_option
@plain_option
@dsn_option
@home_option
def command(home: Path, dsn: str, form: str, once: bool, every: float, plain: bool) -> int:  # noqa: FBT001, PLR0917
    """Show how far feeds were read, what waits, who works, and how jobs ended in the last hour."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, and --help is not

    from biopsy.cli.output import coloured  # noqa: PLC0415

    console = Console(no_color=plain or not coloured(), highlight=False)
    once = once or form == "json" or not console.is_terminal

    def body(q: "Queue") -> Awaitable[int]:
        return _once(q, console, form) if once else _live(q, console, every)

    try:
        return ask(home, dsn, body)
    except KeyboardInterrupt:
        if once:
            raise
        return 0  # it is how one stops looking


async def _once(q: "Queue", console: "Console", form: str) -> int:
    from biopsy.cli import overview  # noqa: PLC0415

    seen = await overview.look(q)
    if form == "json":
        from biopsy.cli.listing_jobs import as_json  # noqa: PLC0415

        as_json(seen.told())
    else:
        console.print(overview.draw(seen, console.width))
    return 1 if seen.trouble() else 0


async def _live(q: "Queue", console: "Console", every: float) -> int:
    import asyncio  # noqa: PLC0415

    from rich.live import Live  # noqa: PLC0415

    from biopsy.cli import overview  # noqa: PLC0415
    from biopsy.errors import QueueError  # noqa: PLC0415

    before: Any = None
    with Live(console=console, screen=True, auto_refresh=False) as shown:
        while True:
            try:
                seen = await overview.look(q, before)
                before = seen
                shown.update(overview.draw(seen, console.width), refresh=True)
            except QueueError as err:
                shown.update(str(err), refresh=True)
            await asyncio.sleep(every)
