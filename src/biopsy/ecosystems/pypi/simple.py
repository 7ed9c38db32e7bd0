"""The simple API of a package index, in its JSON (PEP 691) and HTML (PEP 503) forms."""

import html.parser
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from biopsy.ecosystems import web
from biopsy.ecosystems.protocol import MAX_TEXT
from biopsy.errors import RegistryError
from biopsy.model.regex import regex

MAX_FILES = 100_000
"""Most files of one project that are listed; the largest real ones have a tenth of it."""

MAX_SAID = 100
"""Most `<meta>` of a page that are kept."""

STATUSES = ("archived", "deprecated", "quarantined")

_ALGORITHM = regex(r"(sha256|sha384|sha512|sha1|md5|blake2b)=([0-9a-fA-F]{32,128})")
_FILENAME = regex(r"[A-Za-z0-9][A-Za-z0-9._+!~-]{0,254}", re.ASCII)


class File(Struct, frozen=True):
    """One line of a project's page."""

    filename: str
    url: str
    digests: tuple[tuple[str, str], ...] = ()
    requires_python: str = ""
    yanked: str | None = None
    size: int | None = None
    uploaded: str | None = None
    attested: bool = False


class Page(Struct, frozen=True):
    """A project's page. `status` is `archived`, `deprecated` or `quarantined`, and the reason (PEP 792)."""

    files: list[File]
    status: str = ""


class _Entry(msgspec.Struct):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = msgspec.field(default=None, name="requires-python")
    yanked: bool | str = False
    size: int | None = None
    upload_time: str | None = msgspec.field(default=None, name="upload-time")
    provenance: Any = None


class _Project(msgspec.Struct):
    files: list[_Entry]
    status: Any = msgspec.field(default=None, name="project-status")


def from_json(body: bytes, base: str) -> Page:
    """Read the JSON form; raise msgspec.DecodeError where it is none."""
    project = msgspec.json.decode(body, type=_Project)
    said = project.status if isinstance(project.status, dict) else {}
    return Page(_files(project.files, base), _status(said.get("status"), said.get("reason")))


def _status(word: object, reason: object) -> str:
    """Give a mark of the project that means anything; `active` is what every other is."""
    if word not in STATUSES:
        return ""
    return f"{word} {reason[:MAX_TEXT]}".strip() if isinstance(reason, str) else str(word)


def _files(entries: list[_Entry], base: str) -> list[File]:
    return [
        File(
            entry.filename,
            web.joined(base, entry.url),
            tuple(
                sorted((k, v.lower()) for k, v in entry.hashes.items() if _ALGORITHM.fullmatch(f"{k}={v}"))
            ),
            entry.requires_python or "",
            (entry.yanked if isinstance(entry.yanked, str) else "") if entry.yanked is not False else None,
            entry.size,
            entry.upload_time,
            bool(entry.provenance),
        )
        for entry in entries[:MAX_FILES]
        if _FILENAME.fullmatch(entry.filename) and _web(web.joined(base, entry.url))
    ]


def from_html(body: bytes, base: str) -> Page:
    """Read the HTML form: every anchor that ends in the name of a file. RegistryError where it is no HTML."""
    parser = _Anchors(base)
    try:
        parser.feed(body.decode("utf-8", "replace"))
    except AssertionError as err:  # Python's parser ends so at declarations that it does not know
        raise RegistryError(f"the configured index's page cannot be read: {err}") from err
    status = _status(parser.said.get("pypi:project-status"), parser.said.get("pypi:project-status-reason"))
    return Page(list(parser.files()), status)


class _Anchors(html.parser.HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.anchors: list[dict[str, str | None]] = []
        self.said: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect anchors and what is said of the project; mind a `<base>`."""
        if tag == "a" and len(self.anchors) < MAX_FILES:
            self.anchors.append(dict(attrs))
        elif tag == "base" and (href := dict(attrs).get("href")):
            self.base = web.joined(self.base, href) or self.base
        elif tag == "meta" and len(self.said) < MAX_SAID:
            about = dict(attrs)
            self.said[about.get("name") or ""] = about.get("content") or ""

    def files(self) -> Iterator[File]:
        """Yield what the anchors say."""
        for anchor in self.anchors:
            url, _, fragment = web.joined(self.base, anchor.get("href") or "").partition("#")
            filename = unquote(web.parts(url).path.rpartition("/")[2])
            if not _FILENAME.fullmatch(filename) or not _web(url):
                continue
            digest = _ALGORITHM.fullmatch(fragment)
            yield File(
                filename,
                url,
                ((digest[1], digest[2].lower()),) if digest else (),
                anchor.get("data-requires-python") or "",
                (anchor["data-yanked"] or "") if "data-yanked" in anchor else None,
                attested=bool(anchor.get("data-provenance")),
            )


def _web(url: str) -> bool:
    return url.startswith(("https://", "http://"))
