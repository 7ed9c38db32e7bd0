"""What commands that ask the warehouse share: pack first, and write lines where they are wanted."""

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import rich_click as click

from biopsy.errors import UsageError


def pack_first(home: Path, *, quiet: bool) -> None:
    """Pack what has landed, so that it can be asked about; say what could not be."""
    landed = (home / "dossiers", "*/*/*/*.json.gz"), (home / "judgements", "*/*.jsonl.gz")
    if not any(next(folder.glob(pattern), None) for folder, pattern in landed):
        return
    from biopsy.cli.progress import progress  # noqa: PLC0415
    from biopsy.formats.views.visible import visible  # noqa: PLC0415
    from biopsy.warehouse import Warehouse  # noqa: PLC0415

    try:
        with progress(quiet=quiet) as report:
            packed = Warehouse(home).pack(report)
    except UsageError as err:
        raise UsageError(f"{err} (--no-pack asks without what has landed since)") from err
    if packed.left and not quiet:
        click.echo(visible(f"biopsy: {len(packed.left)} left out: {packed.left[0]}", limit=300), err=True)


def write_lines(lines: Iterable[bytes], output: Path | None) -> None:
    """Write lines to a file, or to standard output; UsageError where that cannot be done."""
    from biopsy.cli.output import hand_over, let_go  # noqa: PLC0415

    try:
        with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
            _pour(lines, file)
    except BrokenPipeError:
        let_go()
    except OSError as err:
        raise UsageError(f"cannot write {output or 'the answer'}: {err.strerror or err}") from err
    if output:
        hand_over(output)


def _pour(lines: Iterable[bytes], file: BinaryIO) -> None:
    file.writelines(lines)
    file.flush()
