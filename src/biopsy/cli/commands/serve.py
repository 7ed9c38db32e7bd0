"""`biopsy serve`: the report database over HTTP."""

from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import database_option
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

SERVE = """
Examples
  biopsy serve                                       http://127.0.0.1:8600
  pip-audit -s osv --osv-url http://127.0.0.1:8600/v1/query
  uv audit --service-url http://127.0.0.1:8600/
  npm audit --registry http://127.0.0.1:8600

Other machines are answered only with --host; put a reverse proxy with TLS before it.
"""


@click.command("serve", cls=Taught, epilog=SERVE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True)
@database_option
@home_option
def command(host: str, port: int, home: Path, database: Path | None) -> None:
    """Answer OSV's clients, npm audit and your own from the report database."""
    try:
        import uvicorn  # noqa: PLC0415 - an extra, and slow to import

        from biopsy.web.app import build  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("serving needs more than the core: pip install 'biopsy[web]'") from error
    app = build(database or home / "reports.db")
    click.echo(f"biopsy: serving at http://{host}:{port} (Ctrl-C ends)", err=True)
    uvicorn.run(app, host=host, port=port, log_level="warning")
