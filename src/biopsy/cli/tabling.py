"""A table for the terminal: as wide as it must be, at most as wide as there is room."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

MAX_CELL = 240
"""Characters of a cell on a terminal; a file has all of it."""

NARROW, BETWEEN = 12, 3
"""Characters that a column wants at least, if it has so many, and those between two columns."""


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

    Where the columns do not fit beside each other, each row is told below the other, a column a line.
    Unless it is to be `whole`, a cell is cut where it would fill the screen.
    """
    from biopsy.formats.views.visible import visible  # noqa: PLC0415

    heads = [visible(name) for name in columns]
    cells = [[visible(cell) if whole else visible(cell, limit=MAX_CELL) for cell in row] for row in rows]
    if rows and _needed(heads, cells) > width:
        return "".join(_records(heads, cells, width, colour=colour)).encode()
    return _drawn(heads, cells, numbers, width, colour=colour)


def _needed(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Columns of the screen below which a table cannot be read."""
    longest = (max((len(row[at]) for row in cells), default=0) for at in range(len(heads)))
    return sum(max(len(head), min(most, NARROW)) + BETWEEN for head, most in zip(heads, longest, strict=True))


def _records(
    heads: Sequence[str], cells: Sequence[Sequence[str]], width: int, *, colour: bool
) -> Iterator[str]:
    beside = max(map(len, heads))
    for number, row in enumerate(cells, 1):
        line = f"── {number} ".ljust(min(width, 60), "─")
        yield f"\x1b[1m{line}\x1b[0m\n" if colour else f"{line}\n"
        for head, cell in zip(heads, row, strict=True):
            parts = wrap(cell, max(width - beside - 2, 20), break_on_hyphens=False) or [""]
            yield f"{head:{beside}}  {parts[0]}".rstrip() + "\n"
            yield from (f"{'':{beside}}  {part}\n" for part in parts[1:])


def _drawn(
    heads: Sequence[str], cells: Sequence[Sequence[str]], numbers: set[int], width: int, *, colour: bool
) -> bytes:
    import io  # noqa: PLC0415 - only where a table is drawn

    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold" if colour else "")
    for number, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if number in numbers else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    drawn = io.StringIO()
    console = Console(file=drawn, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()).encode()
