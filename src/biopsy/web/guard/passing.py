"""Passing artifacts on: whole or in part, once somebody has looked at them, where that is asked for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from biopsy.guard.ruling import Known, Offered, Ruling
from biopsy.model.regex import regex
from biopsy.model.release import Release
from biopsy.web.guard.asked import Answer, Asked, RefusedError
from biopsy.web.guard.files import Files, Wanted
from biopsy.web.guard.gate import Gate, told

AGAIN = 10
"""Seconds after which a client is told to ask again, while an analysis goes on."""

_RANGE = regex(r"bytes=(\d{1,15})?-(\d{1,15})?")


class Analyst(Protocol):
    """Whoever has releases analysed."""

    async def verdict(self, release: Release, digest: str, patience: float) -> Known | None:
        """What an analysis came to; None where it is not known within so many seconds."""

    def waiting(self) -> int:
        """How many files are waited for."""

    async def close(self) -> None:
        """Wait for nothing any more."""


@dataclass(slots=True)
class Passing:
    """Files, and who looks at them first; `analyst` is None where nobody does."""

    gate: Gate
    files: Files
    analyst: Analyst | None = None

    async def looked_at(
        self, asked: Asked, offered: Offered, ruling: Ruling, known: Known, digests: dict[str, str]
    ) -> None:
        """Wait until somebody has looked at a file; raises RefusedError until then, and if it is bad.

        What comes from a registry of its own is not looked at: workers ask the one that all else comes from,
        and it is not to hear of such names.
        """
        policy, sha256 = self.gate.policy, digests.get("sha256", "")
        if self.analyst is None or ruling.rule == "override" or known.covers(sha256):
            return
        unseen = policy.terms(offered.ecosystem, offered.name, offered.version).unseen
        if unseen == "allow" or policy.reserved(offered.ecosystem, offered.name) is not None:
            return
        release = Release(offered.ecosystem, offered.name, offered.version)
        algorithm = next((a for a in ("sha256", "sha512", "sha1") if a in digests), "")
        digest = f"{algorithm}:{digests[algorithm]}" if algorithm else ""
        found = await self.analyst.verdict(release, digest, asked.client.patience)
        if found is None:
            said = f"{release.name} {release.version} is being analysed by biopsy: ask again in {AGAIN} s"
            raise RefusedError(503, said, **{"retry-after": str(AGAIN)})
        if found.verdict not in {"", "unknown"}:
            of_file = replace(found, files=frozenset({sha256} if sha256 else ()))
            self.gate.knowledge.learn(offered.ecosystem, offered.name, offered.version, of_file)
        ruling = self.gate.rule(offered, found)
        if ruling.blocks:
            self.gate.log_file(asked, offered, "", ruling)
            raise RefusedError(403, told(ruling, offered, asked.base))

    async def file(self, asked: Asked, wanted: Wanted) -> Answer:
        """The file, or the part of it that is asked for; raises RegistryError."""
        key = wanted.key
        headers = {"cache-control": "no-cache", "accept-ranges": "bytes"}
        if key:
            headers["etag"] = f'"{key[1][:64]}"'
        if key and asked.knows(headers["etag"]):
            return Answer(304, headers=headers)
        download = self.files.fetch(wanted)
        await download.begun()
        size = download.size if download.done else download.total
        media = "application/octet-stream"
        wanted_part = asked.headers.get("range", "")
        if asked.headers.get("if-range", headers.get("etag", "")) != headers.get("etag", ""):
            wanted_part = ""  # of another file (RFC 9110, 13.1.5)
        if size is not None and download.done and (part := within(wanted_part, size)):
            first, last = part
            headers["content-range"] = f"bytes {first}-{last}/{size}"
            stream = _some(download.read(first), last - first + 1)
            return Answer(206, b"", media, headers, stream, last - first + 1)
        return Answer(200, b"", media, headers, download.read(), size)


async def _some(stream: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield chunk[:count]
        count -= len(chunk[:count])
        if not count:
            return


def within(header: str, size: int) -> tuple[int, int] | None:
    """The first and last byte that a Range asks for; None where the whole is to be sent (RFC 9110, 14.2).

    RefusedError 416 where there is no such part.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or (found[1] is None and found[2] is None):
        return None
    if found[1] is None:
        first, last = max(size - int(found[2]), 0), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if first >= size or last < first:
        raise RefusedError(416, "no such part", **{"content-range": f"bytes */{size}"})
    return first, last


__all__ = ["AGAIN", "Analyst", "Passing", "within"]
