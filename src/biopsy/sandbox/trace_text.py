r"""Bytes of the sandbox as text, so that two different paths are never the same text.

What is not UTF-8 becomes `\xNN`, and so that it cannot be mistaken for a name that really holds these four
characters, every backslash of a path is doubled. What is longer than Linux allows ends in a digest of the
whole.
"""

import hashlib
import posixpath

MAX_PATH = 4000
"""Longest path kept, in characters; Linux allows 4,095 bytes, joined to a folder it may be more."""

MAX_ARGUMENT = 8192
"""Longest argument of a command kept, in bytes."""


def path_text(raw: bytes) -> str:
    """Show the bytes of a path; injective."""
    if len(raw) > MAX_PATH:
        raw = raw[: MAX_PATH - 20] + b"..." + hashlib.sha256(raw).hexdigest()[:16].encode()
    try:
        return raw.decode().replace("\\", "\\\\")
    except UnicodeDecodeError:
        return raw.replace(b"\\", b"\\\\").decode(errors="backslashreplace")


def argument_text(raw: bytes) -> str:
    r"""Show the bytes of an argument; what is not UTF-8 as `\xNN`, what is too long cut off with its size."""
    if len(raw) > MAX_ARGUMENT:
        return raw[:MAX_ARGUMENT].decode(errors="backslashreplace") + f"…({len(raw)} bytes)"
    return raw.decode(errors="backslashreplace")


def host_path(path: str) -> str:
    """Show a path that Python read on the host (surrogates for what is not UTF-8)."""
    return path_text(path.encode(errors="surrogateescape"))


def joined(folder: str, path: str) -> str:
    """Make `path` absolute, seen from `folder`, with `.` and `..` taken away; links are not known here."""
    if not path.startswith("/"):
        path = f"{folder}/{path}" if path else folder
    if "//" in path or "/." in path or path.endswith("/"):
        path = posixpath.normpath(path)
        if path.startswith("//"):
            path = path[1:]
    if len(path) > 2 * MAX_PATH:
        path = path[: MAX_PATH - 20] + "..." + hashlib.sha256(path.encode(errors="replace")).hexdigest()[:16]
    return path or "/"
