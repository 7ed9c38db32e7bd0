"""Package Analysis's static results, to and from dossiers (its `pkg/api/staticanalysis/record.go`, 1.0).

What is taken over are its signals; what it counted of every token (`js`, lengths, entropies) no rule reads.
"""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec

from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.dossier import Dossier, Tool
from biopsy.model.release import Artifact
from biopsy.model.run import Outcome, Status
from biopsy.warehouse.interchange.names import Key, release_of, run_id_of

VERSION = "1.0"
MAX_BEHAVIOURS = 100_000
MAX_EACH = 1000
"""Most signals of one sort that are taken over of one file."""

_NO_TOKENS = (
    b'{"identifiers":null,"string_literals":null,"int_literals":null,"float_literals":null,"comments":null}'
)

HEX_NAMES = 20
"""So many identifiers like `_0x1f` make a file obfuscated; fewer prove nothing. As our own reader has it."""

ESCAPED = 5
"""So many strings of escapes do."""


class Suspicious(msgspec.Struct, frozen=True):
    """An identifier that looks made up, and the rule that says so: hex, numeric or single."""

    name: str = ""
    rule: str = ""


class Escaped(msgspec.Struct, frozen=True):
    """A string that is written in escapes."""

    value: str = ""
    raw: str = ""
    levenshtein_dist: float = 0


class FileResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file. What is counted of its tokens is passed over."""

    filename: str
    detected_type: str = ""
    size: int = 0
    sha256: str = ""
    js: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    base64_strings: tuple[str, ...] | None = None
    hex_strings: tuple[str, ...] | None = None
    ip_addresses: tuple[str, ...] | None = None
    urls: tuple[str, ...] | None = None
    suspicious_identifiers: tuple[Suspicious, ...] | None = None
    escaped_strings: tuple[Escaped, ...] | None = None


class Results(msgspec.Struct, frozen=True):
    """All files."""

    files: tuple[FileResult, ...] | None = None


class Record(msgspec.Struct, frozen=True):
    """The file of one static analysis."""

    schema_version: str
    ecosystem: str
    name: str
    version: str
    created: str
    results: Results


def dossier_of(record: Record, raw: bytes) -> Dossier:
    """Take a record over as a dossier that was only read; ValueError where it names no release."""
    release = release_of(Key(record.ecosystem, record.name, record.version))
    found: dict[Behaviour, None] = {}
    for file in record.results.files or ():
        if file.filename:
            found.update(dict.fromkeys(islice(_seen(file, release.ecosystem), MAX_BEHAVIOURS - len(found))))
    created = _created(record.created)
    return Dossier(
        run_id=run_id_of(created, raw),
        release=release,
        artifact=Artifact("", "", Path(), 0, ""),
        behaviours=tuple(found),
        outcomes=(Outcome("", "run", Status.SKIPPED, "static-only"),),
        created=created,
        tool=Tool("package-analysis"),
        static_only=True,
    )


def _created(text: str) -> str:
    try:
        at = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return "1970-01-01T00:00:00Z"
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _seen(file: FileResult, ecosystem: str) -> Iterator[Behaviour]:
    when = When.INSTALL if (ecosystem, file.filename) == ("pypi", "setup.py") else When.UNKNOWN
    where = InFile(file.filename, 0, when)
    for url in islice(file.urls or (), MAX_EACH):
        yield Behaviour(Kind.NET_URL, url, where)
    for text in islice(file.ip_addresses or (), MAX_EACH):
        try:
            if ipaddress.ip_address(text).is_global:
                yield Behaviour(Kind.NET_ADDRESS, text, where)
        except ValueError:
            continue
    if sum(one.rule == "hex" for one in file.suspicious_identifiers or ()) >= HEX_NAMES:
        yield Behaviour(Kind.CODE_OBFUSCATED, "hex-identifiers", where)
    if len(file.escaped_strings or ()) >= ESCAPED:
        yield Behaviour(Kind.CODE_OBFUSCATED, "escapes", where)


def record_of(dossier: Dossier) -> Record:
    """Write what was read as Package Analysis would have: the files in which something was seen, in order."""
    key, files = Key.of(dossier.release), dict[str, dict[str, list[str]]]()
    for one in dossier.behaviours:
        if isinstance(one.where, InFile):
            held = files.setdefault(one.where.path, {})
            name = {Kind.NET_URL: "urls", Kind.NET_ADDRESS: "ip_addresses"}.get(one.kind)
            if name and one.value not in held.setdefault(name, []):
                held[name].append(one.value)
    made = tuple(
        FileResult(
            path,
            js=msgspec.Raw(_NO_TOKENS),
            urls=tuple(held.get("urls", ())) or None,
            ip_addresses=tuple(held.get("ip_addresses", ())) or None,
        )
        for path, held in files.items()
    )
    return Record(VERSION, key.ecosystem, key.name, key.version, dossier.created, Results(made))
