"""A table for the terminal: as wide as it must be, at most as wide as there is room."""

from collections.abc import Sequence

MAX_CELL = 240
"""Characters of a cell on a terminal; a file has all of it."""


def tabled(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: set[int],
    width: int,
    *,
    colour: bool,
    whole: bool = True,
) -> bytes:
    """Draw rows; columns that hold numbers are set to the right, what is too long is folded.

    Unless it is to be `whole`, a cell is cut where it would fill the screen.
    """
    import io  # noqa: PLC0415 - only where a table is drawn

    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold" if colour else "")
    for number, name in enumerate(columns):
        table.add_column(
            Text(visible(name)), justify="right" if number in numbers else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(visible(cell) if whole else visible(cell, limit=MAX_CELL)) for cell in row))
    drawn = io.StringIO()
    console = Console(file=drawn, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()).encode()
