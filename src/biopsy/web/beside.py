"""A process beside a server, for what must never delay an answer: started again when it dies."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

AGAIN = 2.0  # seconds until one that died is started again
LOG = logging.getLogger("biopsy.web")


@contextmanager
def beside(module: str, arguments: Sequence[str], what: str, delay: float = 0.0) -> Iterator[None]:
    """Run `python -m module arguments` meanwhile, from `delay` seconds on; the log says `what` it does."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(module, arguments, what, delay, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(10)


def _watch(module: str, arguments: Sequence[str], what: str, delay: float, ended: threading.Event) -> None:
    ended.wait(delay)
    while not ended.is_set():
        command = [sys.executable, "-m", module, *arguments]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        while child.poll() is None and not ended.wait(0.5):
            pass
        if child.stdin:
            child.stdin.close()  # it ends with this, if it has not
        child.wait()
        if not ended.wait(AGAIN):
            LOG.warning("what %s ended with %s; it is started again", what, child.returncode)


def settle_beside(nice: int) -> None:
    """Be such a process: give way to others, and end with standard input, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    os.nice(nice)
    threading.Thread(target=_end_with_input, daemon=True).start()
    logging.basicConfig(format="biopsy: %(message)s")


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # at any moment: what is not whole is made again
