"""`biopsy guard`: a registry between clients and theirs, without what is known to be bad or too fresh."""

from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.queueing import dsn_option
from biopsy.cli.reporting import database_option
from biopsy.cli.teach import Taught, TaughtGroup, grouped

GUARD = """
Examples
  biopsy guard                                at http://127.0.0.1:8700
  biopsy guard run -- pip install requests    for one command; nothing to set up
  biopsy guard run -- npm ci
  biopsy guard why pypi:requests              what would become of its releases, and why
  biopsy guard log                            what was asked for and decided
  biopsy guard policy > guard.yml             a policy to begin with
  biopsy guard --policy guard.yml             (also: guard.yml in BIOPSY_HOME)

  pip install --index-url http://127.0.0.1:8700/pypi/simple/ NAME
  npm install --registry http://127.0.0.1:8700/npm/ NAME

It asks the registries that pip and npm are set up with on this machine. A
blocked version is not in their listings, so that clients take a good one;
who asks for it exactly is told why. Other machines are answered only with
--host: put a reverse proxy with TLS before it, and name that with --url.

Exit status
  0  it was told to end
  2  a policy that cannot be read, or the address is taken
"""
RUN = """
Examples
  biopsy guard run -- pip install requests      also uv, poetry, pdm
  biopsy guard run -- npm ci                    also pnpm, yarn, bun
  biopsy guard run -- sh -c 'npm ci && make'    whatever a script installs

What clients write into lock files names the registries, as without the guard.
"""
WHY = """
Examples
  biopsy guard why pypi:requests           the versions that are not let through
  biopsy guard why npm:left-pad@1.3.0      one version
  biopsy guard why npm:left-pad --all      those that are, too
"""
LOG = """
Examples
  biopsy guard log                         what was kept out or warned of
  biopsy guard log --all --limit 500       what was let through, too
  biopsy guard log --json                  for programs
"""
POLICY = """
Examples
  biopsy guard policy > guard.yml          one to begin with
  biopsy guard policy guard.yml            can it be read?
"""
_PANELS = {
    "What is let through": ("--policy", "--database", "--analyze", "--dsn"),
    "Where": ("--host", "--port", "--url", "--allow-host", "--site"),
    "What is kept": ("--home", "--cache", "--fresh"),
}


def listening(function: Any) -> Any:
    """Give a command where it listens."""
    options = (
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at."),
        click.option(
            "--port", type=click.IntRange(0, 65535), default=8700, show_default=True,
            help="0: one that is free.",
        ),
        click.option(
            "--url", metavar="URL", default="", envvar="BIOPSY_GUARD_URL",
            help="Where clients reach it; default: as asked.",
        ),
        click.option(
            "--allow-host", "hosts", multiple=True, metavar="NAME", help="A name that clients may call it by."
        ),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def guarding(function: Any) -> Any:
    """Give a command what the guard goes by."""
    for option in reversed(
        (
            click.option(
                "--policy", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                help="What is let through; default: guard.yml in BIOPSY_HOME, else `biopsy guard policy`.",
            ),
            database_option,
            click.option("--analyze", is_flag=True, help="Hold what nobody has looked at until workers did."),
            click.option("--site", metavar="URL", default="", help="Where `biopsy serve` is, for links."),
            click.option(
                "--cache", type=click.FloatRange(0), default=10.0, show_default=True, metavar="GB",
                help="So much of what was fetched is kept.",
            ),
            click.option(
                "--fresh", type=click.FloatRange(0), default=60.0, show_default=True, metavar="SECONDS",
                help="For so long a listing is shown without asking the registry again.",
            ),
            dsn_option,
            home_option,
        )
    ):  # fmt: skip
        function = option(function)
    return function


@click.group(
    "guard", cls=TaughtGroup, epilog=GUARD, context_settings=grouped(_PANELS), invoke_without_command=True
)
@listening
@guarding
def command(host: str, port: int, **asked: Any) -> None:
    """Keep packages that are known to be bad, or too fresh, out of pip, uv, npm and their like."""
    here = click.get_current_context()
    if here is not None and here.invoked_subcommand is not None:
        return
    from biopsy.cli import guarding as doing  # noqa: PLC0415 - slow to import, and --help is not

    doing.serve(host, port, **asked)


@command.command("serve", cls=Taught)
@listening
@guarding
def serve(host: str, port: int, **asked: Any) -> None:
    """Listen until told to end: what `biopsy guard` does without a word."""
    from biopsy.cli import guarding as doing  # noqa: PLC0415

    doing.serve(host, port, **asked)


@command.command(
    "run",
    cls=Taught,
    epilog=RUN,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@guarding
@click.argument("words", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
def run(words: tuple[str, ...], **asked: Any) -> int:
    """Run one command with the guard before its registries; its exit status is the command's."""
    from biopsy.cli import guard_run as doing  # noqa: PLC0415

    return doing.run(words, **asked)


@command.command("why", cls=Taught, epilog=WHY)
@click.argument("package", metavar="PACKAGE")
@click.option("--all", "every", is_flag=True, help="Every version, not only those that are not let through.")
@guarding
def why(package: str, every: bool, **asked: Any) -> int:  # noqa: FBT001
    """Say what becomes of a package's releases, and why; the exit status is 1 where one is blocked."""
    from biopsy.cli import guarding as doing  # noqa: PLC0415

    return doing.why(package, every=every, **asked)


@command.command("log", cls=Taught, epilog=LOG)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many, at most."
)
@click.option("--all", "every", is_flag=True, help="Also what was let through.")
@click.option("--json", "json_", is_flag=True, help="As lines of JSON.")
@home_option
def log(limit: int, home: Path, every: bool, json_: bool) -> None:  # noqa: FBT001
    """Show what was decided, the newest last."""
    from biopsy.cli import guard_log as doing  # noqa: PLC0415

    doing.log(home, limit, every=every, as_json=json_)


@command.command("policy", cls=Taught, epilog=POLICY)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def policy(file: Path | None) -> None:
    """Print a policy to begin with; with a FILE, say whether it can be read."""
    from biopsy.cli import guard_policy as doing  # noqa: PLC0415

    if file is None:
        click.echo(doing.POLICY, nl=False)
        return
    doing.check(file)
    click.echo(f"{file}: a policy")
