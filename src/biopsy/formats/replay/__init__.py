"""What came of a replay: `biopsy replay`.

A form is one module of this package: `text.py` is the form `text`. It has `ENDING` and

    render(replayed) -> str

and the same care for hostile words as the formats of an analysis: names of packages are anybody's.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from biopsy.model.replay import Replayed


class Form(Protocol):
    """A way to write a replay down."""

    ENDING: str

    def render(self, replayed: "Replayed", **options: Any) -> str:
        """The whole document, ending in a line break."""


@cache
def names() -> tuple[str, ...]:
    """Every form there is, found by its file."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def by_name(name: str) -> Form:
    """The form of that name."""
    return cast("Form", import_module(f"{__name__}.{name}"))
