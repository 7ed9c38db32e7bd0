"""Package Analysis's dynamic results (its `pkg/api/analysisrun/result.go`), and how they become dossiers.

What it never recorded cannot come back: the order in which things happened within a phase, which process did
what, whether a call succeeded, what was sent. So everything of a phase stands at one position of the run
(`then` never holds within it), what its own tools do is told by a list (`noise`), and code that was only
run, never read, is no ground for calling a release benign.
"""

import base64
import binascii
import ipaddress
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec

from biopsy.model.behaviour import MAX_VALUE, Behaviour, By, InTrace, Kind
from biopsy.model.dossier import Dossier, Tool
from biopsy.model.release import Artifact
from biopsy.model.run import Outcome, Process, Status, Watch
from biopsy.warehouse.interchange.names import Key, release_of, run_id_of
from biopsy.warehouse.interchange.noise import COUNT, TOOL, noise

PROFILE = "package-analysis"
PHASES = ("install", "import", "execute")
MAX_BEHAVIOURS = 100_000
"""Most behaviours that are taken over of one result; the rest is counted."""

MAX_PROCESSES = 20_000
MAX_OUTPUT = 4096
"""Bytes of each output, the last of it, as Package Analysis keeps them."""

NOTE = "imported: neither the order within a phase nor who did what was recorded"
UNREAD = Outcome("", "read", Status.SKIPPED, "not-read: imported from Package Analysis's dynamic result")
"""Stands among the phases of what is imported: its code was never read, so it is no ground for `benign`."""

_STATUS = {
    "completed": (Status.COMPLETED, ""),
    "error_analysis": (Status.FAILED, "analysis-failed"),
    "error_timeout": (Status.TIMEOUT, "timed-out"),
    "error_other": (Status.CRASHED, "sandbox-broken"),
}


class File(msgspec.Struct, frozen=True, rename="pascal"):
    """A path, and what was done with it."""

    path: str = ""
    read: bool = False
    write: bool = False
    delete: bool = False


class Socket(msgspec.Struct, frozen=True, rename="pascal"):
    """An address that was connected to, or bound; the names that it was known by."""

    address: str = ""
    port: int = 0
    hostnames: tuple[str, ...] | None = None


class Command(msgspec.Struct, frozen=True, rename="pascal"):
    """A program that was started; its environment as `K=V`."""

    command: tuple[str, ...] | None = None
    environment: tuple[str, ...] | None = None


class Query(msgspec.Struct, frozen=True, rename="pascal"):
    """A name that was looked up, and for which types."""

    hostname: str = ""
    types: tuple[str, ...] | None = None


class Lookups(msgspec.Struct, frozen=True, rename="pascal"):
    """The look-ups of one class, which is always IN."""

    class_: str = msgspec.field(default="", name="Class")
    queries: tuple[Query, ...] | None = None


class Summary(msgspec.Struct, frozen=True, rename="pascal"):
    """One phase; the outputs are base64 of their last 4096 bytes."""

    status: str = ""
    stdout: str | None = None
    stderr: str | None = None
    files: tuple[File, ...] | None = None
    sockets: tuple[Socket, ...] | None = None
    commands: tuple[Command, ...] | None = None
    dns: tuple[Lookups, ...] | None = msgspec.field(default=None, name="DNS")


class Result(msgspec.Struct, frozen=True, rename="pascal"):
    """The file of one dynamic analysis; `created_timestamp` in Unix seconds, or as BigQuery writes it."""

    package: Key
    created_timestamp: int | str = 0
    analysis: dict[str, Summary | None] = {}


