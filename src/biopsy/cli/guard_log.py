"""What `biopsy guard log` shows: decisions as people read them."""

import json
from contextlib import suppress
from pathlib import Path

import rich_click as click

from biopsy.formats.views.visible import visible


def log(home: Path, limit: int, *, every: bool, as_json: bool) -> None:
    """Print the last lines of the log."""
    lines: list[str] = []
    folder = home / "guard"
    paths = [folder / f"decisions.{n}.jsonl" for n in range(8, 0, -1)] + [folder / "decisions.jsonl"]
    for path in paths:
        with suppress(FileNotFoundError):
            lines += [
                line for line in path.read_text("utf-8", "replace").splitlines() if every or _told(line)
            ]
            lines = lines[-limit:]
    for line in lines:
        click.echo(_plain(line) if as_json else visible(_words(line)))
    if not lines and not as_json:
        click.echo("nothing was refused" if not every else "nothing was asked for")


def _plain(line: str) -> str:
    """A line of the log in ASCII, which no terminal minds."""
    try:
        return json.dumps(json.loads(line), separators=(",", ":"))
    except ValueError:
        return visible(line)


def _told(line: str) -> bool:
    return '"action":"allow"' not in line or '"rule":"override"' in line


def _words(line: str) -> str:
    try:
        held = json.loads(line)
    except ValueError:
        return line
    what = {"block": "blocked", "warn": "warned", "allow": "let through"}.get(held.get("action", ""), "")
    named = [
        f"{one['version']} ({one['rule']})" for key in ("refused", "warned") for one in held.get(key, [])
    ]
    release = f"{held.get('ecosystem')}:{held.get('name')}" + (
        f"@{held['version']}" if held.get("version") else ""
    )
    more = held.get("reason") or (
        ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
    )
    return f"{held.get('at', '')[:19]}  {what:11}  {held.get('asked', ''):7}  {release}  {more}".rstrip()
