"""`biopsy image`: the root file systems that packages run on, and the tools of ecosystems over them."""

import sys
from pathlib import Path

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.options import form_option, quiet_option
from biopsy.cli.teach import TaughtGroup
from biopsy.formats.views import measure
from biopsy.formats.views.visible import visible


def _kinds(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the name of an ecosystem that has tools of its own."""
    from biopsy.sandbox import image_layers  # noqa: PLC0415 - slow to import, and --help is not

    return [kind for kind in image_layers.wanted() if kind.startswith(typed)]


IMAGE = """
Examples
  biopsy image build            the image, and the tools of every ecosystem
  biopsy image build gem        the image, and those of one
  biopsy image list             what is there, and which is in use
"""


@click.group("image", cls=TaughtGroup, epilog=IMAGE)
def command() -> None:
    """Build, list and remove the images that packages run on."""


@command.command("build")
@click.argument("ecosystems", metavar="[ECOSYSTEM]...", nargs=-1, shell_complete=_kinds)
@click.option("--base", is_flag=True, help="The image alone, without the tools of any ecosystem.")
@click.option("--anew", is_flag=True, help="Build it even if it is there.")
@home_option
@quiet_option
def build(ecosystems: tuple[str, ...], base: bool, anew: bool, home: Path, quiet: bool) -> None:  # noqa: FBT001
    """Build the image of today's recipe, and the tools of ecosystems over it, unless they are there.

    PyPI and npm need the image alone; others have tools of their own, each a layer over it. Without
    ECOSYSTEM all are built. The first analysis builds what it needs, too.
    """
    from biopsy.cli.elevate import ensure_root  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.sandbox import image, image_layers  # noqa: PLC0415

    kinds = () if base else ecosystems or image_layers.wanted()
    _check(ecosystems, base=base)
    there = image.current(home)
    if anew or there is None or any(not image_layers.ready(there, kind) for kind in kinds):
        ensure_root(sys.argv[1:], home)
    with progress(quiet=quiet) as report:
        built = image.build(home, report, anew=anew and not ecosystems)
        for kind in kinds:
            image_layers.build(home, kind, report, anew=anew)
    click.echo(f"{built.id}  {measure.size(built.size)}  {visible(str(built.root))}")
    for kind in kinds:
        if layer := image_layers.current(built, kind):
            click.echo(f"  {kind}  {measure.size(layer.size)}")


def _check(ecosystems: tuple[str, ...], *, base: bool) -> None:
    from biopsy.sandbox.toolchain import toolchains  # noqa: PLC0415 - slow to import, and --help is not

    if base and ecosystems:
        raise click.UsageError("--base is the image alone; leave out --base or the ecosystems.")
    if unknown := [kind for kind in ecosystems if kind not in toolchains()]:
        known = ", ".join(toolchains())
        raise click.UsageError(f"packages of {unknown[0]!r} are not run here; those that are: {known}")


@command.command("list")
@home_option
@form_option
def list_(home: Path, form: str) -> None:
    """List the images there are, and the tools over each; what is marked * is today's."""
    from biopsy.sandbox import image, image_layers  # noqa: PLC0415

    found = [(one, image_layers.layers(one)) for one in image.images(home)]
    if form == "json":
        import msgspec  # noqa: PLC0415

        names = ("id", "current", "created", "size", "python", "node")
        over = ("type", "id", "current", "created", "size")
        listed = [
            {name: getattr(one, name) for name in names}
            | {"layers": [{name: getattr(layer, name) for name in over} for layer in layers]}
            for one, layers in found
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    for one, layers in found:
        mark = "*" if one.current else " "
        words = (one.id, measure.size(one.size), one.created, f"Python {one.python}", f"Node {one.node}")
        click.echo(visible(f"{mark} {'  '.join(words)}"))
        for layer in layers:
            mark = "*" if one.current and layer.current else " "
            named = (layer.id, measure.size(layer.size), layer.created, f"tools of {layer.type}")
            click.echo(visible(f"{mark}   {'  '.join(named)}"))
    if not found:
        click.echo("no image is built yet: biopsy image build")


@command.command("remove")
@click.argument("image_ids", metavar="ID...", nargs=-1)
@click.option("--old", is_flag=True, help="All but those of today's recipe.")
@home_option
def remove(image_ids: tuple[str, ...], old: bool, home: Path) -> None:  # noqa: FBT001
    """Remove images, with the tools over them, or the tools of one ecosystem alone, by their ids."""
    from biopsy.cli.elevate import ensure_root  # noqa: PLC0415
    from biopsy.sandbox import image, image_layers  # noqa: PLC0415

    if not image_ids and not old:
        raise click.UsageError("which image? Name its id (biopsy image list), or use --old.")
    ensure_root(sys.argv[1:], home)
    images = image.images(home)
    over = {layer.id: layer for one in images for layer in image_layers.layers(one)}
    outdated = [one.id for one in images if not one.current] if old else []
    outdated += [layer.id for layer in over.values() if old and not layer.current]
    for image_id in dict.fromkeys((*outdated[::-1], *image_ids)):  # layers first, while their image is there
        if layer := over.get(image_id):
            image_layers.remove(layer)
        else:
            image.remove(home, image_id)
        click.echo(f"removed {image_id}")
