"""What a reader is given, and its limits."""

from collections.abc import Callable
from dataclasses import dataclass, field

from biopsy.errors import UsageError

MAX_BYTES = 64 * 1024**2  # of one file; a lock file of 10,000 packages has some 20 MB
MAX_ENTRIES = 250_000  # packages of one file
MAX_TEXT = 4096  # characters of a name, a version, a URL


class LockError(UsageError):
    """A file that cannot be read as what it says it is; the message says where and why."""


def nowhere(path: str) -> bytes:
    """For readers that are given one file alone."""
    raise LockError(f"{path} is not at hand")


@dataclass(frozen=True, slots=True)
class Given:
    """A file. `beside` reads another one by its path from this one's folder; it raises LockError."""

    name: str
    data: bytes
    beside: Callable[[str], bytes] = field(default=nowhere)

    @property
    def text(self) -> str:
        """It as text; raises LockError for what is not UTF-8."""
        return text(self.data)


def text(data: bytes) -> str:
    """Bytes as text, without a mark of byte order; raises LockError for what is not UTF-8."""
    try:
        return data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LockError(f"line {line}: byte {error.start} is not {error.encoding.upper()}") from error


def word(value: object, what: str = "name") -> str:
    """A text of a sensible length; raises LockError. None is empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise LockError(f"a {what} is no text: {repr(value)[:60]}")
    if len(value) > MAX_TEXT:
        raise LockError(f"a {what} of {len(value):,} characters; the limit is {MAX_TEXT:,}")
    return value
