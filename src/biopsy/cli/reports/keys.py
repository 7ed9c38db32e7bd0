"""`biopsy reports keys`: the keys that sign releases and verdicts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import Decorated, home_option
from biopsy.cli.options import form_option
from biopsy.cli.reporting import sources_option, table
from biopsy.cli.signing import PASSPHRASE, passphrase, store
from biopsy.cli.teach import Taught, TaughtGroup
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.signing.keys import Offline
    from biopsy.reports.signing.roles import Signing

KEYS = """
Examples
  biopsy reports keys init --offline /media/stick      once
  biopsy reports release public/                       signs what it writes, from now on
  biopsy reports keys export root.json                 give it to those who verify
  biopsy reports keys show                             who signs, until when
  biopsy reports keys renew --offline /media/stick     before root ends
  biopsy reports keys rotate targets --offline /media/stick
  biopsy reports keys sign --offline /media/other      where root needs more than one key

Root says whose keys count. Its private keys are made in the folder that --offline names
and are needed only by init, renew and rotate: take the folder away in between. The keys of
the other roles are in BIOPSY_HOME/signing/keys. How many keys a role has, how many must
sign, and for how long, is said in reports.toml:
  [signing.roles.root]
  keys = 3
  threshold = 2
  days = 365
"""


def _offline(function: Decorated) -> Decorated:
    """Give a command the options that say where keys of root are."""
    folders = click.option(
        "--offline", "folders", multiple=True, required=True, metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where keys of root are, and new ones are made (in the first). Repeatable.",
    )  # fmt: skip
    plain = click.option(
        "--no-passphrase", "plain", is_flag=True,
        help=f"Keys of root are kept without one. It is asked for, or read from {PASSPHRASE}.",
    )  # fmt: skip
    return folders(plain(function))


@click.group("keys", cls=TaughtGroup, epilog=KEYS)
def command() -> None:
    """Keep the keys that sign releases and verdicts: make, show, renew, replace."""


@command.command("init", cls=Taught)
@_offline
@sources_option
@home_option
def init(home: Path, named: Path | None, folders: tuple[Path, ...], plain: bool) -> None:  # noqa: FBT001
    """Make keys for every role; those of root into the folder that is kept offline."""
    held, settings = store(home), _settings(home, named)
    if held.there:
        raise UsageError(f"{held.metadata.parent}: there are keys already; `rotate` makes new ones")
    if _inside(folders[0], home):
        raise UsageError(f"{folders[0]}: keys of root are kept elsewhere than the keys they guard")
    offline = _given(folders, plain, twice=True)
    with held.alone():
        root = held.init(offline, settings, _now())
    click.echo(visible(f"keys of root are in {folders[0]}: take it away, and keep a copy of it elsewhere"))
    click.echo(visible(f"root {root.version} holds until {root.expires:%Y-%m-%d}"))


@command.command("renew", cls=Taught)
@_offline
@sources_option
@home_option
def renew(home: Path, named: Path | None, folders: tuple[Path, ...], plain: bool) -> None:  # noqa: FBT001
    """Let the same keys count for longer, by the thresholds that reports.toml says now."""
    held, offline = store(home), _given(folders, plain)
    with held.alone():
        root = held.renew(offline, _settings(home, named), _now())
    click.echo(f"root {root.version} holds until {root.expires:%Y-%m-%d}; the next release has it")


@command.command("sign", cls=Taught)
@_offline
@home_option
def sign(home: Path, folders: tuple[Path, ...], plain: bool) -> None:  # noqa: FBT001
    """Sign a root that waits for more keys: each who holds one does it in turn."""
    held, offline = store(home), _given(folders, plain)
    with held.alone():
        root = held.cosign(offline)
    click.echo(f"root {root.version} holds until {root.expires:%Y-%m-%d}; the next release has it")


@command.command("rotate", cls=Taught)
@click.argument("role", type=click.Choice(("root", "targets", "snapshot", "timestamp", "verdicts")))
@_offline
@sources_option
@home_option
def rotate(role: str, home: Path, named: Path | None, folders: tuple[Path, ...], plain: bool) -> None:  # noqa: FBT001
    """Give a role new keys, since a key was lost, stolen, or is old; the next release has them."""
    held, offline = store(home), _given(folders, plain or role == "verdicts")
    with held.alone():
        root = held.rotate(role, offline, _settings(home, named), _now())
    click.echo(f"{role} has new keys; root {root.version} holds until {root.expires:%Y-%m-%d}")


@command.command("export", cls=Taught)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@home_option
def export(file: Path, home: Path) -> None:
    """Write the first root, by which clients verify releases: give it to them by another way."""
    held = store(home)
    held.root()
    try:
        file.write_bytes((held.metadata / "1.root.json").read_bytes())
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    click.echo(visible(f"{file}: verify with `biopsy reports verify DIR --root {file}`"))


@command.command("show", cls=Taught)
@form_option
@home_option
def show(home: Path, form: str) -> None:
    """Say who signs: roles, keys, how many must sign, until when."""
    table(_rows(home), form)


def _rows(home: Path) -> list[dict[str, Any]]:
    from biopsy.reports.signing import keys  # noqa: PLC0415
    from biopsy.reports.signing.roles import ROOT, VERDICTS  # noqa: PLC0415

    held = store(home)
    root = held.root()
    rows = []
    for name, role in root.roles.items():
        here = sum((held.keys / keys.name(name, keyid)).is_file() for keyid in role.keyids)
        made = held.newest(name)
        rows.append({
            "role": name, "version": made.version if made else 0,
            "keys": len(role.keyids), "sign": role.threshold,
            "here": "offline" if name == ROOT else here,
            "until": f"{made.expires:%Y-%m-%dT%H:%M:%SZ}" if made else "",
            "ids": " ".join(keyid[:16] for keyid in role.keyids),
        })  # fmt: skip
    own = held.verdicts().public_key.keyid[:16]
    about = {"role": VERDICTS, "version": "", "keys": 1, "sign": 1, "here": 1, "until": "", "ids": own}
    return [*rows, about]


def _given(folders: tuple[Path, ...], plain: bool, *, twice: bool = False) -> "Offline":  # noqa: FBT001
    from biopsy.reports.signing.keys import Offline  # noqa: PLC0415

    return Offline(folders, passphrase(none=plain, twice=twice))


def _settings(home: Path, named: Path | None) -> "Signing":
    from biopsy.reports import config  # noqa: PLC0415

    return config.signing(named or home / "reports.toml")


def _inside(folder: Path, home: Path) -> bool:
    return folder.absolute().resolve().is_relative_to(home.resolve())


def _now() -> datetime:
    return datetime.now(UTC)
