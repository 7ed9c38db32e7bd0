"""npm packages by name: the `time` of their documents, and what is in `versions`."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from biopsy.ecosystems.feeds import naming
from biopsy.ecosystems.feeds.asking import Answer
from biopsy.ecosystems.feeds.following import at
from biopsy.ecosystems.feeds.gathering import Heap
from biopsy.ecosystems.feeds.watching import Known, Watched, compared, fields, known_now, quoted
from biopsy.ecosystems.npm import configuration
from biopsy.model.feed import Change
from biopsy.model.release import Endpoint


class _Document(msgspec.Struct):
    versions: dict[str, msgspec.Raw] = {}
    time: dict[str, Any] = {}


class _Version(msgspec.Struct):
    dist: Any = None
    deprecated: Any = None


class Packages(Watched):
    """Some packages of the registry that npm is configured with. One that a scope may have is not asked."""

    def endpoint(self, settings: Mapping[str, str]) -> Endpoint:
        """Give npm's registry, or the one that is set."""
        if settings.get(self.name) or settings.get("npm"):
            return super().endpoint(settings)
        return configuration.endpoint()

    def path(self, name: str) -> str:
        """Give the package's document."""
        return quoted(name)

    def look(self, heap: Heap, name: str, answer: Answer, known: Known | None) -> Known:
        """Say versions published since, and what became of others."""
        document: _Document = fields(answer.body, _Document) if answer.body else _Document()
        if answer.status != 200 or (not document.versions and document.time.get("unpublished")):
            if known and not known.gone:
                heap.add(name, change=Change.DELETED, at=answer.now)
            return Known(gone=True)
        times = {version: at(document.time.get(version)) for version in document.versions}
        order = sorted(times, key=lambda version: times[version] or 0.0)
        decoder = msgspec.json.Decoder(_Version)
        about = {version: _read(decoder, document.versions[version]) for version in order}
        now = {version: _deprecated(entry) for version, entry in about.items()}
        if known:
            before = len(heap.items)
            for version in order:
                when = times[version]
                if known.lacks(version, when):
                    heap.add(name, version, digest=_digest(about[version]), at=when)
            compared(heap, name, known, now)
            mark = document.time.get("modified")
            if len(heap.items) == before and isinstance(mark, str) and mark != known.mark:
                heap.skipped += 1  # a README, an owner, a tag
        newest = max([when for when in times.values() if when], default=0.0)
        every = {version: when or 0.0 for version, when in times.items()}
        return known_now(document.time.get("modified"), newest, now, every)


def _read(decoder: "msgspec.json.Decoder[_Version]", raw: msgspec.Raw) -> _Version:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Version()


def _deprecated(entry: _Version) -> str | None:
    """Give the reason of a deprecation; an empty text means that there is none."""
    if isinstance(entry.deprecated, str):
        return entry.deprecated[:300] or None
    return "" if entry.deprecated is True else None


def _digest(entry: _Version) -> str:
    """Give the strongest digest that is told: of the integrity (base64), else the shasum."""
    dist = entry.dist if isinstance(entry.dist, dict) else {}
    told = dist.get("integrity")
    found = {}
    for part in told.split()[:8] if isinstance(told, str) else ():
        algorithm, _, encoded = part.partition("?")[0].partition("-")
        try:
            found[algorithm] = base64.b64decode(encoded, validate=True).hex()
        except (binascii.Error, ValueError):
            continue
    for algorithm in ("sha512", "sha384", "sha256"):
        if digest := naming.digest(algorithm, found.get(algorithm)):
            return digest
    return naming.digest("sha1", dist.get("shasum"))


def watch(ecosystem: str, names: tuple[str, ...]) -> Watched | None:
    """Make the feed for some packages of npm."""
    return Packages(ecosystem, names) if ecosystem == "npm" else None
