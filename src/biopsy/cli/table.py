"""Releases with what becomes of them, as a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.guard.ruling import Ruling

_WORDS = {"block": "blocked", "warn": "warned of", "allow": "let through"}
_COLOURS = {"block": "red", "warn": "yellow", "allow": "green"}


def rows(name: str, offers: "Mapping[str, Ruling]", *, every: bool) -> int:
    """Print them; returns 1 where one is blocked."""
    shown = {v: r for v, r in offers.items() if every or r.action.value != "allow"}
    for version, ruling in shown.items():
        what = click.style(f"{_WORDS[ruling.action.value]:11}", fg=_COLOURS[ruling.action.value])
        more = f"  {ruling.link}" if ruling.link else ""
        click.echo(f"{visible(f'{name} {version}'):30}  {what}  {visible(ruling.reason + more)}".rstrip())
    left = len(offers) - len(shown)
    if left:
        click.echo(f"{left:,} {'other is' if left == 1 else 'others are'} let through")
    return int(any(r.blocks for r in shown.values()))
