"""`biopsy doctor`: what this machine can do, how to get the rest, and proof that nothing is left behind."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.teach import Taught
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.sandbox.doctor import Check

EXAMPLES = """
Examples
  biopsy doctor                what is here, what is missing, how to get it
  biopsy doctor --install      get what is missing (as root, or through sudo)
  biopsy doctor --clean        remove what killed runs left behind

Exit status
  0  packages can be run here
  3  they cannot yet; --static-only works all the same
"""


@click.command("doctor", cls=Taught, epilog=EXAMPLES)
@click.option("--install", is_flag=True, help="Install what is missing, then look again.")
@click.option("--clean", is_flag=True, help="Remove what killed runs left behind; say what it was.")
@form_option
@home_option
@quiet_option
def command(install: bool, clean: bool, form: str, home: Path, quiet: bool) -> int:  # noqa: FBT001
    """Say what this machine can do, and how to get the rest."""
    from biopsy.cli.elevate import ensure_root  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.sandbox import doctor  # noqa: PLC0415

    if install or clean:
        ensure_root(sys.argv[1:], home)
    if clean:
        return _clean(home)
    if install:
        with progress(quiet=quiet) as report:
            doctor.install(home, report)
    checks = doctor.diagnose(home)
    _print_json(checks) if form == "json" else _print(checks)
    return 3 if any(check.needed and not check.ok for check in checks) else 0


def _clean(home: Path) -> int:
    from biopsy.sandbox import clean  # noqa: PLC0415

    removed = clean.clean(home)
    for what in removed:
        click.echo(f"removed {visible(str(what))}")
    if not removed:
        click.echo("nothing was left behind")
    return 0


def _print(checks: "list[Check]") -> None:
    from biopsy.cli.output import coloured  # noqa: PLC0415

    width = max(len(check.name) for check in checks)
    for check in checks:
        mark, colour = ("✓", "green") if check.ok else ("✗", "red") if check.needed else ("!", "yellow")
        sign = click.style(mark, fg=colour) if coloured() else mark
        click.echo(f"{sign} {check.name:{width}}  {visible(check.said)}")
        if not check.ok and check.how:
            click.echo(f"  {'':{width}}  → {visible(check.how)}")
    missing = [check.name for check in checks if check.needed and not check.ok]
    click.echo()
    click.echo(
        f"Packages cannot be run here yet: {', '.join(missing)}. Reading them (--static-only) works."
        if missing
        else "Packages can be run here."
    )


def _print_json(checks: "list[Check]") -> None:
    import msgspec  # noqa: PLC0415

    fits = all(check.ok or not check.needed for check in checks)
    names = ("name", "ok", "needed", "said", "how")
    listed = [{name: getattr(check, name) for name in names} for check in checks]
    document = msgspec.json.encode({"sandbox": fits, "checks": listed})
    click.echo(msgspec.json.format(document, indent=2).decode())
