"""What a replay has done so far, so that one that was stopped goes on where it stopped.

    BIOPSY_HOME/replays/<digest of what was asked>.jsonl

One line for each part that is done, written after its judgements; the file goes when all are.
"""

import hashlib
import os
import time
from collections.abc import Iterator

import msgspec

from biopsy.pipeline.replay_part import Setting, Tally
from biopsy.warehouse import Part

KEEPS = 24 * 3600.0
"""Seconds for which it is kept: later, too much has been judged meanwhile, and all is done anew."""

_LINE = msgspec.json.Decoder(Tally)


def name(part: Part) -> str:
    """The name of a part by what is in it: one that grew is another part."""
    told = "\0".join((part.name, str(part.start), str(part.count), *part.paths))
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:24]


class Progress:
    """The parts that are done, of one question: the same rules, over the same time, written or not."""

    def __init__(self, setting: Setting, ecosystem: str) -> None:
        """Find what was done; nothing is read yet."""
        asked = (setting.digest, setting.since, ecosystem, str(setting.write), str(setting.reports))
        key = hashlib.sha256("\0".join(asked).encode()).hexdigest()[:16]
        self._path = setting.home / "replays" / f"{key}.jsonl"

    def done(self) -> Iterator[Tally]:
        """Yield what was done; what was cut short at the end was not. What is too old is forgotten."""
        try:
            if time.time() - self._path.stat().st_mtime > KEEPS:
                self.forget()
            lines = self._path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return
        for line in lines:
            if not line.endswith(b"\n"):
                return
            try:
                yield _LINE.decode(line)
            except msgspec.DecodeError:
                return

    def begin(self, done: list[Tally]) -> None:
        """Write what counts as done: whatever was cut short before is gone from the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        partial.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in done))
        partial.replace(self._path)

    def add(self, tally: Tally) -> None:
        """Say that one more part is done."""
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(tally) + b"\n")
            file.flush()
            os.fdatasync(file.fileno())

    def forget(self) -> None:
        """All is done, or nothing of it counts."""
        self._path.unlink(missing_ok=True)
