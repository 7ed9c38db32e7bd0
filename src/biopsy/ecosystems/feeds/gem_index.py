"""RubyGems' compact index: the file `versions`, to which lines are appended (its API documents).

    NAME 1.0,1.1-java,-0.9 MD5-OF-ITS-INFO

A version behind `-` was removed; the timeframe feed does not say that. Lines are read from where the last
poll ended (Range); once in some weeks the file is written anew, shorter: what was appended between is a gap.
"""

import base64
import hashlib

import msgspec

from biopsy.ecosystems.feeds.asking import Answer, Talk, stamp
from biopsy.ecosystems.feeds.following import Followed, read, written
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.protocol import Gap
from biopsy.errors import RegistryError
from biopsy.model.feed import Change
from biopsy.model.regex import regex

TAIL = 256
"""Bytes before the end by which the file is known again."""

MAX_LINE = 200_000
"""Longest line read, in bytes."""

_DIGEST = regex(r"sha-256=[:\"]([A-Za-z0-9+/]{43}=)[:\"]", 0)


class _Cursor(msgspec.Struct):
    size: int  # bytes read, all of whole lines
    tail: str  # the hash of the last of them
    at: float = 0.0


class Index(Followed):
    """Lines appended to the file of versions."""

    name = "gem/index"
    every = 300.0

    def begin(self, talk: Talk) -> str:
        """Read the whole file once: where it ends is where this begins."""
        answer = self._whole(talk)
        return written(_end(answer.body, 0, answer.now))

    def follow(self, talk: Talk, heap: Heap) -> None:
        """Read what was appended."""
        cursor: _Cursor = read(heap.cursor, _Cursor)
        first = max(0, cursor.size - TAIL)
        known = cursor.size - first
        ranged = {"range": f"bytes={first}-"}
        answer = talk.ask("versions", accept="text/plain", key="versions", headers=ranged)
        if answer.status == 304:
            return
        body = _from(answer, first)
        if body is None or _hash(body[:known]) != cursor.tail:
            answer = self._whole(talk)  # it may be that answer which was bad, not the file that is another
            body = answer.body[first:]
        if _hash(body[:known]) != cursor.tail:
            heap.gap = Gap(stamp(cursor.at), stamp(answer.now), None, "the file of versions was written anew")
            heap.cursor = written(_end(answer.body, 0, answer.now))
            return
        for line in body[known : body.rfind(b"\n") + 1].split(b"\n"):
            if line:
                self._say(heap, line[:MAX_LINE])
        heap.cursor = written(_end(body, first, answer.now))
        if body.endswith(b"\n"):
            talk.keep("versions")

    def _whole(self, talk: Talk) -> Answer:
        """Ask for all of the file; RegistryError where it is not what its digest says (RFC 9530)."""
        answer = talk.ask("versions", accept="text/plain")
        if answer.status != 200:
            raise RegistryError(f"{self.name}: the registry answered {answer.status}")
        told = _DIGEST.search(answer.headers.get("repr-digest", ""))
        if told and told[1] != base64.b64encode(hashlib.sha256(answer.body).digest()).decode():
            raise RegistryError(f"{self.name}: the file of versions is not what its digest says")
        return answer

    @staticmethod
    def _say(heap: Heap, line: bytes) -> None:
        parts = line.decode("utf-8", "replace").split(" ")
        if len(parts) < 3:
            if not line.startswith((b"created_at:", b"---")):
                heap.refuse(f"no line of versions: {line!r:.80}")
            return
        name, numbers = parts[0], parts[1]
        for number in numbers.split(","):
            deleted = number.startswith("-")
            full = number.removeprefix("-")
            version, _, _ = full.partition("-")
            change = Change.DELETED if deleted else Change.NEW
            heap.add(name, version, change, filename=f"{name}-{full}.gem")


def _from(answer: Answer, first: int) -> bytes | None:
    """Give the file from a byte on; None where it is shorter by now."""
    if answer.status == 206:
        total = answer.headers.get("content-range", "").rpartition("/")[2]
        return answer.body if total in ("", "*", str(first + len(answer.body))) else None
    if answer.status == 200:  # the registry gives the whole of it
        return answer.body[first:] if len(answer.body) >= first else None
    if answer.status == 416:
        return None
    raise RegistryError(f"gem/index: the registry answered {answer.status}")


def _end(body: bytes, first: int, now: float) -> _Cursor:
    """Give the cursor at the end of the last whole line."""
    whole = body[: body.rfind(b"\n") + 1]
    size = first + len(whole)
    return _Cursor(size, _hash(whole[-min(TAIL, size) :]), now)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


FEED = Index()
