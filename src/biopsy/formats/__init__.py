"""What an analysis looks like to whoever reads it: a person, a program, a code host.

A format is one module of this package: `text.py` is the format `text`. It has

    ENDING                              how a file of it is usually called, `.html`
    render(first, *more) -> str         the whole document; several analyses of one request make one document

and nothing else knows that it exists. The folders are what formats are made with: `views` (what a person
wants to see of an analysis, worked out) and `wire` (its stable shape for programs). Every word of a package
that reaches a document is hostile: each format says in its own docstring what it does about that.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from biopsy.errors import UsageError

if TYPE_CHECKING:  # whoever only asks for names, as --help does, does not wait for the model
    from biopsy.model.dossier import Analysis


class Format(Protocol):
    """A way to write analyses down."""

    ENDING: str

    def render(self, first: "Analysis", *more: "Analysis") -> str:
        """The whole document, ending in a line break."""


@cache
def names() -> tuple[str, ...]:
    """Every format there is, found by its file."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.ispkg))


def by_name(name: str) -> Format:
    """The format of that name; raise UsageError, saying which there are, where there is none."""
    if name not in names():
        raise UsageError(f"no such format: {name!r} (there are: {', '.join(names())})")
    return cast("Format", import_module(f"{__name__}.{name}"))
