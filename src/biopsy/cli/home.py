"""BIOPSY_HOME: the one folder that holds everything biopsy keeps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def default_home() -> Path:
    """The user's data directory."""
    from platformdirs import user_data_path  # noqa: PLC0415 - not needed for --help

    return user_data_path("biopsy", appauthor=False)


def home_option(function: Decorated) -> Decorated:
    """Give a command `--home`, which BIOPSY_HOME sets too."""
    return click.option(
        "--home",
        envvar="BIOPSY_HOME",
        type=click.Path(file_okay=False, path_type=Path),
        callback=lambda _ctx, _param, value: (value or default_home()).expanduser().absolute(),
        metavar="DIR",
        help="Where everything is kept: images, cache, artifacts, database. Also: BIOPSY_HOME.",
    )(function)
