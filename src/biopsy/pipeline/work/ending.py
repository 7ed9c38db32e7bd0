"""How a task's process ended, as a code, where it gave no answer of its own."""

import os
import signal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy.pipeline.work.task import Over

MEMORY_WORDS = (
    b"MemoryError",
    b"memory allocation of",
    b"out of memory",
    b"Cannot allocate memory",
    b"bad_alloc",
)
_MAX_DETAIL = 500


class Ending(Struct, frozen=True):
    """Why there is no answer: `code` for programs, `detail` for people, `stage` at which it was.

    `said` is the end of what it wrote to its standard error: a traceback, for whoever mends it.
    """

    code: str
    detail: str
    stage: str = ""
    said: str = ""


def of(over: Over, said: bytes, stage: str, *, late: float = 0.0, starved: bool = False) -> Ending:
    """Name an end without an answer.

    `late` is the time limit where that was why we killed it. `starved` is whether the kernel ended any
    process of this machine for want of memory meanwhile.
    """
    why = _named(over, said, stage, late=late, starved=starved)
    return replace(why, said=said.decode(errors="replace").strip())


def _named(over: Over, said: bytes, stage: str, *, late: float, starved: bool) -> Ending:
    last = _last(said)
    if late:
        return Ending("timed-out", f"no end after {late:.0f} s", stage)
    if any(word in said for word in MEMORY_WORDS):
        return Ending("out-of-memory", last, stage)
    if b"No space left on device" in said or b"Disk quota exceeded" in said:
        return Ending("disk-full", last, stage)
    if os.WIFSIGNALED(over.status):
        number = os.WTERMSIG(over.status)
        if number == signal.SIGKILL and starved:
            return Ending("out-of-memory", f"the kernel took its memory back at {over.peak >> 20} MiB", stage)
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        return Ending("crashed", f"{name}: {last}" if last else name, stage)
    if over.status:
        return Ending("fault", last or f"exit status {os.waitstatus_to_exitcode(over.status)}", stage)
    return Ending("crashed", "it ended without an answer", stage)


def starvations() -> int:
    """Count the processes that this machine's kernel ever ended for want of memory; 0 if it is silent."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal or lines or [""])[-1].strip()[:_MAX_DETAIL]
