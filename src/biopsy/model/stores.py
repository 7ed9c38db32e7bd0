"""Places on a machine by what is kept there: keys, browsers' stores, wallets … Facts, no verdicts."""

import re
from functools import cache
from pathlib import Path

MAX_PATH = 600
"""Longest path that is classed, in characters."""


@cache
def stores() -> tuple[tuple[str, str, bool], ...]:
    """Every place: its class, its path with slashes, and whether it is telling as a mere word in code."""
    lines = Path(__file__).with_name("stores.txt").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple((name, path.removeprefix("!"), path.startswith("!")) for name, path in pairs)


def store_class(path: str) -> str:
    """The class of a path (`browser`, `wallet`, `cloud`, …), of any system; empty where it has none."""
    if len(path) > MAX_PATH:
        return ""
    match = _pattern().search(path.replace("\\", "/"))
    return str(match.lastgroup) if match else ""


@cache
def _pattern() -> re.Pattern[str]:
    classes = dict.fromkeys(name for name, _, _ in stores())
    parts = (f"(?P<{name}>{'|'.join(_one(p) for n, p, _ in stores() if n == name)})" for name in classes)
    return re.compile(f"(?i)(?:^|/)(?:{'|'.join(parts)})(?:$|/)")


def _one(path: str) -> str:
    return re.escape(path.lstrip("/")).replace(r"\*", "[^/]*")
