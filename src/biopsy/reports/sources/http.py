"""Records at a URL: JSON, JSON lines, a list or a zip; read only when it changed (RFC 9110, section 13)."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from biopsy.reports import outbound, shapes
from biopsy.reports.intake import Convert
from biopsy.reports.sources import Batch, Settings, SourceError, batches


class Http:
    """Reads a URL. The cursor is what the server calls its state: ETag, else Last-Modified."""

    kind = "http"
    options = frozenset({"token"})
    convert: Convert | None = None

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:
        """Yield what the URL holds, if it changed; nothing where the server says that it did not."""
        url = settings.place
        held = cursors.get(url)
        asked: dict[str, str] = json.loads(held) if held else {}
        if token := settings.options.get("token"):
            asked["authorization"] = f"Bearer {token}"
        with tempfile.TemporaryDirectory(prefix="biopsy-") as folder:
            path = Path(folder, "body")
            with outbound.ask(url, asked, private=settings.private) as (answer, body):
                if answer.status == 304:
                    return
                if answer.status != 200:
                    raise SourceError(f"{url}: status {answer.status}")
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise SourceError(f"{url}: answers compressed though asked not to")
                with path.open("wb") as file:
                    outbound.save(body, file)
            yield from batches(shapes.objects(path, url))
        state = {
            name: answer.headers[given]
            for name, given in (("if-none-match", "etag"), ("if-modified-since", "last-modified"))
            if given in answer.headers
        }
        yield Batch([], {url: json.dumps(state)})


READER = Http()
