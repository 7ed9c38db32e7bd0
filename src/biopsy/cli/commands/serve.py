"""`biopsy serve`: the report database over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import rich_click as click

from biopsy.cli.commands.tokens import tokens_option
from biopsy.cli.home import home_option
from biopsy.cli.listening import BACKLOG, listen
from biopsy.cli.queueing import dsn_option
from biopsy.cli.reporting import database_option
from biopsy.cli.teach import Taught, grouped
from biopsy.errors import UsageError

GRACE = 15  # seconds that requests have to end when the server is told to
MAX_OPEN = 2000  # connections of one process; more are answered with 503

SERVE = """
Examples
  biopsy serve                                       at http://127.0.0.1:8600
  biopsy serve --exports out/ --workers 2            files below /exports/, too
  pip-audit -s osv --osv-url http://127.0.0.1:8600/v1/query
  uv audit --service-url http://127.0.0.1:8600/
  npm audit --registry http://127.0.0.1:8600
  curl --data-binary @uv.lock http://127.0.0.1:8600/api/v1/check

The web site stands at /; all that programs can ask at /docs and /openapi.json.
Reading needs no token; writing does (biopsy tokens create). Other machines
are answered only with --host: put a reverse proxy with TLS before it, and
name its address with --behind, so that rates are counted by who asks.
Ctrl-C ends it, once what was asked is answered.

Exit status
  0  it was told to end
  2  no database, or the address is taken
"""
_PANELS = {
    "What is served": ("--database", "--exports", "--home", "--no-site", "--dsn"),
    "Where": ("--host", "--port", "--url", "--behind", "--workers"),
    "Who may do what": ("--tokens", "--read-only", "--reads", "--writes"),
}


@click.command("serve", cls=Taught, epilog=SERVE, context_settings=grouped(_PANELS))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8600, show_default=True, help="0: one that is free."
)
@click.option("--behind", metavar="ADDRESS", help="A proxy whose X-Forwarded-For is believed.")
@click.option("--url", metavar="URL", help="Where clients reach it, for links; default: host and port.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option(
    "--exports",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder to serve below /exports/.",
)
@click.option("--read-only", is_flag=True, help="Take nothing in, whatever token comes.")
@click.option(
    "--reads", type=click.IntRange(0), default=12_000, show_default=True, metavar="N",
    help="Requests that one address may make in a minute; 0: no limit.",
)  # fmt: skip
@click.option(
    "--writes", type=click.IntRange(0), default=60, show_default=True, metavar="N",
    help="The same for those that change something.",
)  # fmt: skip
@click.option("--no-site", is_flag=True, help="Only the API, without the web site.")
@dsn_option
@tokens_option
@database_option
@home_option
def command(host: str, port: int, home: Path, database: Path | None, **asked: Any) -> None:
    """Answer OSV's clients, npm audit and your own from the report database."""
    try:
        import uvicorn  # noqa: PLC0415 - an extra, and slow to import

        from biopsy.web.app import Settings, build, hand_over  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("serving needs more than the core: pip install 'biopsy[web]'") from error
    tokens = None if asked["read_only"] else asked["place"] or home / "tokens.db"
    limits = (float(asked["reads"]), float(asked["writes"]), asked["workers"])
    exports = asked["exports"].absolute() if asked["exports"] else None
    path = (database or home / "reports.db").absolute()
    build(path)  # says what is wrong before anything listens
    listening = listen(host, port)
    here = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    shown = None if asked["no_site"] else home.absolute()
    settings = Settings(path, exports, tokens, *limits, asked["url"] or here, shown, asked["dsn"])
    hand_over(settings)
    config = uvicorn.Config(
        "biopsy.web.app:worker", factory=True, workers=settings.workers, log_level="warning",
        access_log=False, server_header=False, timeout_graceful_shutdown=GRACE, limit_concurrency=MAX_OPEN,
        backlog=BACKLOG, lifespan="on", proxy_headers=bool(asked["behind"]),
        forwarded_allow_ips=asked["behind"],
    )  # fmt: skip
    click.echo(f"biopsy: serving at {here} (Ctrl-C ends)", err=True)
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    several = settings.workers > 1
    runs = (
        Multiprocess(config, [listening]).run if several else partial(uvicorn.Server(config).run, [listening])
    )
    with suppress(KeyboardInterrupt), _beside(shown, path):  # that is how it is told to end: not a failure
        runs()


@contextmanager
def _beside(home: Path | None, database: Path) -> Iterator[None]:
    """Have what the site needs kept current in processes of their own, where there is a site."""
    if home is None:
        yield
        return
    from biopsy.web.site.ahead import written_ahead  # noqa: PLC0415
    from biopsy.web.site.index.process import kept_current  # noqa: PLC0415

    with kept_current(home, database), written_ahead():
        yield
