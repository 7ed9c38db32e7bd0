"""A report as bytes and as data: read under limits, written the same way every time.

A report is kept as the plain data of its JSON, whatever fields it has: nothing is lost for being unknown.
`decode` refuses what two readers could take for two different things (RFC 8259 section 4: names that stand
twice; NaN; halves of surrogate pairs), since a report that each consumer reads in its own way is worse than
none.
"""

import json
import math
import re
from datetime import datetime
from typing import Any

import msgspec

from biopsy.errors import BiopsyError

MAX_BYTES = 16 * 1024**2  # of one report; the largest known has 17 kB, a list of 100,000 versions fits
MAX_DEPTH = 64  # lists and objects inside each other
MAX_DIGITS = 300  # of a number

_REAL = re.compile(rb"[\[:,]-?[0-9]+[.eE][0-9eE+-]*[,\]}]")  # a number that is none whole, in compact JSON
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # what half a surrogate pair needs to be written
_QUICK = msgspec.json.Decoder()

Json = Any
Report = dict[str, Any]


class RecordError(BiopsyError):
    """Bytes that are no report. `code` is one word, for counting; the message says where and why."""

    def __init__(self, code: str, message: str) -> None:
        """Say why in one word, and in a sentence."""
        super().__init__(message)
        self.code = code


def decode(data: bytes) -> Report:
    """Read one report from JSON; raises RecordError for what is none.

    Nothing is checked but that it is one unambiguous JSON object within the limits: see `validate`.
    """
    if len(data) > MAX_BYTES:
        raise RecordError("too-large", f"{len(data):,} bytes; the limit is {MAX_BYTES:,}")
    found = _quickly(data)
    if found is None:
        found = _carefully(data)
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH or _HALF.search(data):
        _walk(found)  # only where it can find something: it costs as much as reading
    return found


def _quickly(data: bytes) -> Report | None:
    """Read what is plainly one report; None for what has to be looked at more closely, and may be none.

    What is written again as it stood, but for spaces, has no name twice: a dictionary has none. Of a name
    that stands twice the first is dropped in reading, and with it at least two quotation marks.
    """
    try:
        found = _QUICK.decode(data)
        if isinstance(found, dict):
            again = msgspec.json.encode(found)
            if again == msgspec.json.format(data, indent=-1) or _quotes(data) == _quotes(again):
                return found
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        pass
    return None


def _quotes(text: bytes) -> int:
    """How many quotation marks stand around texts, in JSON: all but the escaped ones."""
    count = text.count(b'"')
    if b"\\\\" in text:
        text = text.replace(b"\\\\", b"")
    return count - text.count(b'\\"')


def _carefully(data: bytes) -> Report:
    """Read a report as the standard has it; raises RecordError, which says what is wrong and where."""
    try:
        text = data.decode("utf-8-sig")
        found = _READER.decode(text)
    except UnicodeDecodeError as error:
        raise RecordError("not-utf-8", f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise RecordError("too-deep", f"more than {MAX_DEPTH} lists and objects inside each other") from error
    except json.JSONDecodeError as error:
        raise RecordError("not-json", f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    if not isinstance(found, dict):
        raise RecordError("not-an-object", f"a report is a JSON object, not {_kind(found)}")
    return found


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise RecordError("duplicate-name", f"{twice!r} stands twice in one object")
    return made


def _constant(word: str) -> Json:
    raise RecordError("not-a-number", f"{word} is no JSON number")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise RecordError("not-a-number", f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise RecordError("not-a-number", "a number too large to be one")
    return number


_READER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole, parse_float=_real
)


def _walk(found: Report) -> None:
    """Refuse what is too deep, and text that no encoder can write."""
    level: list[Json] = [found]
    for _ in range(MAX_DEPTH):
        below: list[Json] = []
        for value in level:
            if isinstance(value, str):
                if not value.isascii():
                    _sound(value)
            elif isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
        level = below
        if not level:
            return
    raise RecordError("too-deep", f"more than {MAX_DEPTH} lists and objects inside each other")


def _sound(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RecordError("surrogate", f"half of a surrogate pair in {text[:40]!a}") from error


def _kind(value: Json) -> str:
    return {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}.get(
        type(value), "a number"
    )


def encode(report: Report) -> bytes:
    """Write a report as a file: two spaces, names in the order they have, a line feed at the end."""
    try:
        text = msgspec.json.encode(report)
        if not _REAL.search(text):  # which the two may write differently
            return msgspec.json.format(text, indent=2) + b"\n"
    except (OverflowError, ValueError, TypeError):
        pass
    return (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode()


def timestamp(moment: datetime) -> str:
    """A moment in UTC as OSV writes it: RFC 3339, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def compact(report: Report) -> bytes:
    """Write a report on one line, without spaces."""
    try:
        return msgspec.json.encode(report)
    except (OverflowError, ValueError, TypeError):  # a number that has no 64 bits is still a number
        pass
    return json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode()
