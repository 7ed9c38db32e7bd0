"""`biopsy watch`: what registries publish becomes jobs in the queue."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.shell_completion import CompletionItem

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.queueing import dsn_option
from biopsy.cli.teach import Taught, grouped
from biopsy.errors import UsageError

if TYPE_CHECKING:
    from biopsy.pipeline.follow.chosen import Watched

EXAMPLES = """
Examples
  biopsy watch pypi npm --contact you@example.org   follow both registries, unattended
  biopsy watch --watch-list mine.txt                only these packages, asked one by one
  biopsy watch npm --once                           take in what is there to be had, and end
  biopsy watch pypi/rss                             another feed than the main one
  biopsy watch --feeds                              which feeds there are, and where they are asked
  biopsy watch --explain npm:lodahs                 what the policy does with a name

What a feed says becomes a job in the queue, once; `biopsy worker` does the jobs. A watch list
has a purl, npm:NAME or pypi:NAME a line. What is skipped, what goes first and what is only
read say the policies: BIOPSY_HOME/policy/ECOSYSTEM.yml over those that are shipped.

Exit status
  0  told to stop, or with --once: all was taken in
  2  a policy, a watch list or an address is wrong
  4  with --once: a feed did not answer
"""
UNANSWERED = 4
_GROUPS = {
    "What to follow": ("--watch-list", "--address", "--once"),
    "How": ("--every", "--apart", "--contact", "--high", "--low", "--dsn", "--home", "--log", "--quiet"),
    "Ask": ("--explain", "--feeds", "--format"),
}


def _offered(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ecosystems, and feeds with how often they are asked."""
    from biopsy.ecosystems import feeds  # noqa: PLC0415 - slow to import, and --help is not

    every = {feed.name: f"every {feed.every:.0f} s" for feed in feeds.all_feeds()}
    every |= {feed.ecosystem: f"its main feed, {feed.name}" for feed in feeds.all_feeds() if feed.main}
    return [CompletionItem(n, help=text) for n, text in sorted(every.items()) if n.startswith(incomplete)]


@click.command("watch", cls=Taught, epilog=EXAMPLES, context_settings=grouped(_GROUPS))
@click.argument("wanted", nargs=-1, metavar="[ECOSYSTEM|FEED]...", shell_complete=_offered)
@click.option(
    "--watch-list",
    "listed",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Only these packages, asked one by one: for indexes without a feed.",
)
@click.option("--once", is_flag=True, help="Take in what there is, and end.")
@click.option(
    "--every",
    type=click.FloatRange(1, 86400),
    metavar="SECONDS",
    help="Between two polls; default: the feed's.",
)
@click.option(
    "--apart",
    type=click.FloatRange(0, 60),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two requests to one host.",
)
@click.option(
    "--contact",
    envvar="BIOPSY_CONTACT",
    default="",
    metavar="MAIL|URL",
    help="Whom a registry can write to; part of the User-Agent. Also: BIOPSY_CONTACT.",
)
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="FEED=URL",
    help="Where a feed is asked. Repeatable. Also: BIOPSY_FEEDS, with spaces between.",
    envvar="BIOPSY_FEEDS",
)
@click.option(
    "--high",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    help="With so many jobs waiting a feed rests …",
)
@click.option("--low", type=click.IntRange(0), default=15_000, show_default=True, help="… until so few wait.")
@dsn_option
@click.option("--explain", "name", metavar="PACKAGE", help="Say what the policy does with it; ask nobody.")
@click.option("--feeds", "show", is_flag=True, help="List the feeds; ask nobody.")
@form_option
@click.option(
    "--log", type=click.Choice(("text", "json")), help="How it tells: default: text on a terminal, else JSON."
)
@home_option
@quiet_option
def command(  # noqa: PLR0917 - click gives them by name
    wanted: tuple[str, ...],
    listed: Path | None,
    once: bool,  # noqa: FBT001
    every: float | None,
    apart: float,
    contact: str,
    addresses: tuple[str, ...],
    high: int,
    low: int,
    dsn: str,
    name: str | None,
    show: bool,  # noqa: FBT001
    form: str,
    log: str | None,
    home: Path,
    quiet: bool,  # noqa: FBT001
) -> int:
    """Follow the feeds of registries; every new release becomes a job in the queue, once."""
    from biopsy.cli.watching import explained, follow, told_feeds  # noqa: PLC0415 - slow, and --help is not

    if name is not None:
        click.echo(explained(name, wanted, home, form))
        return 0
    settings = _addresses(addresses)
    if show:
        click.echo(told_feeds(settings, form))
        return 0
    if low >= high:
        raise UsageError(f"--low {low} is not below --high {high}")
    from biopsy.pipeline.follow.chosen import choose  # noqa: PLC0415
    from biopsy.pipeline.follow.following import Options  # noqa: PLC0415

    chosen = choose(wanted, _watched(listed, wanted))
    options = Options(high, low, every, settings)
    log = log or ("text" if sys.stderr.isatty() else "json")
    answered = follow(
        chosen, options, home, dsn, contact=contact, apart=apart, once=once, form=log, quiet=quiet
    )
    return 0 if answered or not once else UNANSWERED


def _watched(listed: Path | None, wanted: tuple[str, ...]) -> "Watched | None":
    from biopsy.pipeline.follow.chosen import read_list  # noqa: PLC0415

    return read_list(listed, wanted[0] if len(wanted) == 1 else "") if listed else None


def _addresses(given: tuple[str, ...]) -> dict[str, str]:
    """Read `pypi/changelog=https://…`; the name of an ecosystem stands for its main feed."""
    from biopsy.ecosystems import feeds  # noqa: PLC0415

    found = {}
    for one in given:
        feed, equals, url = one.partition("=")
        if not equals or not url.startswith(("https://", "http://")):
            raise UsageError(
                f"--address {one}: write FEED=URL, such as npm/changes=https://registry.example/"
            )
        name = feed if feed.endswith("/watched") else feeds.by_name(feed).name
        found[name] = url
    return found
