"""docs/clients.md as these tests read it: what it tells people to write and to run is what is run here.

A `##` section has code blocks. One in `bash` is run; one in another language is a file, whose name the text
before the block ends with, in backticks.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
SERVER = "http://127.0.0.1:8600"
"""How the page calls a `biopsy serve`."""

_SECTION = re.compile(r"(?m)^## +(.+)$")
_BLOCK = re.compile(r"(?P<before>(?:[^\n]*\n){1})\n?```(?P<language>\w+)\n(?P<code>.*?)```", re.DOTALL)
_NAME = re.compile(r"`([^`\s]+)`[^`]*$")


@dataclass
class Section:
    """What a section of the page has: files to write, commands to run."""

    files: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)


@cache
def sections() -> dict[str, Section]:
    """The page by the titles of its sections."""
    parts = _SECTION.split(PAGE.read_text(encoding="utf-8"))
    return {title.strip(): _section(text) for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def _section(text: str) -> Section:
    made = Section()
    for block in _BLOCK.finditer(text):
        if block["language"] == "bash":
            made.commands += [line for line in block["code"].splitlines() if line.strip()]
        elif named := _NAME.search(block["before"].strip()):
            made.files[named[1]] = block["code"]
    return made
