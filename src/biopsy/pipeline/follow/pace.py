"""How a registry is asked politely: not too often, saying who asks, and less often while it has trouble."""

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from biopsy import __version__, fetch
from biopsy.errors import UsageError
from biopsy.model.regex import regex

if TYPE_CHECKING:
    import httpx

APART = 1.0
"""Seconds between two requests to one host, over all feeds of this process."""

MAX_APART = 60.0

LONGEST = 15 * 60.0
"""Longest pause after failures, in seconds; a feed is asked again at least so often."""

LONGEST_WISH = 6 * 3600.0
"""Longest that a registry's Retry-After is kept to, in seconds."""

MAX_CONTACT = 200
_CONTACT = regex(r"[^@\s()<>]+@[^@\s()<>]+\.[^@\s()<>]+|https?://[^\s()<>]+")


def agent(contact: str = "") -> str:
    """Give the User-Agent: the product, its version, and whom to write to.

    Registries ask crawlers for a contact, so that they can write before they block; UsageError where it is
    neither a mail address nor a URL.
    """
    if not contact:
        return f"biopsy/{__version__}"
    if len(contact) > MAX_CONTACT or not contact.isascii() or not _CONTACT.fullmatch(contact):
        raise UsageError(f"no contact: {contact!r}; a mail address or a URL, please")
    return f"biopsy/{__version__} (+{contact})"


def client(contact: str = "", apart: float = APART) -> "httpx.Client":
    """Make the client that feeds are asked with, from several threads: each host is given time to breathe."""
    made = fetch.client(agent(contact))
    made.event_hooks["request"].append(Turns(apart))
    return made


class Turns:
    """Lets requests to one host begin at least so many seconds after each other; redirects count too."""

    def __init__(
        self,
        apart: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._apart, self._clock, self._sleep = min(apart, MAX_APART), clock, sleep
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, request: "httpx.Request") -> None:
        """Wait until it is this request's turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._free.get(request.url.host, now))
            self._free[request.url.host] = turn + self._apart
        if turn > now:
            self._sleep(turn - now)


def pause(
    every: float, failures: int, wish: float | None, chance: Callable[[], float] = random.random
) -> float:
    """Give the seconds until the next poll: twice as long after each failure, and never against a wish.

    A tenth more or less by chance, so that many that failed together do not come back together.
    """
    wait = min(every * 2 ** min(failures, 10), max(LONGEST, every)) if failures else every
    wait *= 0.9 + 0.2 * chance()
    return max(wait, min(wish or 0.0, LONGEST_WISH))
