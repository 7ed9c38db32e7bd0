"""Records in object storage: S3, GCS, Azure, through obstore (needs `biopsy[reports]`)."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from biopsy.reports.intake import Convert
from biopsy.reports.record import MAX_BYTES
from biopsy.reports.sources import Batch, Object, Settings, SourceError

BATCH = 1000  # objects that are taken in one transaction: each is a request, which a cut would repeat
MAX_KEYS = 10_000_000  # looked at in one run
SCHEMES = ("s3://", "gs://", "az://", "file://", "memory://")


class Store:
    """Reads keys in order, which sources make that of time; the cursor is a key a little before the last.

    `lookback` keys before it are read again, since a key may come late. The store lists from the cursor on.
    """

    kind = "store"
    options = frozenset({"endpoint", "region", "skip_signature", "access_key_id", "secret_access_key"})
    convert: Convert | None = None

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the objects of each prefix in batches, each with the cursor after it."""
        try:
            import obstore  # noqa: PLC0415 - an extra
            from obstore.store import from_url  # noqa: PLC0415
        except ImportError as error:
            raise SourceError("object storage needs obstore: install biopsy[reports]") from error
        if not settings.place.startswith(SCHEMES):
            raise SourceError(f"{settings.place}: one of {', '.join(SCHEMES)}")
        try:
            store = from_url(settings.place, **_options(settings))
            for prefix in settings.prefixes:
                yield from self._prefix(obstore, store, prefix, cursors.get(prefix, ""), settings.lookback)
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise SourceError(f"{settings.place}: {type(error).__name__}: {error}") from error

    def _prefix(self, obstore: Any, store: Any, prefix: str, start: str, lookback: int) -> Iterator[Batch]:
        recent: deque[str] = deque([start] if start else [], maxlen=lookback + 1)
        held: list[Object] = []
        for key in _keys(obstore, store, prefix, start):
            recent.append(key)
            got = obstore.get(store, key)
            size = int(got.meta["size"])
            held.append((key, bytes(got.bytes()) if size <= MAX_BYTES else b" " * (MAX_BYTES + 1)))
            if len(held) >= BATCH:
                yield Batch(held, {prefix: recent[0]})
                held = []
        if held:
            yield Batch(held, {prefix: recent[0]} if len(recent) > lookback else {})


def _options(settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = dict(settings.options)
    if "skip_signature" in given:
        given["skip_signature"] = given["skip_signature"] == "true"
    if settings.private:
        given["client_options"] = {"allow_http": True}
    return given


def _keys(obstore: Any, store: Any, prefix: str, start: str) -> list[str]:
    """Keys after `start` in order. A prefix may end inside a name, which listing itself does not do."""
    folder = prefix.rpartition("/")[0]
    found: list[str] = []
    for rows in obstore.list(store, prefix=folder or None, offset=start or None):
        found += [r["path"] for r in rows if r["path"].startswith(prefix) and r["path"].endswith(".json")]
        if len(found) > MAX_KEYS:
            raise SourceError(f"more than {MAX_KEYS:,} keys; give longer prefixes")
    return sorted(found)


READER = Store()
