"""What code wants to be answered before it acts: the fields of JSON that it compares, and with what.

A switch that its author turns from afar is off for whoever does not know it. The code says what it waits for,
so the simulated internet can say it: fields are told in what hosts answer that nobody knows (`parcel.data`).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from biopsy.pipeline.harm import harmful
from biopsy.sandbox.raw import Field

MAX_FIELDS: Final = 40
"""Most fields that answers are given."""

MAX_DEPTH: Final = 4
"""Deepest field of one, in objects."""

MAX_LOOKED: Final = 2000
"""Most places of a text that are looked at."""

_ASKS = re.compile(r"\bJSON\.parse\(|\.json\(|\bjson\.loads?\(|\bresponseType\b|\baxios\b|\.parse\(")
_ACCESS = (
    r"(?:\??\.(?!get\b)[A-Za-z_]\w{0,39}(?!\w|\s*\()|(?:\?\.)?\[\s*['\"][A-Za-z_]\w{0,39}['\"]\s*\]"
    r"|\.get\(\s*['\"][A-Za-z_]\w{0,39}['\"](?:\s*,\s*[^()\n]{0,20})?\))"
)
_LITERAL = r"(true|false|True|False|-?\d{1,9}(?![\w.])|'[^'\\\n]{0,80}'|\"[^\"\\\n]{0,80}\")"
_COMPARED = re.compile(
    rf"(?<![\w.$'\"\])])([A-Za-z_$][\w$]*)((?:{_ACCESS}){{1,{MAX_DEPTH}}})\s*(===?|is|>=?|<=?)\s*{_LITERAL}"
)
_ASKED = re.compile(
    r"(?:\bif\s*\(?|&&|\|\||\band\b|\bor\b)\s*([A-Za-z_$][\w$]*)"
    rf"((?:{_ACCESS}){{1,{MAX_DEPTH}}})\s*"
    r"(?=[)&|:]|and\b|or\b)"
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_GET = re.compile(r"\.get\(\s*['\"](\w+)['\"][^()\n]*\)")
_NOT_TOLD: Final = frozenset({
    "process", "os", "sys", "self", "this", "module", "exports", "window", "document", "navigator", "args",
    "argv", "options", "opts", "config", "platform", "string", "math", "Math", "path", "fs", "err", "error",
    "e", "exc",
})  # fmt: skip
_OF_ANSWERS: Final = frozenset(
    {
        "length",
        "status",
        "statusCode",
        "status_code",
        "ok",
        "code",
        "name",
        "message",
        "errno",
        "headers",
        "body",
    }
)
"""What is asked of an answer as a whole, or of an error, and is no field that its author writes."""


def wanted(files: Iterable[tuple[str, str]]) -> tuple[Field, ...]:
    """Give the fields, by the names on the way to them, and what each should be: what is said first."""
    found: dict[tuple[str, ...], str | int | bool] = {}
    for _, text in files:
        if _ASKS.search(text) and harmful(text):
            for path, value in _of(text):
                if len(found) >= MAX_FIELDS:
                    break
                found.setdefault(path, value)
    return tuple(found.items())


def _of(text: str) -> Iterator[Field]:
    for number, match in enumerate(_COMPARED.finditer(text)):
        if number >= MAX_LOOKED:
            break
        if path := _path(match[1], match[2]):
            yield path, _value(match[3], match[4])
    for number, match in enumerate(_ASKED.finditer(text)):
        if number >= MAX_LOOKED:
            break
        if path := _path(match[1], match[2]):
            yield path, True


def _path(root: str, accesses: str) -> tuple[str, ...]:
    names = tuple(_NAME.findall(_GET.sub(r".\1", accesses)))
    if root in _NOT_TOLD or not names or (len(names) == 1 and names[0] in _OF_ANSWERS):
        return ()
    return names


def _value(how: str, said: str) -> str | int | bool:
    if said[0] in "'\"":
        return said[1:-1]
    if said in {"true", "True", "false", "False"}:
        return said.lower() == "true"
    return int(said) + {">": 1, "<": -1}.get(how, 0)
