"""The trace sink: a process that takes gVisor's records off a socket and puts them into a file, quickly.

The sandbox waits for it when the socket is full, so it decodes nothing. The handshake is gVisor's: a protobuf
message with field 1, the version, answered in kind (`pkg/sentry/seccheck/sinks/remote` of gVisor).
"""

import contextlib
import os
import select
import signal
import socket
import struct
from pathlib import Path

MAX_RECORD = 1024**2
"""Longest record taken, in bytes; gVisor's own are bounded by the size of a socket's buffer."""

_VERSION = b"\x08\x01"
_LENGTH = struct.Struct("<I")
_BUFFER = 8 * 1024**2
_ROOM = _BUFFER - MAX_RECORD - _LENGTH.size


class Sink:
    """A running sink. Forked off before there are threads; it ends with gVisor's connection or the cell."""

    def __init__(self, endpoint: Path, trace: Path, limit: int) -> None:
        """Listen at `endpoint` and start; `limit` is in bytes."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(endpoint))
        listener.listen(1)
        self._result, writing = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(writing)
            listener.close()
            return
        try:
            with trace.open("wb", buffering=0) as file:
                os.write(writing, b"%d" % _serve(listener, file.fileno(), limit))
        finally:
            os._exit(0)

    def finish(self, patience: float = 10.0) -> int:
        """Wait until everything is written, gVisor being dead; say how many records there was no room for."""
        ready, _, _ = select.select([self._result], [], [], patience)
        said = os.read(self._result, 32) if ready else b""
        os.close(self._result)
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        return int(said) if said.isdigit() else 0


def _serve(listener: socket.socket, file: int, limit: int) -> int:
    """Take records until the other side is gone; return how many were not kept."""
    connection, _ = listener.accept()
    listener.close()
    connection.recv(256)
    connection.send(_VERSION)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    receive, put, head = connection.recv_into, _LENGTH.pack_into, _LENGTH.size
    lost, used, more, quick = 0, 0, True, socket.MSG_DONTWAIT
    while more:
        try:
            size = receive(view[used + head :], MAX_RECORD, quick if used else 0)
            more = size > 0
        except BlockingIOError:
            size = 0  # nothing is waiting: a good moment to write
        except OSError:
            break
        if size and limit - used < size + head:
            lost += 1
            continue
        if size:
            put(buffer, used, size)
            used += head + size
        if used and (not size or used > _ROOM):
            os.writev(file, [view[:used]])
            limit -= used
            used = 0
    return lost
