"""The process that keeps the index current beside `biopsy serve`: reading much never delays an answer.

It ends with whoever started it, however that ends; where it fails it says so, and goes on later.
"""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from biopsy.errors import BiopsyError
from biopsy.web.site.index.file import IndexBusy, writing
from biopsy.web.site.index.following import Follower

PAUSE = 2.0  # seconds between two looks
SHARE = 10  # a look that took long is followed by a pause so many times as long
MAX_PAUSE = 60.0
BUSY_PAUSE = 5.0  # until it is asked again whether somebody else still writes
FAILED_PAUSE = 30.0
NICE = 10
LOG = logging.getLogger("biopsy.web")


@contextmanager
def kept_current(home: Path, database: Path) -> Iterator[None]:
    """Have another process keep the index of `home` current; one that dies is started again."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(home, database, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(10)


def _watch(home: Path, database: Path, ended: threading.Event) -> None:
    while not ended.is_set():
        command = [sys.executable, "-m", "biopsy.web.site.index", str(home), str(database)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        while child.poll() is None and not ended.wait(0.5):
            pass
        if child.stdin:
            child.stdin.close()  # it ends with this, if it has not
        child.wait()
        if not ended.wait(PAUSE):
            LOG.warning(
                "what keeps the index of the site ended with %s; it is started again", child.returncode
            )


def follow(home: Path, database: Path) -> None:
    """Follow until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    os.nice(NICE)
    threading.Thread(target=_end_with_input, daemon=True).start()
    logging.basicConfig(format="biopsy: %(message)s")
    while True:
        try:
            with writing(home) as db:
                follower = Follower(home, database)
                while True:
                    began = time.monotonic()
                    follower.step(db)
                    time.sleep(min(max(PAUSE, SHARE * (time.monotonic() - began)), MAX_PAUSE))
        except IndexBusy:
            time.sleep(BUSY_PAUSE)
        except (BiopsyError, sqlite3.Error, OSError) as error:
            LOG.warning("the index of the site is not current: %s", error)
            time.sleep(FAILED_PAUSE)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # at any moment: what is not committed is read again
