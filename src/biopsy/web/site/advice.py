"""How to see whether a package is installed, and how to be rid of it."""

import re
from functools import cache
from importlib.resources import files

import yaml
from msgspec import Struct, convert

_PLAIN = re.compile(r"[A-Za-z0-9@/._:-]{1,214}")
"""Names that stand in a command line as they are; for any other no command is given to copy."""


class Advice(Struct, frozen=True):
    """Commands; empty where an ecosystem's own tool has none."""

    see: str = ""
    drop: str = ""
    lock: str = ""


def advice(ecosystem: str, name: str) -> Advice:
    """The commands for a package."""
    held = _all().get(ecosystem) or _all()[""]
    if not _PLAIN.fullmatch(name) or name.startswith("-"):
        return Advice(lock=held.lock)
    return Advice(held.see.format(name=name), held.drop.format(name=name), held.lock)


@cache
def _all() -> dict[str, Advice]:
    text = (files("biopsy.web.site") / "advice.yml").read_text("utf-8")
    return convert(yaml.safe_load(text), dict[str, Advice])
