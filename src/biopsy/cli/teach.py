"""Help that teaches: examples and exit statuses stand below the options, as they were written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

HEADINGS = ("Examples", "Exit status")
_BESIDE = re.compile(r"(  .*\S) {2,}(\S.*)")


def grouped(groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give a command's `context_settings`: its options in panels of these names."""
    panels = [{"name": name, "options": [*options]} for name, options in groups.items()]
    return {"rich_help_config": {"option_groups": {"*": panels}}}


def write_epilog(epilog: str | None, formatter: click.RichHelpFormatter) -> None:
    """Write an epilog line by line, headings bold; nothing in it is read as markup.

    What is too wide for the terminal is broken where it means something: what stands beside an example goes
    below it, and sentences go on in the next line.
    """
    from rich.padding import Padding  # noqa: PLC0415 - only help needs it

    formatter.write(Padding(_Epilog(epilog or ""), (0, 1, 1, 1)))


class _Epilog:
    """An epilog, drawn to the width that there is."""

    def __init__(self, text: str) -> None:
        self._lines = text.strip("\n").split("\n")

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[Text]":
        from rich.text import Text  # noqa: PLC0415 - only help needs it

        for line in fitted(self._lines, options.max_width):
            yield Text(line, "bold" if line in HEADINGS else "")


def fitted(lines: Sequence[str], width: int) -> "Iterator[str]":
    """Lines that are at most so wide, as far as they can be broken."""
    if all(len(line) <= width for line in lines):
        yield from lines
        return
    for told, some in groupby(lines, lambda line: bool(line) and line[0] != " " and line not in HEADINGS):
        if told:
            yield from wrap(" ".join(some), width)
            continue
        for line in some:
            beside = _BESIDE.fullmatch(line)
            if len(line) <= width or beside is None:
                yield line
            else:
                yield from (beside[1], f"      {beside[2]}")


class Taught(click.RichCommand):
    """A command whose epilog keeps its lines."""

    def format_epilog(self, ctx: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]  # noqa: ARG002
        """Write the epilog."""
        write_epilog(self.epilog, formatter)


class TaughtGroup(click.RichGroup):
    """A group of commands whose epilog keeps its lines."""

    def format_epilog(self, ctx: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]  # noqa: ARG002
        """Write the epilog."""
        write_epilog(self.epilog, formatter)
