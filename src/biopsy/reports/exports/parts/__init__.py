"""Kinds of export, one module each; see `biopsy.reports.exports` for what one has."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from biopsy.reports.exports.state import One, State
from biopsy.reports.exports.tree import Tree


class Sink(Protocol):
    """Takes the reports of a state, by folder and id, and writes what it makes of them."""

    def take(self, one: One, /) -> None:
        """Take a report."""

    def finish(self) -> None:
        """Write what is not yet written."""


def every() -> tuple[Callable[[Tree, State], Sink], ...]:
    """How each part begins, by name of module."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").begin for name in names)
