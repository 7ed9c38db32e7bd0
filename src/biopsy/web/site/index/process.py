"""The process that keeps the index current beside `biopsy serve`: reading much never delays an answer.

It ends with whoever started it, however that ends; where it fails it says so, and goes on later.
"""

import logging
import sqlite3
import time
from contextlib import AbstractContextManager
from pathlib import Path

from biopsy.errors import BiopsyError
from biopsy.web.beside import beside, settle_beside
from biopsy.web.site.index.file import IndexBusy, writing
from biopsy.web.site.index.following import Follower

PAUSE = 2.0  # seconds between two looks
SHARE = 10  # a look that took long is followed by a pause so many times as long
MAX_PAUSE = 60.0
BUSY_PAUSE = 5.0  # until it is asked again whether somebody else still writes
FAILED_PAUSE = 30.0
NICE = 10
LOG = logging.getLogger("biopsy.web")


def kept_current(home: Path, database: Path) -> AbstractContextManager[None]:
    """Have another process keep the index of `home` current; one that dies is started again."""
    return beside("biopsy.web.site.index", [str(home), str(database)], "keeps the index of the site")


def follow(home: Path, database: Path) -> None:
    """Follow until standard input ends."""
    settle_beside(NICE)
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
