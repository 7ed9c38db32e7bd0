"""What was found in lock files: `biopsy check`.

A form is one module of this package: `text.py` is the form `text`. It has `ENDING` and

    render(checkups) -> str

and the same care for hostile words as the formats of an analysis: names in a lock file are anybody's.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from biopsy.model.check import Checkup


class Form(Protocol):
    """A way to write checkups down."""

    ENDING: str

    def render(self, checkups: Sequence[Checkup], **options: Any) -> str:
        """The whole document, ending in a line break."""


@cache
def names() -> tuple[str, ...]:
    """Every form there is, found by its file."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def by_name(name: str) -> Form:
    """The form of that name."""
    return cast("Form", import_module(f"{__name__}.{name}"))
