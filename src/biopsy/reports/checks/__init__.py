"""The rules that a report keeps beyond its schema: one module for each group, each with a `check`.

The groups and rules are those of the OpenSSF Malicious Packages repository, so that what passes here passes
there, and more where theirs are silent; tests/reports/data/checks.yml has a table of what each accepts and
refuses, and says where we differ. A check yields what is wrong and never raises, whatever the report holds.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from biopsy.reports.record import Json, Report


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a report: a code for programs, where (JSON Pointer, RFC 6901), and why.

    A warning is of what may be right, and does not make a report invalid.
    """

    code: str
    where: str
    why: str
    warning: bool = False


class Check(Protocol):
    """One group of rules."""

    def __call__(self, report: Report) -> Iterator[Fault]:
        """Yield what is wrong."""
        ...


@cache
def checks() -> tuple[Check, ...]:
    """Every group there is, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").check for name in names)


def pointer(*parts: str | int) -> str:
    """Where something stands, as a JSON Pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def held(holder: Json, name: str) -> dict[str, Json]:
    """The object of a name; empty where there is none, or something else."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def text(holder: Json, name: str) -> str:
    """The text of a name; empty where there is none, or something else."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def objects(holder: Json, name: str) -> Iterator[tuple[int, dict[str, Json]]]:
    """The objects in a list of a name, numbered; what is no object is left out."""
    for number, one in listed(holder, name):
        if isinstance(one, dict):
            yield number, one


def texts(holder: Json, name: str) -> Iterator[tuple[int, str]]:
    """The texts in a list of a name, numbered; what is no text is left out."""
    for number, one in listed(holder, name):
        if isinstance(one, str):
            yield number, one


def listed(holder: Json, name: str) -> Iterator[tuple[int, Json]]:
    """What is in a list of a name, numbered; nothing where there is none, or something else."""
    value = holder.get(name) if isinstance(holder, dict) else None
    yield from enumerate(value if isinstance(value, list) else ())
