"""Files in memory, through which a task answers: they need no disk, no reader, and outlive its process."""

import contextlib
import os
from collections.abc import Iterator

from biopsy.pipeline.work.task import MAX_SAID, STAGE


@contextlib.contextmanager
def memory() -> Iterator[tuple[int, int, int]]:
    """Give three files in memory: a full disk must not keep a task from saying that the disk is full."""
    made = [os.memfd_create(name, os.MFD_CLOEXEC) for name in ("answer", "errors", "stage")]
    try:
        yield made[0], made[1], made[2]
    finally:
        for file in made:
            os.close(file)


def read(file: int, most: int) -> bytes:
    """What a task wrote, from its beginning."""
    return os.pread(file, most, 0)


def tail(file: int) -> bytes:
    """The end of it."""
    return os.pread(file, MAX_SAID, max(0, os.fstat(file).st_size - MAX_SAID))


def text(file: int) -> str:
    """The stage that it says it is at."""
    return os.pread(file, STAGE, 0).rstrip(b"\0").decode(errors="replace")
