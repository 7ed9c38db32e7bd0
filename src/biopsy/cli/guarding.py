"""What the commands of `biopsy guard` do: serve, run one command behind it, say why, show the log."""

import asyncio
import json
import shutil
import signal
import subprocess
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.behind import guarding, uvicorn_server
from biopsy.cli.listening import listen
from biopsy.cli.locks import bad, followed
from biopsy.errors import BiopsyError, UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    import socket

    from biopsy.guard.ruling import Ruling
    from biopsy.model.release import Endpoint
    from biopsy.web.guard.app import Guard
    from biopsy.web.guard.decisions import Decision

BACKLOG = 2048
GRACE = 15
MAX_OPEN = 4000
PATIENCE = 30.0  # seconds that a guard of one command may take to begin
GB = 1024**3
MAX_TOLD = 20
KINDS = ("pypi", "npm")
STANDING = ("uv", "uvx", "poetry", "pipenv", "hatch", "rye")
"""Clients whose lock files hold addresses, or that are told by no variable where to ask: see `standing`."""
_CLIENTS = (
    (("pip", "pipx", "uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "rye"), ("pypi",)),
    (("npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "corepack"), ("npm",)),
)
LOUD = ("malicious", "suspicious", "reserved")

POLICY = """\
# What `biopsy guard` lets through. What stands further down is more particular, and wins.
malicious: block          # or warn
suspicious: warn          # block, warn or allow
minimum-age: 1d           # of a release: 90m, 12h, 3d, 2w; 0 for none
undated: allow            # where the registry gives no date: allow or block
install-scripts: allow    # npm's install hooks, Python's source archives: block, warn or allow
unseen: hold              # with --analyze: what nobody has analysed; or allow
unknown: warn             # …and of which an analysis could not tell: block, warn or allow
stale: {after: 7d, then: allow}   # reports older than that: block everything, warn, or allow

ecosystems: {}
#  npm: {minimum-age: 3d, install-scripts: block}

packages: []
#  - names: ["pkg:npm/@types/*", "pkg:pypi/boto3"]
#    minimum-age: 0
#    because: we publish them ourselves, several times a day
#  - names: ["pkg:npm/esbuild"]
#    install-scripts: allow

reserved: []              # names of your own, which a public registry is never asked for
#  - names: ["pkg:pypi/acme-*", "pkg:npm/@acme/*"]
#    registry: https://packages.acme.example/simple/

overrides: []             # licences: let through whatever is said, until a day has passed
#  - release: pkg:npm/left-pad@1.3.0
#    reason: looked at by hand, see ticket 17
#    by: jane
#    expires: 2026-12-31
"""


def serve(host: str, port: int, **asked: Any) -> None:
    """Listen until told to end."""
    guard = _guard(asked, url=asked["url"], hosts=_hosts(host, asked["url"], asked["hosts"]))
    listening = listen(host, port)
    here = _here(host, listening)
    _registries(guard, KINDS)
    click.echo(f"biopsy guard: {here}/pypi/simple/ and {here}/npm/ (Ctrl-C ends)", err=True)
    _warn(guard)
    server = uvicorn_server(guard)
    with _analyses(asked), suppress(KeyboardInterrupt):
        server.run([listening])


def _analyses(asked: dict[str, Any]) -> AbstractContextManager[None]:
    """Follow what analyses come to, where there are any."""
    home: Path = asked["home"]
    if not asked["analyze"] and not any((home / name).is_dir() for name in ("dossiers", "warehouse")):
        return nullcontext()
    from biopsy.web.site.index.process import kept_current  # noqa: PLC0415

    return kept_current(home, asked["database"] or home / "reports.db")


def run(words: tuple[str, ...], **asked: Any) -> int:
    """Run a command with its registries behind a guard of its own; returns the status of the command."""
    found = shutil.which(words[0])
    if found is None:
        raise UsageError(f"no command {words[0]!r} here")
    guard = _guard(asked, quiet=True)
    name = _name(words[0])
    _registries(guard, _kinds(name), quiet=True)
    _warn(guard)
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


def why(package: str, *, every: bool, **asked: Any) -> int:
    """Print what becomes of releases; 1 where one of those that were asked for is blocked."""
    from biopsy.cli.table import rows  # noqa: PLC0415
    from biopsy.ecosystems import parse_target  # noqa: PLC0415
    from biopsy.model.release import Release  # noqa: PLC0415

    release = parse_target(package)
    if not isinstance(release, Release):
        raise UsageError(f"{package} is no release of a registry: pypi:NAME, npm:NAME@VERSION")
    guard = _guard(asked, quiet=True, log=False)
    _warn(guard)
    offers = asyncio.run(_offers(guard, release.ecosystem, release.name))
    if release.version:
        if release.version not in offers:
            raise UsageError(f"the registry has no {release.name} {release.version}")
        offers, every = {release.version: offers[release.version]}, True
    return rows(release.name, offers, every=every)


async def _offers(guard: "Guard", kind: str, name: str) -> "dict[str, Ruling]":
    from biopsy.web.guard import pages  # noqa: PLC0415
    from biopsy.web.guard.asked import RefusedError  # noqa: PLC0415

    try:
        return await pages.why(guard, kind, name)
    except RefusedError as error:
        raise UsageError(str(error)) from error
    finally:
        await guard.close()


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
        click.echo(line if as_json else visible(_words(line)))
    if not lines and not as_json:
        click.echo("nothing was refused" if not every else "nothing was asked for")


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


def check(file: Path) -> None:
    """Read a policy; raises PolicyError."""
    from biopsy.web.guard.gate import load  # noqa: PLC0415

    load(file)


def _guard(
    asked: dict[str, Any],
    *,
    url: str = "",
    hosts: tuple[str, ...] = (),
    quiet: bool = False,
    log: bool = True,
) -> "Guard":
    try:
        from biopsy.web.guard.app import Guard, Settings  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise UsageError(
            f"the guard needs more than the core ({error.name}): pip install 'biopsy[web]'"
        ) from error
    home: Path = asked["home"]
    own = home / "guard.yml"
    policy = asked["policy"] or (own if own.is_file() else None)
    database = asked["database"] or home / "reports.db"
    if asked["database"] and not database.is_file():
        raise UsageError(f"no database of reports: {database}")
    settings = Settings(
        home / "guard",
        database,
        policy,
        url,
        asked["site"],
        hosts,
        asked["fresh"],
        int(asked["cache"] * GB),
        log,
    )
    return Guard(settings, **_looking(home, asked, quiet=quiet))


def _looking(home: Path, asked: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    from biopsy.web.guard.analysed import Analysed  # noqa: PLC0415

    known = {"analyses": Analysed(home, asked["site"].rstrip("/"))}
    if not asked["analyze"]:
        return known
    from biopsy.web.guard.analysing import Analysing  # noqa: PLC0415

    return {**known, "analyst": Analysing(home, asked["dsn"], _progress if quiet else None)}


def _progress(said: str) -> None:
    click.echo(visible(f"biopsy guard: {said}"), err=True)


def _hosts(host: str, url: str, more: tuple[str, ...]) -> tuple[str, ...]:
    from urllib.parse import urlsplit  # noqa: PLC0415

    named = [urlsplit(url).netloc.lower(), (urlsplit(url).hostname or "").lower()] if url else []
    return tuple(
        filter(None, [host, f"[{host}]" if ":" in host else "", *named, *(one.lower() for one in more)])
    )


def _registries(guard: "Guard", kinds: tuple[str, ...], *, quiet: bool = False) -> None:
    """Ask clients where their registries are, all at once; tell of one that is not here."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    def ask(kind: str) -> "Endpoint | BiopsyError":
        try:
            return guard.settings.endpoint(kind, "")
        except BiopsyError as error:  # what has no npm can be guarded for pip
            return error

    with ThreadPoolExecutor() as pool:
        for kind, found in zip(kinds, pool.map(ask, kinds), strict=True):
            said = f"is not guarded: {found}" if isinstance(found, BiopsyError) else f"from {found.url}"
            if not quiet:
                click.echo(visible(f"biopsy guard: {kind} {said}"), err=True)


def _name(word: str) -> str:
    """The client that a command is, as far as its name tells."""
    return Path(word).name.rstrip("0123456789.")


def _kinds(name: str) -> tuple[str, ...]:
    """Whose registries a command may ask; both for one that is no client's."""
    return next((kinds for names, kinds in _CLIENTS if name in names), KINDS)


def _warn(guard: "Guard") -> None:
    state = guard.knowledge.state(guard.gate.policy)
    if state.stale:
        done = {
            "block": "nothing is let through",
            "warn": "everything is warned of",
            "allow": "what they do not say passes",
        }
        then = done[guard.gate.policy.stale_then]
        known = guard.settings.database is not None and guard.settings.database.is_file()
        how = "biopsy reports ingest reads sources anew" if known else "biopsy reports import takes some over"
        click.echo(f"biopsy guard: {state.stale}: {then} ({how})", err=True)


def _here(host: str, listening: "socket.socket") -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


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
