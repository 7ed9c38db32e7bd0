"""A place and a host in columns: what the text of a behaviour says, taken apart."""

from functools import lru_cache

import msgspec

from biopsy.model.behaviour import InFile, InTrace, escape, parse_where
from biopsy.model.regex import regex

_URL = regex(r"://(?:[^/?#@\s]*@)?(\[[^\]\s]*\]|[^/:?#\s]+)")
_PORT = regex(r"(?s)(.*):\d{1,5}")


class Place(msgspec.Struct, frozen=True):
    """A place in columns."""

    source: str
    path: str | None = None
    line: int | None = None
    moment: str | None = None
    vendored: bool = False
    profile: str | None = None
    phase: str | None = None
    position: int | None = None


@lru_cache(maxsize=1 << 15)
def place(text: str) -> Place:
    """Read a place; ValueError where it is none."""
    match parse_where(text):
        case InTrace(phase=phase, seq=seq, profile=profile):
            return Place("trace", profile=profile or None, phase=phase, position=seq)
        case InFile() as file:
            return Place("file", escape(file.path), file.line or None, file.when.value or None, file.vendored)
    return Place("registry")


@lru_cache(maxsize=1 << 15)
def host(kind: str, value: str) -> str | None:
    """The host that a behaviour is about; None where it is about none."""
    found: str | None = None
    match kind:
        case "net.dns":
            found = value.partition(" ")[0]
        case "net.connect" | "net.send":
            found = _without_port(value.rpartition(" ")[2])
        case "net.http" | "net.url" | "code.remote":
            match_ = _URL.search(value)
            found = match_[1] if match_ else None
        case "net.service":
            found = value.partition(" ")[2]
        case "net.address":
            found = value
        case "canary.leak":
            found = _without_port(value.partition(" > ")[2].partition(" ")[0])
    return found.strip("[].").lower() or None if found else None


def _without_port(text: str) -> str:
    match = _PORT.fullmatch(text)
    return match[1] if match else text
