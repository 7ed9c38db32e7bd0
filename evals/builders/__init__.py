"""Builders of artifacts: a module for each form, named as scenarios name it in `artifact`.

A module has `build(scenario, files, payload)`, which gives the name and the bytes of the file, the same every
time. `files` are the package's own as the scenario has them; what only the form needs (its metadata, a
checksum, a folder around everything) the builder adds. It is found by being there.
"""

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.scenario import Scenario

Builder = Callable[["Scenario", Mapping[str, bytes], bool], tuple[str, bytes]]


def names() -> list[str]:
    """Name the forms there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "packing")


def builder(artifact: str) -> Builder:
    """Give the builder of a form; ValueError where there is none."""
    if artifact not in names():
        raise ValueError(f"no builder of {artifact!r}; there are: {', '.join(names())}")
    found: Builder = import_module(f"{__name__}.{artifact}").build
    return found
