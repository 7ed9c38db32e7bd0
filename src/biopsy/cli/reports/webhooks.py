"""`biopsy reports webhooks`: tell others what happened to reports."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import database_option, opened, sources_option, table
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

if TYPE_CHECKING:
    from biopsy.reports.database import Database
    from biopsy.reports.feeds.hook import Hook
    from biopsy.reports.told import Standing

WEBHOOKS = """
Examples
  biopsy reports webhooks                 tell every hook what is due; run it each minute
  biopsy reports webhooks --dry-run       only say what each would be told
  biopsy reports webhooks chat --retry    one that was stopped, or waits: at once

Hooks are named in reports.toml of BIOPSY_HOME:
  [webhooks.chat]
  url = "https://hooks.example/biopsy"
  secret = "$CHAT_SECRET"
  events = ["new", "withdrawn"]

Each event is told at least once, in order; `id` says whether it was told before.
A request is signed as Standard Webhooks has it, with the secret.

Exit status
  0  every hook was told all that is due
  1  one did not answer, or waits since it did not
"""


@click.command("webhooks", cls=Taught, epilog=WEBHOOKS)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.option("--retry", is_flag=True, help="Do not wait after failures.")
@sources_option
@form_option
@database_option
@home_option
def command(names: tuple[str, ...], home: Path, database: Path | None, **asked: Any) -> int:
    """Send what is new, changed, withdrawn or reinstated to the webhooks that are configured."""
    from biopsy.reports import config  # noqa: PLC0415 - slow to import, and --help is not

    where = asked["named"] or home / "reports.toml"
    known = config.webhooks(where)
    if unknown := set(names) - set(known):
        raise UsageError(f"{', '.join(sorted(unknown))}: not named in {where}")
    if not known:
        raise UsageError(f"no webhooks are named in {where}")
    chosen = {name: one for name, one in sorted(known.items()) if name in (names or known)}
    with opened(home, database) as held:
        if asked["dry_run"]:
            table([row for name, one in chosen.items() for row in _due(held, name, one)], asked["form"])
            return 0
        rows = [_told(held, name, one, retry=asked["retry"]) for name, one in chosen.items()]
    table(rows, asked["form"])
    return int(any(row["error"] for row in rows))


def _due(held: "Database", name: str, one: "Hook") -> list[dict[str, Any]]:
    """What a hook would be told next."""
    from biopsy.reports.feeds import hook  # noqa: PLC0415

    if one.disabled:
        return []
    cursor = (held.standing(name) or hook.start(held, one)).cursor
    events = hook.gather(held, name, one, cursor).events
    return [{"hook": name, "event": e.kind, "report": e.id, "ecosystem": e.package.ecosystem,
             "package": e.package.name, "at": e.at} for e in events]  # fmt: skip


def _told(held: "Database", name: str, one: "Hook", *, retry: bool) -> dict[str, Any]:
    """Tell a hook, and say how it stands."""
    from biopsy.reports.feeds import hook  # noqa: PLC0415

    if one.disabled:
        return _row(name, f"disabled: {one.disabled}", held.standing(name))
    if retry:
        hook.retry(held, name)
    now = hook.tell(held, name, one, lambda: datetime.now(UTC))
    state = "told" if not now.due else "stopped" if now.due == hook.STOPPED else "waits"
    return _row(name, state, now)


def _row(name: str, state: str, now: "Standing | None") -> dict[str, Any]:
    return {
        "hook": name,
        "state": state,
        "events": now.events if now else 0,
        "told": now.told if now else "",
        "due": now.due if now else "",
        "error": now.error if now else "",
    }
