"""Listening at an address, for commands that serve."""

import socket

from biopsy.errors import UsageError

BACKLOG = 2048  # connections that wait to be taken


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises UsageError where the address is none, or taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(BACKLOG)
    except (OSError, UnicodeError) as error:
        made.close()
        raise UsageError(f"cannot listen at {host}:{port}: {error}; --port names another") from error
    made.set_inheritable(True)
    return made
