"""PyPI packages by name: the `last_serial` of their JSON documents, and what is in `releases`."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from biopsy.ecosystems.feeds import naming
from biopsy.ecosystems.feeds.asking import Answer
from biopsy.ecosystems.feeds.following import at, whole
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.pypi_changelog import site
from biopsy.ecosystems.feeds.watching import Known, Watched, compared, fields, known_now, quoted
from biopsy.model.feed import Change
from biopsy.model.release import Endpoint


class _Document(msgspec.Struct):
    last_serial: Any = None
    releases: dict[str, Any] | None = None


class Packages(Watched):
    """Some packages of the index that pip is configured with."""

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give the site that pip's index is part of, or the one that is set."""
        return site(settings, self.name)

    def path(self, name: str) -> str:
        """Give the project's document."""
        return f"pypi/{quoted(name)}/json"

    def look(self, heap: Heap, name: str, answer: Answer, known: Known | None) -> Known:
        """Say files uploaded since, and what became of releases; where neither is told: that it changed."""
        if answer.status != 200:
            if known and not known.gone:
                heap.add(name, change=Change.DELETED, at=answer.now)
            return Known(gone=True)
        document: _Document = fields(answer.body, _Document)
        serial = whole(document.last_serial)
        mark = str(serial or "")
        if known and known.mark == mark and mark:
            return known
        uploads = list(_uploads(document.releases or {}))
        newest = max([when for _, _, when in uploads], default=0.0)
        now = {version: _yanked(files) for version, files in (document.releases or {}).items()}
        if known:
            before = len(heap.items)
            for version, file, when in uploads:
                if known.lacks(version, when):
                    heap.add(
                        name,
                        version,
                        filename=file.get("filename"),
                        digest=_digest(file),
                        at=when or None,
                        serial=serial,
                    )
            compared(heap, name, known, now)
            if len(heap.items) == before and mark:
                heap.add(name, change=Change.CHANGED, serial=serial)
        times = {version: when for version, _, when in uploads}
        return known_now(mark, max(newest, known.newest if known else 0.0), now, times)


def _uploads(releases: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], float]]:
    for version, files in releases.items():
        for file in files if isinstance(files, list) else ():
            if isinstance(file, dict):
                yield version, file, at(file.get("upload_time_iso_8601")) or 0.0


def _yanked(files: object) -> str | None:
    """Give the reason where every file of a release is withdrawn; None where it is not."""
    every = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    if not every or not all(file.get("yanked") is True for file in every):
        return None
    reason = every[0].get("yanked_reason")
    return reason if isinstance(reason, str) else ""


def _digest(file: dict[str, Any]) -> str:
    digests = file.get("digests")
    return naming.digest("sha256", digests.get("sha256")) if isinstance(digests, dict) else ""


def watch(ecosystem: str, names: tuple[str, ...]) -> Watched | None:
    """Make the feed for some packages of PyPI."""
    return Packages(ecosystem, names) if ecosystem == "pypi" else None
