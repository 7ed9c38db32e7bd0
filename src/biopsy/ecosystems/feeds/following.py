"""What all feeds share: how a poll goes and ends, cursors, and reading documents entry by entry."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems.feeds.asking import Answer, Busy, Talk, moment
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap, Poll
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

MAX_CURSOR = 4 * 1024**2
"""Longest cursor taken, in characters: one of a watch list knows the releases of its packages."""


AHEAD = 300.0
"""Seconds that a registry's entries may be ahead of its clock and of ours."""


class Followed:
    """A feed; those of one registry each say `name`, `every`, `begin` and `follow`."""

    name = ""
    every = 60.0
    main = False

    @property
    def ecosystem(self) -> str:
        """The purl type, which its name begins with."""
        return self.name.partition("/")[0]

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give the address that is set for the feed or its ecosystem, else the public one."""
        url = settings.get(self.name) or settings.get(self.ecosystem) or self.default()
        if not url.startswith(("http://", "https://")):
            raise RegistryError(f"{self.name}: not an http(s) address: {url!r:.80}")
        return Endpoint(self.ecosystem, url.rstrip("/") + "/")

    def default(self) -> str:
        """Give the public address."""
        return public(self.name)

    def start(self, client: "httpx.Client", endpoint: Endpoint) -> str:
        """Give the cursor of now."""
        talk = Talk(client, endpoint, {})
        try:
            return self.begin(talk)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            raise RegistryError(f"{self.name}: the registry's answer cannot be read: {err}") from err

    def poll(
        self, client: "httpx.Client", endpoint: Endpoint, cursor: str, validators: Mapping[str, str]
    ) -> Poll:
        """Ask once; what came before the registry gave out counts."""
        if len(cursor) > MAX_CURSOR:
            raise UsageError(f"{self.name}: not a cursor: {len(cursor)} characters")
        talk, heap = Talk(client, endpoint, validators), Heap(self.ecosystem, cursor)
        return ended(self.name, talk, heap, cursor, lambda: self.follow(talk, heap))

    def fill(self, client: "httpx.Client", endpoint: Endpoint, gap: Gap) -> Poll | None:  # noqa: ARG002
        """Most registries show a window, and nothing behind it."""
        return None

    def begin(self, talk: Talk) -> str:
        """Give the cursor of now. RegistryError or msgspec.DecodeError where the answer is none."""
        raise NotImplementedError

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Gather what comes after `heap.cursor`, and move that whenever what it covers is complete."""
        raise NotImplementedError


def ended(name: str, talk: Talk, heap: Heap, before: str, follow: Any) -> Poll:
    """Run a poll to its end, be it a bad one: RegistryError is raised only where nothing was gathered."""
    try:
        follow()
    except Busy as busy:
        heap.retry_after = busy.after
    except (RegistryError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        if heap.cursor != before:
            heap.more = True
        elif isinstance(err, RegistryError):
            raise
        else:
            raise RegistryError(f"{name}: the registry's answer cannot be read: {err}") from err
    return heap.poll(talk)


class Memory:
    """The last entries that were said, so that overlapping polls do not say them again.

    It is a help, no promise: what it forgot is said twice.
    """

    def __init__(self, seen: Iterable[str] = ()) -> None:
        self._order = list(seen)
        self._known = set(self._order)

    def fresh(self, key: str) -> bool:
        """Say whether an entry was not said lately, and remember it."""
        short = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]
        if short in self._known:
            return False
        self._order.append(short)
        self._known.add(short)
        return True

    def last(self, most: int) -> list[str]:
        """Give what to keep of it."""
        return self._order[-most:]


def read(cursor: str, type_: Any) -> Any:
    """Read a cursor of ours. UsageError where it is none."""
    try:
        return msgspec.json.decode(cursor, type=type_)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as err:
        raise UsageError(f"not a cursor: {cursor!r:.80}: {err}") from err


def written(cursor: object) -> str:
    """Write a cursor of ours."""
    return msgspec.json.encode(cursor).decode()


def document(answer: Answer, type_: Any) -> Any:
    """Read an answer's JSON as `type_`. RegistryError where it is a refusal; DecodeError where it is none."""
    if answer.status != 200:
        raise RegistryError(f"the registry answered {answer.status} at {answer.url}")
    return msgspec.json.decode(answer.body, type=type_)


def entries(raws: Iterable[msgspec.Raw], type_: Any, heap: Heap) -> Iterable[Any]:
    """Read entries one by one: one that is nonsense costs itself, not its neighbours."""
    decoder = msgspec.json.Decoder(type_)
    for raw in raws:
        try:
            yield decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            heap.refuse(f"an entry that cannot be read: {err}")


def public(name: str) -> str:
    """Give the documented address of a public feed; RegistryError where there is none."""
    for line in Path(__file__).with_name("public.tsv").read_text("utf-8").splitlines():
        feed, _, rest = line.partition("\t")
        if feed == name:
            return rest.partition("\t")[0]
    raise RegistryError(f"no address is known for {name}; set one")


def whole(value: object) -> int | None:
    """Give a number that can count something."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def believed(when: float, talk: Talk) -> float:
    """Give a time that a cursor may move to: what claims to be of the future must not hide what comes."""
    return min(when, max(talk.now, time.time()) + AHEAD)


def at(value: object) -> float | None:
    """Give a time that a registry may mean: after 1990, and not of another century."""
    seconds = moment(value)
    return seconds if seconds is not None and 631_152_000 < seconds < 4_102_444_800 else None
