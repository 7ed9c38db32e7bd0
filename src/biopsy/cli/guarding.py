"""A guard as the options of `biopsy guard` say, serving, and saying why."""

import asyncio
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.behind import uvicorn_server
from biopsy.cli.listening import listen
from biopsy.errors import BiopsyError, UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    import socket

    from biopsy.guard.ruling import Ruling
    from biopsy.model.release import Endpoint
    from biopsy.web.guard.app import Guard

GB = 1024**3
KINDS = ("pypi", "npm")


def serve(host: str, port: int, **asked: Any) -> None:
    """Listen until told to end."""
    guard = make(asked, url=asked["url"], hosts=_hosts(host, asked["url"], asked["hosts"]))
    listening = listen(host, port)
    here = _here(host, listening)
    registries(guard, KINDS)
    click.echo(f"biopsy guard: {here}/pypi/simple/ and {here}/npm/ (Ctrl-C ends)", err=True)
    warn(guard)
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


def why(package: str, *, every: bool, **asked: Any) -> int:
    """Print what becomes of releases; 1 where one of those that were asked for is blocked."""
    from biopsy.cli.table import rows  # noqa: PLC0415
    from biopsy.ecosystems import parse_target  # noqa: PLC0415
    from biopsy.model.release import Release  # noqa: PLC0415

    release = parse_target(package)
    if not isinstance(release, Release):
        raise UsageError(f"{package} is no release of a registry: pypi:NAME, npm:NAME@VERSION")
    guard = make(asked, quiet=True, log=False)
    warn(guard)
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


def make(
    asked: dict[str, Any],
    *,
    url: str = "",
    hosts: tuple[str, ...] = (),
    quiet: bool = False,
    log: bool = True,
) -> "Guard":
    """Make a guard of a command's options; raises UsageError, and PolicyError for its policy."""
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


def registries(guard: "Guard", kinds: tuple[str, ...], *, quiet: bool = False) -> None:
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


def warn(guard: "Guard") -> None:
    """Say that reports are too old, where they are, and what then holds."""
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
