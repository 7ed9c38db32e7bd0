"""What two releases beside each other look like: `biopsy compare`.

A form is one module of this package: `text.py` is the form `text`. It has `ENDING` and

    render(before, after, worrying) -> str      `after` holds the comparison

and the same care for hostile words as the formats of an analysis.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from biopsy.model.dossier import Analysis, Finding


class Form(Protocol):
    """A way to write a comparison down."""

    ENDING: str

    def render(
        self, before: "Analysis", after: "Analysis", worrying: "tuple[Finding, ...]", **options: Any
    ) -> str:
        """The whole document, ending in a line break."""


@cache
def names() -> tuple[str, ...]:
    """Every form there is, found by its file."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def by_name(name: str) -> Form:
    """The form of that name."""
    return cast("Form", import_module(f"{__name__}.{name}"))
