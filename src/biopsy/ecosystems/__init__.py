"""Ecosystems: what biopsy knows of PyPI, npm and whatever comes next.

One ecosystem is one module (or package) of this folder that has an `ECOSYSTEM`: an object that keeps the
`Ecosystem` protocol. It is found by being there; there is no list to edit.
"""

import importlib
import pkgutil
from functools import cache

from biopsy.ecosystems.protocol import Ecosystem, Facts, Listing, Published
from biopsy.errors import UsageError

__all__ = ["Ecosystem", "Facts", "Listing", "Published", "all_ecosystems", "by_type", "parse_target"]

from biopsy.ecosystems.target import parse_target  # after the protocol, which it shares with us


@cache
def all_ecosystems() -> tuple[Ecosystem, ...]:
    """Give every ecosystem there is, in the order of their purl types."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        ecosystem = getattr(importlib.import_module(f"{__name__}.{module.name}"), "ECOSYSTEM", None)
        if ecosystem is not None:
            found.append(ecosystem)
    return tuple(sorted(found, key=lambda e: e.type))


def by_type(purl_type: str) -> Ecosystem:
    """Give the ecosystem of a purl type; UsageError names those there are."""
    for ecosystem in all_ecosystems():
        if ecosystem.type == purl_type:
            return ecosystem
    known = ", ".join(e.type for e in all_ecosystems())
    raise UsageError(f"no ecosystem {purl_type!r}; there are: {known}")
