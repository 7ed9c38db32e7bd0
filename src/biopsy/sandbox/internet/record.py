"""The record: one line of `said.jsonl` per exchange, under limits; what goes past them is counted."""

import time
from pathlib import Path

import msgspec

from biopsy.sandbox.internet.spec import Bounds
from biopsy.sandbox.raw import Said

THIN = 512
"""Bytes kept of each part of an exchange once `Bounds.total` is reached."""
MAX_WORDS = 2048
"""Longest summary, name or reason, in characters."""

_SPARE = 0.25  # of `Bounds.total`: room for exchanges kept thin


class Count(msgspec.Struct):
    """How much was recorded (`said.count.json`). `cut` exchanges are recorded, but not their every byte."""

    kept: int = 0
    cut: int = 0
    dropped: int = 0
    refused: int = 0  # connections that gave way to others
    bytes: int = 0


class Recorder:
    """Appends to `said.jsonl`, each line at once, so that a run that is killed keeps what it had."""

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        """Begin `said.jsonl` in `folder`."""
        self.count = Count()
        self._bounds = bounds
        self._folder = folder
        self._file = (folder / "said.jsonl").open("wb", buffering=0)
        self._encoder = msgspec.json.Encoder()

    def add(self, said: Said) -> None:
        """Record an exchange, cut or dropped as the bounds demand."""
        bounds, count = self._bounds, self.count
        crowded = count.bytes >= bounds.total
        if count.kept >= bounds.exchanges or count.bytes >= bounds.total * (1 + _SPARE):
            count.dropped += 1
            return
        most = (THIN, THIN) if crowded else (bounds.request, bounds.response)
        fit = msgspec.structs.replace(
            said,
            request=said.request[: most[0]],
            body=said.body[: most[0]],
            response=said.response[: most[1]],
            summary=_words(said.summary),
            name=_words(said.name),
            refused=_words(said.refused),
        )
        line = self._encoder.encode(fit) + b"\n"
        self._file.write(line)
        count.kept += 1
        count.bytes += len(line)
        whole = len(fit.request) >= said.sent or 0 < said.sent - bounds.head <= len(fit.body)
        count.cut += not whole or len(fit.body) < len(said.body)

    def close(self) -> None:
        """Write the count. Nothing may be added after."""
        self._file.close()
        (self._folder / "said.count.json").write_bytes(self._encoder.encode(self.count))


def now() -> int:
    """Nanoseconds of the epoch."""
    return time.time_ns()


def _words(text: str) -> str:
    return text[:MAX_WORDS].encode("utf-8", "backslashreplace").decode()


def shown(data: bytes, most: int = 80) -> str:
    """The first bytes of `data` as a summary shows them."""
    text = data[:most].decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
