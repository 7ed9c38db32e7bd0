"""Regular expressions that are compiled when they are first used."""

import re
import sys
from importlib import import_module
from pkgutil import walk_packages

import pytest

import biopsy
from biopsy.model.regex import regex

ALONE = ("biopsy.sandbox", "biopsy.cli")
"""What has none of these, or runs where biopsy is not."""


def test_one_does_what_the_compiled_one_does() -> None:
    late, compiled = regex(r"(?P<a>b+)", re.IGNORECASE), re.compile(r"(?P<a>b+)", re.IGNORECASE)
    assert [m.span() for m in late.finditer("aBBa b")] == [m.span() for m in compiled.finditer("aBBa b")]
    assert late.sub("-", "aBBa") == compiled.sub("-", "aBBa")
    assert (late.pattern, late.groupindex, late.flags) == (
        compiled.pattern,
        compiled.groupindex,
        compiled.flags,
    )
    assert regex(rb"\d").search(b"a1") is not None


def test_a_mistake_shows_at_the_first_use() -> None:
    late = regex("(")
    with pytest.raises(re.error):
        late.search("")


def test_all_of_biopsy_can_be_compiled() -> None:
    for module in walk_packages(biopsy.__path__, "biopsy."):
        if not module.name.startswith(ALONE) and "__main__" not in module.name:
            import_module(module.name)
    late = type(regex(""))
    found = [
        value
        for name, module in sys.modules.items()
        if name.startswith("biopsy.")
        for value in vars(module).values()
        if isinstance(value, late)
    ]
    assert len(found) > 200
    for each in found:
        each.search(b"" if isinstance(each.pattern, bytes) else "")
