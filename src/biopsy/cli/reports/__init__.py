"""Commands of `biopsy reports`, one a file: its `command`, under the name of the file."""

from importlib import import_module
from pathlib import Path

import rich_click as click

from biopsy.cli.teach import TaughtGroup

_HERE = Path(__file__).parent


class Found(TaughtGroup):
    """A group with the commands it was given, and those of this folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands there are, by name."""
        return sorted({*super().list_commands(ctx), *(_name(file) for file in _HERE.glob("[a-z]*.py"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported when it is needed."""
        held = super().get_command(ctx, cmd_name)
        file = next((f for f in _HERE.glob("[a-z]*.py") if _name(f) == cmd_name), None)
        if held is not None or file is None:
            return held
        command: click.Command = import_module(f"{__name__}.{file.stem}").command
        return command


def _name(file: Path) -> str:
    """What a command is called: as its file, without the `_` of a name that Python keeps for itself."""
    return file.stem.rstrip("_")