def dossier_of(result: Result, raw: bytes) -> Dossier:
    """Take a result over as a dossier; `raw`, what it was read from, names it. ValueError: no release."""
    found: dict[Behaviour, None] = {}
    counted = dropped = 0
    outcomes: list[Outcome] = []
    processes: list[Process] = []
    phases = [name for name in PHASES if name in result.analysis]
    phases += sorted(result.analysis.keys() - set(phases))
    for number, phase in enumerate(phases, 1):
        summary = result.analysis[phase]
        if summary is None:
            continue
        where = InTrace(_phase(phase), number, PROFILE)
        for kind, value, detail in _seen(summary):
            what = noise(phase, kind, value)
            if what == COUNT:
                counted += 1
            elif len(found) >= MAX_BEHAVIOURS:
                dropped += 1
            else:
                by = By.TOOL if what == TOOL else By.PACKAGE
                found[Behaviour(kind, value, where, by=by, detail=detail)] = None
        outcomes.append(_outcome(where.phase, summary))
        processes += _processes(where.phase, summary, len(processes))
    release = release_of(result.package)
    created = _created(result.created_timestamp)
    return Dossier(
        run_id=run_id_of(created, raw),
        release=release,
        artifact=Artifact("", "", Path(), 0, ""),
        behaviours=tuple(found),
        outcomes=(*outcomes, UNREAD),
        processes=tuple(processes[:MAX_PROCESSES]),
        watches=(Watch(PROFILE, behaviours_dropped=dropped, files_read=counted, notes=(NOTE,)),),
        created=created,
        tool=Tool("package-analysis"),
    )


def _phase(name: str) -> str:
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in name.lower())[:40]
    return plain if plain[:1].isalpha() else f"phase-{plain}"


def _seen(summary: Summary) -> Iterator[tuple[Kind, str, str]]:
    """What a phase shows; beside it, for people, what its value leaves out."""
    for file in summary.files or ():
        for done, kind in (
            (file.read, Kind.FILE_READ),
            (file.write, Kind.FILE_WRITE),
            (file.delete, Kind.FILE_DELETE),
        ):
            if done and file.path:
                yield kind, file.path, ""
    for command in summary.commands or ():
        if command.command:
            yield Kind.PROCESS_EXEC, shlex.join(_clean(part) for part in command.command), ""
    for socket in summary.sockets or ():
        yield from _sockets(socket)
    for lookups in summary.dns or ():
        for query in lookups.queries or ():
            name = query.hostname.rstrip(".").lower()
            types = set(query.types or ("A",))
            if name and types & {"A", "AAAA"}:
                yield Kind.NET_DNS, name, ""
            for other in sorted(types - {"A", "AAAA"}):
                if name and other.isalnum():
                    yield Kind.NET_DNS, f"{name} {other}", ""


def _sockets(socket: Socket) -> Iterator[tuple[Kind, str, str]]:
    try:
        address = ipaddress.ip_address(socket.address)
    except ValueError:
        return  # gVisor writes an empty one for a family of its own
    if address.is_unspecified:
        yield Kind.NET_LISTEN, place(socket.address, socket.port), ""
    elif not address.is_loopback and socket.port:
        for host in socket.hostnames or (socket.address,):
            yield Kind.NET_CONNECT, place(host.rstrip(".").lower(), socket.port), str(address)


def place(host: str, port: int) -> str:
    """Write a destination as behaviours do."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _clean(text: str) -> str:
    return text[:MAX_VALUE]


def _outcome(phase: str, summary: Summary) -> Outcome:
    status, reason = _STATUS.get(summary.status, (Status.CRASHED, "unknown-status"))
    shown = [text for text in (_plain(summary.stdout), _plain(summary.stderr)) if text]
    return Outcome(PROFILE, phase, status, reason, output="\n".join(shown))


def _plain(text: str | None) -> str:
    """What was printed: base64, but for the table in BigQuery, whose errors are text."""
    try:
        return base64.b64decode(text or "", validate=True).decode("utf-8", "replace")[-MAX_OUTPUT:]
    except (binascii.Error, ValueError):
        return (text or "")[-MAX_OUTPUT:]


def _processes(phase: str, summary: Summary, first: int) -> Iterator[Process]:
    """The programs that were started; who started whom is not known."""
    for number, command in enumerate(islice(summary.commands or (), MAX_PROCESSES), first + 1):
        argv = tuple(_clean(part) for part in command.command or ())
        if argv:
            by = By.TOOL if noise(phase, Kind.PROCESS_EXEC, shlex.join(argv)) else By.PACKAGE
            yield Process(number, None, PROFILE, phase, argv, by=by)


def _created(stamp: int | str) -> str:
    try:
        if isinstance(stamp, str) and not stamp.isdigit():
            text = stamp.strip().replace(" UTC", "+00:00").replace("Z", "+00:00")
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
        else:
            at = datetime.fromtimestamp(int(stamp), UTC)
        return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00Z"
