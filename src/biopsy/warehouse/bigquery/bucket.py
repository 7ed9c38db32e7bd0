"""A place in Cloud Storage through which rows are loaded, as whoever BigQuery is asked as."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from biopsy.errors import UsageError
from biopsy.model.regex import regex

HOST = "https://storage.googleapis.com"
CHUNK = 8 * 1024**2
TIMEOUT = 60.0
"""Longest that one request may take, in seconds."""

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_PLACE = regex(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])((?:/[^\s/?#*\[\]]{1,200})*)/?")


class Bucket:
    """`gs://bucket` or a folder of it. STORAGE_EMULATOR_HOST names another server, as in Google's client."""

    def __init__(self, place: str) -> None:
        """UsageError where that is no place; nothing is asked yet."""
        match = _PLACE.fullmatch(place)
        if match is None:
            raise UsageError(
                f"BigQuery loads through Cloud Storage (gs://BUCKET/FOLDER), not through {place!r}"
            )
        self._name, self._folder = match[1], match[2].lstrip("/")
        self._host = os.environ.get("STORAGE_EMULATOR_HOST", HOST).rstrip("/")

    @contextlib.contextmanager
    def holding(self, path: Path, name: str) -> Iterator[str]:
        """Put a file there for as long as it is loaded; give its URL. Raises what Google's client raises."""
        from google.resumable_media import requests as media  # noqa: PLC0415 - an extra, slow to import

        name = f"{self._folder}/{name}" if self._folder else name
        session = self._session()
        client: Any = media
        upload = client.ResumableUpload(
            f"{self._host}/upload/storage/v1/b/{self._name}/o?uploadType=resumable", CHUNK
        )
        with path.open("rb") as file:
            upload.initiate(session, file, {"name": name}, "application/octet-stream", timeout=TIMEOUT)
            while not upload.finished:
                upload.transmit_next_chunk(session, timeout=TIMEOUT)
        try:
            yield f"gs://{self._name}/{name}"
        finally:
            where = f"{self._host}/storage/v1/b/{self._name}/o/{quote(name, safe='')}"
            session.delete(where, timeout=TIMEOUT)

    def _session(self) -> Any:
        import google.auth  # noqa: PLC0415
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

        given: Any = google.auth
        anonymous: Any = AnonymousCredentials
        session: Any = AuthorizedSession
        return session(anonymous() if self._host.startswith("http://") else given.default(scopes=[_SCOPE])[0])
