"""One record's body to one event. Never raises: the sandbox is not trusted."""

import socket
import struct
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from google.protobuf.message import DecodeError

from biopsy.sandbox.toolchain import tools
from biopsy.sandbox.trace_event import (
    Bound,
    Called,
    Cloned,
    Closed,
    Connected,
    Event,
    Executed,
    Exited,
    Malformed,
    Moved,
    Opened,
    Started,
    Tried,
)
from biopsy.sandbox.trace_text import argument_text, path_text
from biopsy.sandbox.trace_wire import MESSAGES, NUMBERS

MAX_ARGUMENTS: Final = 512
"""Most arguments of a command that are kept; a last one says how many more there were."""

_RIDING: Final = frozenset({b"LD_PRELOAD", b"NODE_OPTIONS"})

MAX_ENV: Final = 4096
"""Most variables of an environment that are looked through."""

_MAX_VALUE: Final = 1024
_WHOLE: Final = 4  # the record's type says that the parent is told, which is when the whole process ended


def decode(number: int, body: bytes) -> Event | Malformed:
    """Read the body of a record of this type."""
    name = NUMBERS.get(number)
    if name is None:
        return Malformed("record of an unknown type")
    try:
        message = MESSAGES[name].FromString(body)
    except (DecodeError, ValueError, RecursionError):
        return Malformed(f"body of a {name} record")
    context = message.context
    who = (context.time, context.thread, context.process)
    if number == _WHOLE:
        return Exited(*who, message.status, True)
    return _EVENTS[name](who, message)


_Who = tuple[int, int, int]


def _argv(raw: Iterable[bytes]) -> tuple[str, ...]:
    args = list(raw)
    kept = tuple(argument_text(arg) for arg in args[:MAX_ARGUMENTS])
    return kept if len(args) <= MAX_ARGUMENTS else (*kept, f"…({len(args) - MAX_ARGUMENTS} more)")


@cache
def kept_env() -> frozenset[bytes]:
    """Name the variables of a new program that are kept: whose it is, or that something rides along."""
    told = {name for tool in tools().values() for name in (tool.marks, tool.named) if name}
    return _RIDING | {name.encode() for name in told}


def _env(raw: Iterable[bytes]) -> tuple[tuple[str, str], ...]:
    found, kept = [], kept_env()
    for entry in list(raw)[:MAX_ENV]:
        name, _, value = entry.partition(b"=")
        if name in kept:
            found.append((name.decode(), argument_text(value[:_MAX_VALUE])))
    return tuple(found[: len(kept)])


def address(raw: bytes) -> tuple[str, int]:
    """Read a socket address: host and port, or `unix:path` and 0, or nothing that we know: ("", 0)."""
    if len(raw) < 2:
        return "", 0
    (family,) = struct.unpack_from("<H", raw)
    if family == socket.AF_INET and len(raw) >= 8:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack_from(">H", raw, 2)[0]
    if family == socket.AF_INET6 and len(raw) >= 24:
        host = socket.inet_ntop(socket.AF_INET6, raw[8:24])
        return host.removeprefix("::ffff:") if "." in host else host, struct.unpack_from(">H", raw, 2)[0]
    if family == socket.AF_UNIX:
        name = raw[2:110]
        name = b"@" + name[1:].rstrip(b"\0") if name[:1] == b"\0" else name.split(b"\0")[0]
        return f"unix:{path_text(name)}", 0
    return "", 0


def _opened(who: _Who, m: Any) -> Event:
    result = m.exit
    return Opened(*who, path_text(m.path), path_text(m.folder), m.flags, result.result, result.error)


def _raw(who: _Who, m: Any) -> Event:
    args = (m.a, m.b, m.c, m.d, m.e)
    if not m.HasField("exit"):
        return Called(*who, m.number, args)
    return Called(*who, m.number, args, m.exit.result, m.exit.error)


def _tried(who: _Who, m: Any) -> Event:
    path = path_text(m.path) or path_text(m.folder)
    return Tried(*who, path, _argv(m.argv), m.exit.error)


def _moved(who: _Who, m: Any) -> Event:
    return Moved(*who, path_text(m.path) or path_text(m.folder), m.exit.error)


_EVENTS: Final[dict[str, Callable[[_Who, Any], Event]]] = {
    "Start": lambda who, m: Started(*who, path_text(m.cwd), _argv(m.argv)),
    "Clone": lambda who, m: Cloned(*who, m.child_thread, m.child_process),
    "Exec": lambda who, m: Executed(*who, path_text(m.binary), _argv(m.argv), _env(m.env)),
    "End": lambda who, m: Exited(*who, m.status, False),
    "Raw": _raw,
    "Open": _opened,
    "Close": lambda who, m: Closed(*who, m.fd, path_text(m.path)),
    "Connect": lambda who, m: Connected(*who, *address(m.address)),
    "Bind": lambda who, m: Bound(*who, m.fd, *address(m.address)),
    "Try": _tried,
    "Chdir": _moved,
}
