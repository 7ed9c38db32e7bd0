"""`.vscode/extensions.json`: what a project recommends; and the list of what an editor has installed."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from biopsy.guard import decode
from biopsy.guard.given import Given, LockError, word
from biopsy.guard.lines import Lines
from biopsy.model.check import Entry

FORM = "extensions.json"
NAMES = (".vscode/extensions.json", "extensions/extensions.json", "*.extensions.json")

_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,100}\.[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


class File(msgspec.Struct):
    """What a project recommends."""

    recommendations: list[str] | None = None


class Identifier(msgspec.Struct):
    """Which extension."""

    id: str = ""


class Installed(msgspec.Struct):
    """An extension that is installed."""

    identifier: Identifier = msgspec.field(default_factory=Identifier)
    version: str = ""


def looks(head: bytes) -> bool:
    """Whether it recommends something, or names what is installed."""
    return b'"recommendations"' in head or (b'"identifier"' in head and b'"relativeLocation"' in head)


def read(given: Given) -> Iterator[Entry]:
    """The extensions, in the order of the file."""
    text = _COMMENT.sub(lambda match: match[1] or "", given.text)
    lines = Lines(given.text)
    data = text.encode()
    if text.lstrip().startswith("["):
        shape: Any = list[Installed]
        for one in decode.json(data, shape):
            if _NAME.fullmatch(word(one.identifier.id)):
                line = lines.value(one.identifier.id)
                yield Entry("VSCode", one.identifier.id, word(one.version, "version"), line)
        return
    held = decode.json(data, File)
    if held.recommendations is None:
        raise LockError("no recommendations: nothing that an editor would take")
    for name in held.recommendations:
        if _NAME.fullmatch(word(name)):
            yield Entry("VSCode", name, "", lines.value(name))
