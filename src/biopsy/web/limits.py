"""How often one address may ask: a bucket of tokens each, filled evenly, for reading and for writing."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

MAX_ADDRESSES = 100_000  # whose buckets are kept; the one that asked longest ago is forgotten first


@dataclass(slots=True)
class Rate:
    """So many requests a minute, all of which may come at once. 0 is no limit."""

    minute: float
    clock: Callable[[], float] = time.monotonic
    _held: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, address: str) -> float:
        """Count a request; returns 0, or in how many seconds the next one is answered."""
        if not self.minute:
            return 0.0
        now, who = self.clock(), _who(address)
        left, since = self._held.pop(who, (self.minute, now))
        left = min(self.minute, left + (now - since) * self.minute / 60)
        enough = left >= 1
        self._held[who] = (left - enough, now)
        if len(self._held) > MAX_ADDRESSES:
            self._held.popitem(last=False)
        return 0.0 if enough else (1 - left) * 60 / self.minute


@lru_cache(maxsize=4096)
def _who(address: str) -> str:
    """An address of IPv4; of IPv6 the network of 64 bits, which one machine has to itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((int(found), 64), strict=False))
