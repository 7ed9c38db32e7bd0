"""A request, an answer, and what may go wrong between them on purpose."""

import json
import random
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from tests.registry.world import Ecosystem, Event, World


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks one registry, below that registry's own root."""

    method: str
    path: str  # unquoted, begins with /
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower case
    body: bytes
    base: str  # the registry's own address, without a / at the end

    @classmethod
    def read(cls, method: str, target: str, headers: Mapping[str, str], body: bytes, base: str) -> "Request":
        """Take the target of a request line apart."""
        parts = urlsplit(target)
        query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        return cls(method, unquote(parts.path), query, headers, body, base)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry says."""

    body: bytes
    type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def said(value: object, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON."""
    return Answer(json.dumps(value).encode(), status=status, headers=headers)


MISSING = Answer(b'{"error": "not found"}', status=404)


@dataclass(slots=True)
class Trick:
    """One misbehaviour: for whom, how often, and what."""

    kind: str
    where: re.Pattern[str]
    ecosystem: str = ""
    times: int = 1_000_000_000
    status: int = 503
    retry_after: str = ""
    seconds: float = 0.0
    share: float = 1.0  # of the requests that fit
    done: int = 0


class Mischief:
    """The orders of what shall go wrong. Everything drawn by chance comes from one seed."""

    KINDS = ("status", "slow", "cut", "garbage", "gone", "duplicate", "shuffle")

    def __init__(self, seed: int = 6) -> None:
        self.random = random.Random(seed)
        self.tricks: list[Trick] = []
        self.lock = threading.Lock()

    def add(self, kind: str, where: str = "", **how: object) -> Trick:
        """Order one.

        `status` answers with `status` (429, 503 …) and perhaps `retry_after`; `slow` drips the body over
        `seconds`; `cut` closes in the middle of it; `garbage` sends half of it and then what is no JSON;
        `gone` closes without a word, as in an outage; `duplicate` says every entry of a feed twice;
        `shuffle` says them out of order. `where` is searched in the path; `times` is how often.
        """
        if kind not in self.KINDS:
            raise ValueError(kind)
        trick = Trick(kind, re.compile(where), **how)  # type: ignore[arg-type]
        with self.lock:
            self.tricks.append(trick)
        return trick

    def stop(self, trick: Trick | None = None) -> None:
        """Take one back, or all."""
        with self.lock:
            self.tricks = [t for t in self.tricks if trick is not None and t is not trick]

    def fitting(self, ecosystem: str, path: str, kinds: Iterable[str]) -> Trick | None:
        """Give the first that is due, and count it."""
        with self.lock:
            for trick in self.tricks:
                if (
                    trick.kind in kinds
                    and trick.ecosystem in ("", ecosystem)
                    and trick.where.search(path)
                    and trick.done < trick.times
                    and self.random.random() < trick.share
                ):
                    trick.done += 1
                    return trick
        return None


@dataclass(slots=True)
class Desk:
    """What answers of one registry are made from."""

    world: World
    ecosystem: str
    mischief: Mischief

    @property
    def of(self) -> Ecosystem:
        """The packages and the journal."""
        return self.world.of[self.ecosystem]

    def told(self, events: list[Event], path: str) -> list[Event]:
        """Give the entries of a feed, twice or out of order where that was ordered."""
        if self.mischief.fitting(self.ecosystem, path, ("duplicate",)):
            events = [e for event in events for e in (event, event)]
        if self.mischief.fitting(self.ecosystem, path, ("shuffle",)):
            events = self.mischief.random.sample(events, len(events))
        return events
