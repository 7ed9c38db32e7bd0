"""All handlers of the site, found by their files."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from biopsy.web.site import pages, served


def handlers() -> Iterator[Any]:
    """Every page, and the assets."""
    yield served.asset
    for module in sorted(iter_modules(pages.__path__), key=lambda one: one.name):
        yield from getattr(import_module(f"{pages.__name__}.{module.name}"), "HANDLERS", ())
