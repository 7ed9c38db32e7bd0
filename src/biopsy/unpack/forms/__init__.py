"""Forms of archives that hold other archives: what a `.gem` is, and whatever comes next.

One form is one module of this folder with `SUFFIX` (the ending of the file's name, lower case) and
`read(file, place)`, which unpacks an open file into a `Place`. It may raise `Damaged` and `Full`, as the
readers of plain archives do. It is found by being there.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import BinaryIO, Protocol, cast

from biopsy.unpack.place import Place


class Form(Protocol):
    """How one form of archive is unpacked."""

    SUFFIX: str

    def read(self, file: BinaryIO, place: Place) -> None:
        """Unpack; raises Damaged where the archive cannot be read to its end, Full at a limit."""


def by_name(filename: str) -> Form | None:
    """Give the form of a file of this name; None where it is a plain archive."""
    return next((form for suffix, form in _all().items() if filename.lower().endswith(suffix)), None)


@cache
def _all() -> Mapping[str, Form]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    every = (cast("Form", importlib.import_module(f"{__name__}.{name}")) for name in names)
    return {form.SUFFIX: form for form in every}
