"""What `biopsy guard run` does: one command, behind a guard of its own."""

import shutil
import signal
import subprocess
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.afterwards import follow, put_back, watched
from biopsy.cli.behind import guarding
from biopsy.cli.guarding import KINDS, make, registries, warn
from biopsy.cli.locks import bad, followed
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.web.guard.decisions import Decision

MAX_TOLD = 20
STANDING = ("uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "rye")
"""Clients whose lock files hold addresses, or that are told by no variable where to ask: see `standing`."""
_CLIENTS = (
    (("pip", "pipx", "uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "rye"), ("pypi",)),
    (("npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "corepack"), ("npm",)),
)
LOUD = ("malicious", "suspicious", "reserved")


def run(words: tuple[str, ...], **asked: Any) -> int:
    """Run a command with its registries behind a guard of its own; returns the status of the command."""
    found = shutil.which(words[0])
    if found is None:
        raise UsageError(f"no command {words[0]!r} here")
    guard = make(asked, quiet=True)
    name = _name(words[0])
    registries(guard, _kinds(name), quiet=True)
    warn(guard)
    if refused := list(islice(bad(guard, list(followed(name, words[1:], Path.cwd())), found), MAX_TOLD + 1)):
        for line in refused[:MAX_TOLD]:
            click.echo(visible(f"biopsy guard: {line}"), err=True)
        click.echo(
            "biopsy guard: nothing was run. Have your client take another version, then again.", err=True
        )
        return 1
    passed: set[str] = set()
    with guarding(guard, passed, standing=name in STANDING) as environment:
        base = environment["BIOPSY_GUARD"]
        with watched(base, Path.cwd(), asked) as watcher:
            child = subprocess.Popen([found, *words[1:]], env=environment)
            follow(watcher, child.pid)
            status = _waited(child)
            put_back(guard, base, Path.cwd())
    _summary(list(guard.decisions.recent), failed=status != 0)
    if passed:
        click.echo(
            visible(f"biopsy guard: not looked into: {', '.join(sorted(passed)[:MAX_TOLD])}"), err=True
        )
    return status if status >= 0 else 128 - status


def _waited(child: "subprocess.Popen[bytes]") -> int:
    """Wait for a command. An interrupt is the command's, and so is being told to end."""
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGINT)


def _name(word: str) -> str:
    """The client that a command is, as far as its name tells."""
    return Path(word).name.rstrip("0123456789.")


def _kinds(name: str) -> tuple[str, ...]:
    """Whose registries a command may ask; both for one that is no client's."""
    return next((kinds for names, kinds in _CLIENTS if name in names), KINDS)


def _summary(recent: "list[Decision]", *, failed: bool) -> None:
    """Say what was not let through: clients show less than there is to say.

    Where the command was content, only what is known to be bad is named; the rest is counted.
    """
    told: dict[str, tuple[str, str]] = {}
    asked: dict[str, str] = {}
    for one in recent:
        for kept in (*one.refused, *one.warned):
            told.setdefault(f"{one.name} {kept.version}", (kept.rule, kept.reason))
            asked[f"{one.name} {kept.version}"] = f"{one.ecosystem}:{one.name}@{kept.version}"
        if one.asked == "file" and one.action != "allow":
            told[f"{one.name} {one.version}"] = (one.rule, one.reason)
            asked[f"{one.name} {one.version}"] = f"{one.ecosystem}:{one.name}@{one.version}"
    named = {name: why for name, (rule, why) in told.items() if failed or rule in LOUD}
    for name, why in list(named.items())[:MAX_TOLD]:
        click.echo(visible(f"biopsy guard: kept out: {name}: {why}"), err=True)
    if named:  # the addresses that clients showed were this guard's, which has ended
        click.echo(visible(f"biopsy guard: more: biopsy guard why {asked[next(iter(named))]}"), err=True)
    if left := len(told) - min(len(named), MAX_TOLD):
        what = "releases were" if left > 1 else "release was"
        click.echo(f"biopsy guard: {left:,} more {what} kept out or warned of: biopsy guard log", err=True)
