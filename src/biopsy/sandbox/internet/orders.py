"""What a client is told to do, in the way in which it spoke itself.

Who waits for orders reads them as it sends its own words: a line, an object of JSON, base64, a block behind
its length. Anything else makes it fail before it could run what it was sent, and nothing would be seen.
"""

import base64
import binascii
import json
import re
import struct
from collections.abc import Iterator
from typing import Final

from biopsy.sandbox.internet import tag

MAX_SPOKEN: Final = 64 * 1024
"""Bytes of what a client said by which its way of speaking is told; more is no greeting."""

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}\s*|[A-Za-z0-9_-]{16,}={0,2}\s*")
_LENGTHS: Final = (">I", "<I", ">H", ">Q")
"""Forms of a length before a block: network order, a small computer's own, a short one, a long one."""


def orders(token: str, spoken: bytes = b"") -> tuple[bytes, ...]:
    """Give what is said one after the other, first in the client's own way, then in all others."""
    own = _own(token, spoken) if len(spoken) <= MAX_SPOKEN else None
    rest = (tag.code(token).encode(), *(f"{line}\n".encode() for line in tag.lines(token)))
    return rest if own is None else (own, *rest)


def _own(token: str, spoken: bytes) -> bytes | None:
    for way in (_json, _coded, _framed):
        if (said := way(token, spoken)) is not None:
            return said
    return None


def _json(token: str, spoken: bytes) -> bytes | None:
    """An object for an object; line by line where it came so."""
    text = spoken.strip()
    if text[:1] not in {b"{", b"["}:
        return None
    try:
        json.loads(text.splitlines()[0])
    except (ValueError, RecursionError):
        return None
    return tag.order(token).encode() + b"\n" * spoken.endswith(b"\n")


def _coded(token: str, spoken: bytes) -> bytes | None:
    """Base64 of an answer to what it holds."""
    if not _BASE64.fullmatch(spoken):
        return None
    text = spoken.strip()
    safe = b"-" in text or b"_" in text
    try:
        inner = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_" if safe else None)
    except (binascii.Error, ValueError):
        return None
    answer = _json(token, inner) or tag.shell(token).encode()
    return (base64.urlsafe_b64encode if safe else base64.b64encode)(answer) + spoken[len(spoken.rstrip()) :]


def _framed(token: str, spoken: bytes) -> bytes | None:
    """A block behind its length for such a block."""
    for form, inner in _blocks(spoken):
        answer = _json(token, inner) or _coded(token, inner) or tag.shell(token).encode()
        return struct.pack(form, len(answer)) + answer
    return None


def _blocks(spoken: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the form of a length that is just that of what follows, or of the first object."""
    found = []
    for form in _LENGTHS:
        head = struct.calcsize(form)
        if len(spoken) > head and (size := struct.unpack_from(form, spoken)[0]):
            found.append((form, size - len(spoken) + head, spoken[head : head + size]))
    yield from ((form, inner) for form, beyond, inner in found if beyond == 0)
    yield from ((form, inner) for form, beyond, inner in found if beyond < 0 and _json("", inner) is not None)
