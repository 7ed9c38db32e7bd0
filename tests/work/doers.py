"""What tests let a task's process do: everything that a package might make it do."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from biopsy.pipeline.work.task import Do, Tell


def make(setting: str) -> Do:
    """Load; a task is the name of what to do, and its argument after a space."""
    if setting == "broken":
        raise RuntimeError("cannot load")

    def do(task: bytes, tell: Tell) -> bytes:
        name, _, argument = task.decode().partition(" ")
        tell(name)
        return str(globals()[f"_{name}"](argument)).encode()

    return do


def _pid(_: str) -> int:
    return os.getpid()


def _segfault(_: str) -> None:
    ctypes.string_at(0)


def _hang(_: str) -> None:
    while True:
        time.sleep(60)


def _eat(mebibytes: str) -> int:
    held = [bytearray(1024**2) for _ in range(int(mebibytes))]
    return len(held)


def _full(_: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _nice(_: str) -> int:
    return os.nice(0)


def _signals(_: str) -> str:
    """Survive what ends others, and say what a program that is started ignores."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(os.getpid(), number)
    done = subprocess.run(["grep", "SigIgn", "/proc/self/status"], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def _fault(words: str) -> None:
    raise ValueError(words)


def _silent(_: str) -> None:
    os._exit(0)


def _large(size: str) -> str:
    return "x" * int(size)


def _litter(path: str) -> str:
    """Start what outlives it, leave files about, say where all that is."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    here = Path.cwd()
    (here / "left").mkdir()
    (here / "left" / "file").write_text("x")
    Path(path).write_text(f"{child.pid} {here}")
    return f"{child.pid} {here}"


def _litter_and_hang(path: str) -> None:
    _litter(path)
    _hang("")


def hang(_setting: str) -> Do:
    """Every job hangs."""

    def do(_task: bytes, _tell: Tell) -> bytes:
        _hang("")
        return b""

    return do
