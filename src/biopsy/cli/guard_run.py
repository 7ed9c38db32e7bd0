"""What `biopsy guard run` does: one command, behind a guard of its own."""

import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.behind import guarding
from biopsy.cli.guarding import KINDS, make, registries, warn
from biopsy.cli.locks import bad, followed
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.web.guard.app import Guard
    from biopsy.web.guard.decisions import Decision

MAX_TOLD = 20
STANDING = ("uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "rye")
"""Clients whose lock files hold addresses, or that are told by no variable where to ask: see `standing`."""
_CLIENTS = (
    (("pip", "pipx", "uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "rye"), ("pypi",)),
    (("npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "corepack"), ("npm",)),
)
LOCKS = (
    "package-lock.json", "npm-shrinkwrap.json", "node_modules/.package-lock.json", "yarn.lock", "bun.lock",
    "pnpm-lock.yaml", "pdm.lock", "pylock.toml",
)  # fmt: skip
"""Files that clients write the addresses of what they fetched into."""
MAX_LOCK = 64 * 1024**2  # bytes of one of them
MAX_ABOVE = 4  # folders above this one where one may be
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
    if refused := list(islice(bad(guard, list(followed(name, words[1:], Path.cwd()))), MAX_TOLD + 1)):
        for line in refused[:MAX_TOLD]:
            click.echo(visible(f"biopsy guard: {line}"), err=True)
        click.echo(
            "biopsy guard: nothing was run. Have your client take another version, then again.", err=True
        )
        return 1
    passed: set[str] = set()
    with guarding(guard, passed, standing=name in STANDING) as environment:
        child = subprocess.Popen([found, *words[1:]], env=environment)
        status = _waited(child)
        _put_back(guard, environment["BIOPSY_GUARD"])
    _summary(list(guard.decisions.recent), failed=status != 0)
    if passed:
        click.echo(
            visible(f"biopsy guard: not looked into: {', '.join(sorted(passed)[:MAX_TOLD])}"), err=True
        )
    return status if status >= 0 else 128 - status


def _put_back(guard: "Guard", base: str) -> None:
    """Have lock files that were just written name the registries, where clients wrote the guard's address."""
    from biopsy.web.guard.restoring import restored  # noqa: PLC0415

    here = Path.cwd()
    for path in (folder / name for folder in (here, *list(here.parents)[:MAX_ABOVE]) for name in LOCKS):
        with suppress(OSError, UnicodeDecodeError):
            if not path.is_file() or path.stat().st_size > MAX_LOCK:
                continue
            with path.open(encoding="utf-8", newline="") as file:  # line ends stay as they are
                text = file.read()
            if (made := restored(guard, base, text)) != text:
                _replace(path, made)


def _replace(path: Path, text: str) -> None:
    """Write a file anew, whole or not at all."""
    path = path.resolve()
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=".biopsy-", delete=False) as file:
        try:
            file.write(text.encode())
            shutil.copymode(path, file.name)
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


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
    for one in recent:
        for kept in (*one.refused, *one.warned):
            told.setdefault(f"{one.name} {kept.version}", (kept.rule, kept.reason))
        if one.asked == "file" and one.action != "allow":
            told[f"{one.name} {one.version}"] = (one.rule, one.reason)
    named = {name: why for name, (rule, why) in told.items() if failed or rule in LOUD}
    for name, why in list(named.items())[:MAX_TOLD]:
        click.echo(visible(f"biopsy guard: kept out: {name}: {why}"), err=True)
    if left := len(told) - min(len(named), MAX_TOLD):
        what = "releases were" if left > 1 else "release was"
        click.echo(f"biopsy guard: {left:,} more {what} kept out or warned of: biopsy guard log", err=True)
