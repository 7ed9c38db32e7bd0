"""`biopsy image`: the root file systems that packages run on."""

import sys
from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.formats.views import measure
from biopsy.formats.views.visible import visible


@click.group("image")
def command() -> None:
    """Build, list and remove the images that packages run on."""


@command.command("build")
@home_option
@click.option("--anew", is_flag=True, help="Build it even if it is there.")
@quiet_option
def build(home: Path, anew: bool, quiet: bool) -> None:  # noqa: FBT001
    """Build the image of today's recipe, unless it is there. The first analysis does it, too."""
    from biopsy.cli.elevate import ensure_root  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.sandbox import image  # noqa: PLC0415

    if anew or image.current(home) is None:
        ensure_root(sys.argv[1:], home)
    with progress(quiet=quiet) as report:
        built = image.build(home, report, anew=anew)
    click.echo(f"{built.id}  {measure.size(built.size)}  {visible(str(built.root))}")


@command.command("list")
@home_option
@form_option
def list_(home: Path, form: str) -> None:
    """List the images there are; the one marked * is that of today's recipe."""
    from biopsy.sandbox import image  # noqa: PLC0415

    found = image.images(home)
    if form == "json":
        import msgspec  # noqa: PLC0415

        names = ("id", "current", "created", "size", "python", "node")
        listed = [{name: getattr(one, name) for name in names} for one in found]
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    for one in found:
        mark = "*" if one.current else " "
        words = (one.id, measure.size(one.size), one.created, f"Python {one.python}", f"Node {one.node}")
        click.echo(visible(f"{mark} {'  '.join(words)}"))
    if not found:
        click.echo("no image is built yet: biopsy image build")


@command.command("remove")
@click.argument("image_ids", metavar="ID...", nargs=-1)
@click.option("--old", is_flag=True, help="All but the one of today's recipe.")
@home_option
def remove(image_ids: tuple[str, ...], old: bool, home: Path) -> None:  # noqa: FBT001
    """Remove images by their ids."""
    from biopsy.cli.elevate import ensure_root  # noqa: PLC0415
    from biopsy.sandbox import image  # noqa: PLC0415

    if not image_ids and not old:
        raise click.UsageError("which image? Name its id (biopsy image list), or use --old.")
    ensure_root(sys.argv[1:], home)
    outdated = [one.id for one in image.images(home) if not one.current] if old else []
    for image_id in dict.fromkeys((*image_ids, *outdated)):
        image.remove(home, image_id)
        click.echo(f"removed {image_id}")
