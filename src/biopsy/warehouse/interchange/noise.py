"""What Package Analysis saw its own tools do, as a list (noise.txt); there is nothing else to tell it by."""

import re
from fnmatch import translate
from functools import cache
from pathlib import Path

COUNT = "count"
TOOL = "tool"


def noise(phase: str, kind: str, value: str) -> str:
    """Say whether a behaviour is a tool's: `count` (leave it out), `tool`, or empty where it is not."""
    for what, form in _forms():
        if form.fullmatch(f"{phase}\n{kind}\n{value}"):
            return what
    return ""


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Two patterns for all lines, `count` first: one search each, however long the list grows."""
    lines = Path(__file__).with_name("noise.txt").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    found = []
    for what in (COUNT, TOOL):
        forms = ("\n".join((_part(p), _part(k), translate(v))) for w, p, k, v in rows if w == what)
        found.append((what, re.compile("|".join(f"(?:{form})" for form in forms))))
    return tuple(found)


def _part(text: str) -> str:
    return re.escape(text).replace(r"\*", r"[^\n]*")
