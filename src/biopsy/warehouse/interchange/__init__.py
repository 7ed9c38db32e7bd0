"""Interchange with OpenSSF Package Analysis: its results become dossiers, and dossiers its results.

So that rules of today can be replayed over what it has gathered for years (`biopsy replay`).
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from biopsy.errors import UsageError
from biopsy.model.dossier import Dossier
from biopsy.warehouse.interchange import dynamic, static, written

MAX_DOCUMENT = 256 * 1024**2
"""Bytes of one result, unpacked; theirs reach 100 MB."""

MAX_LINES = 10_000_000
"""Results in one file of JSON lines."""

ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")


class Passed(msgspec.Struct, frozen=True):
    """A document that was not taken over, and why; `odd` is False where it never was a result."""

    place: str
    why: str
    odd: bool = True


class _Head(msgspec.Struct, frozen=True):
    """What tells the kinds of their files apart."""

    package: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="Package")
    analysis: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="Analysis")
    schema_version: msgspec.Raw = msgspec.Raw()


Form = Literal["dynamic", "static"]
"""Their two sorts of results."""


def documents(place: Path) -> Iterator[Path]:
    """The files below a folder that may hold results, in order of their names; or the file itself."""
    if not place.is_dir():
        yield place
        return
    yield from sorted(path for path in place.rglob("*") if path.name.endswith(ENDINGS) and path.is_file())


def read(path: Path) -> Iterator[Dossier | Passed]:
    """Yield what a file of results holds: one JSON document, or one a line as BigQuery exports them.

    UsageError where the file itself cannot be read. A document that is damaged, or none of theirs, is
    `Passed`, and reading goes on.
    """
    lines = ".json" not in path.suffixes
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            for number in range(1, MAX_LINES + 1):
                raw = file.readline(MAX_DOCUMENT + 1) if lines else file.read(MAX_DOCUMENT + 1)
                if not raw:
                    return
                if raw.strip():
                    where = f"{path}:{number}" if lines else str(path)
                    yield document(raw, where) if len(raw) <= MAX_DOCUMENT else Passed(where, "too large")
                if len(raw) > MAX_DOCUMENT or not lines:
                    return
            yield Passed(str(path), f"only its first {MAX_LINES:,} lines were read: split it")
    except (OSError, EOFError, zlib.error) as err:
        raise UsageError(f"cannot read {path}: {err}") from err


def document(raw: bytes, where: str) -> Dossier | Passed:
    """Take one document over, whichever of theirs it is."""
    try:
        head = msgspec.json.decode(raw, type=_Head)
        if bytes(head.schema_version):
            return static.dossier_of(msgspec.json.decode(raw, type=static.Record), raw)
        if not bytes(head.package):
            return Passed(where, "not a result of Package Analysis", odd=False)
        if bytes(head.analysis).startswith(b'"'):
            return Passed(where, "an execution log", odd=False)
        return dynamic.dossier_of(msgspec.json.decode(raw, type=dynamic.Result, strict=False), raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as err:
        return Passed(where, str(err)[:300])


def forms(dossier: Dossier) -> tuple[Form, ...]:
    """The sorts of results that a dossier holds: it was run, it was read, or both."""
    read = not any(
        one.phase == dynamic.UNREAD.phase and one.reason == dynamic.UNREAD.reason for one in dossier.outcomes
    )
    ran: tuple[Form, ...] = ("dynamic",) if any(one.profile for one in dossier.outcomes) else ()
    return (*ran, "static") if read else ran


def write(dossier: Dossier, kind: Form) -> bytes:
    """Write a dossier as the JSON that Package Analysis writes, in the order and escapes of its encoder."""
    made = written.result_of(dossier) if kind == "dynamic" else static.record_of(dossier)
    text = msgspec.json.encode(made)
    for char, escape in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026")):
        text = text.replace(char, escape)  # as Go's encoder does; outside of strings JSON has none of them
    return text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
