"""Dossiers written as Package Analysis's dynamic results: what they cannot say is left out."""

import base64
import ipaddress
from collections.abc import Iterable
from datetime import datetime

from biopsy.model.behaviour import Behaviour, InTrace, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Status
from biopsy.warehouse.interchange.dynamic import (
    MAX_OUTPUT,
    Command,
    File,
    Lookups,
    Query,
    Result,
    Socket,
    Summary,
)
from biopsy.warehouse.interchange.names import Key

_SAID = {
    Status.COMPLETED: "completed",
    Status.FAILED: "error_analysis",
    Status.TIMEOUT: "error_timeout",
    Status.CRASHED: "error_other",
}


def result_of(dossier: Dossier) -> Result:
    """Write a dossier as Package Analysis would have: runs under several profiles become one."""
    names = dict.fromkeys(o.phase for o in dossier.outcomes if o.profile and o.status in _SAID)
    return Result(
        Key.of(dossier.release),
        int(datetime.fromisoformat(dossier.created or "1970-01-01T00:00:00Z").timestamp()),
        {name: _summary(dossier, name) for name in names},
    )


def _summary(dossier: Dossier, phase: str) -> Summary:
    ends = [o for o in dossier.outcomes if o.phase == phase and o.profile and o.status in _SAID]
    worst = max(ends, key=lambda one: list(_SAID).index(one.status))
    seen = [b for b in dossier.behaviours if isinstance(b.where, InTrace) and b.where.phase == phase]
    output = "\n".join(one.output for one in ends).encode("utf-8", "replace")[-MAX_OUTPUT:]
    return Summary(
        _SAID[worst.status],
        base64.b64encode(output).decode(),
        "",
        _files(seen) or None,
        tuple(_socket(b) for b in seen if b.kind in {Kind.NET_CONNECT, Kind.NET_LISTEN}) or None,
        tuple(Command(p.argv) for p in dossier.processes if p.phase == phase and p.argv) or None,
        _lookups(seen),
    )


def _files(seen: Iterable[Behaviour]) -> tuple[File, ...]:
    done: dict[str, set[Kind]] = {}
    for one in seen:
        if one.kind in {Kind.FILE_READ, Kind.FILE_WRITE, Kind.FILE_DELETE}:
            done.setdefault(one.value, set()).add(one.kind)
    return tuple(
        File(path, Kind.FILE_READ in kinds, Kind.FILE_WRITE in kinds, Kind.FILE_DELETE in kinds)
        for path, kinds in done.items()
    )


def _socket(behaviour: Behaviour) -> Socket:
    host, _, port = behaviour.value.rpartition(":")
    host, number = host.strip("[]"), int(port) if port.isdigit() and len(port) < 6 else 0
    try:
        return Socket(str(ipaddress.ip_address(host)), number)
    except ValueError:
        pass
    try:  # of a name, the address stands beside it where it was imported; our own internet has none to tell
        return Socket(str(ipaddress.ip_address(behaviour.detail)), number, (host,))
    except ValueError:
        return Socket("", number, (host,))


def _lookups(seen: Iterable[Behaviour]) -> tuple[Lookups, ...] | None:
    asked: dict[str, list[str]] = {}
    for one in seen:
        if one.kind is Kind.NET_DNS:
            name, _, kind = one.value.partition(" ")
            asked.setdefault(name, []).append(kind or "A")
    queries = tuple(Query(name, tuple(dict.fromkeys(kinds))) for name, kinds in asked.items())
    return (Lookups("IN", queries),) if queries else None
