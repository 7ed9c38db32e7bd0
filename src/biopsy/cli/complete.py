"""What the Tab key offers: kept releases and analyses by name and id, files, profiles, rules."""

from pathlib import Path
from urllib.parse import unquote

import rich_click as click
from click.shell_completion import CompletionItem

from biopsy.cli.home import default_home

MAX_OFFERED = 200


def targets(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Kept releases as `pypi:six@1.17.0`, ids of analyses, and the files of this folder."""
    found = [*_kept(ctx, incomplete), CompletionItem(incomplete, type="file")]
    return found[-MAX_OFFERED:]


def run_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of kept analyses."""
    return [item for item in _kept(ctx, incomplete) if item.value[:1].isdigit()][-MAX_OFFERED:]


def profiles(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Machines to pretend to be."""
    from biopsy.sandbox.profile import names  # noqa: PLC0415 - slow to import, and --help is not

    return [name for name in (*names(), "all", "auto") if name.startswith(incomplete)]


def rule_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of rules, as far as they are typed: each is the path of its file."""
    from biopsy.detect.load import SHIPPED  # noqa: PLC0415

    folder = Path(ctx.params.get("rules") or SHIPPED)
    known = (path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yml"))
    return sorted(name for name in known if name.startswith(incomplete))


def _kept(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    home = Path(ctx.params.get("home") or default_home())
    found: dict[str, str] = {}
    for path in sorted((home / "dossiers").glob("*/*/*/*.json.gz"), key=lambda path: path.name):
        ecosystem, name, version = map(unquote, path.parts[-4:-1])
        release = f"{ecosystem}:{name}@{version}"
        found[release] = "kept"
        found[path.name.removesuffix(".json.gz")] = release
    for run_id, ecosystem, name, version in _packed(home):
        found.setdefault(f"{ecosystem}:{name}@{version}", "kept")
        found[run_id] = f"{ecosystem}:{name}@{version}"
    return [CompletionItem(value, help=text) for value, text in found.items() if value.startswith(incomplete)]


def _packed(home: Path) -> list[tuple[str, ...]]:
    if not (home / "warehouse" / "log").is_dir():
        return []
    from biopsy.errors import UsageError  # noqa: PLC0415 - most homes do without
    from biopsy.warehouse.packed import Store  # noqa: PLC0415

    try:
        return Store(home / "warehouse").newest(MAX_OFFERED)[::-1]
    except UsageError:
        return []  # no DuckDB, or damage: the Tab key is not the place to say so
