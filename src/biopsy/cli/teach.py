"""Help that teaches: examples and exit statuses stand below the options, as they were written."""

from collections.abc import Mapping, Sequence
from typing import Any

import rich_click as click

HEADINGS = ("Examples", "Exit status")


def grouped(groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give a command's `context_settings`: its options in panels of these names."""
    panels = [{"name": name, "options": [*options]} for name, options in groups.items()]
    return {"rich_help_config": {"option_groups": {"*": panels}}}


def write_epilog(epilog: str | None, formatter: click.RichHelpFormatter) -> None:
    """Write an epilog line by line, headings bold; nothing in it is read as markup."""
    from rich.padding import Padding  # noqa: PLC0415 - only help needs it
    from rich.text import Text  # noqa: PLC0415

    lines = (epilog or "").strip("\n").split("\n")
    text = Text("\n").join(Text(line, "bold" if line in HEADINGS else "") for line in lines)
    formatter.write(Padding(text, (0, 1, 1, 1)))


class Taught(click.RichCommand):
    """A command whose epilog keeps its lines."""

    def format_epilog(self, ctx: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]  # noqa: ARG002
        """Write the epilog."""
        write_epilog(self.epilog, formatter)
