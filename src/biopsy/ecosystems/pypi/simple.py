"""The simple API of a package index, in its JSON (PEP 691) and HTML (PEP 503) forms."""

import html.parser
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

MAX_FILES = 100_000
"""Most files of one project that are listed; the largest real ones have a tenth of it."""

_ALGORITHM = re.compile(r"(sha256|sha384|sha512|sha1|md5|blake2b)=([0-9a-fA-F]{32,128})")
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~-]{0,254}", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """One line of a project's page."""

    filename: str
    url: str
    digests: tuple[tuple[str, str], ...] = ()
    requires_python: str = ""
    yanked: str | None = None
    size: int | None = None
    uploaded: str | None = None
    attested: bool = False


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


def from_json(body: bytes, base: str) -> list[File]:
    """Read the JSON form; raise msgspec.DecodeError where it is none."""
    return [
        File(
            entry.filename,
            urljoin(base, entry.url),
            tuple(
                sorted((k, v.lower()) for k, v in entry.hashes.items() if _ALGORITHM.fullmatch(f"{k}={v}"))
            ),
            entry.requires_python or "",
            (entry.yanked if isinstance(entry.yanked, str) else "") if entry.yanked is not False else None,
            entry.size,
            entry.upload_time,
            bool(entry.provenance),
        )
        for entry in msgspec.json.decode(body, type=_Project).files[:MAX_FILES]
        if _FILENAME.fullmatch(entry.filename) and _web(urljoin(base, entry.url))
    ]


def from_html(body: bytes, base: str) -> list[File]:
    """Read the HTML form: every anchor that ends in the name of a file."""
    parser = _Anchors(base)
    parser.feed(body.decode("utf-8", "replace"))
    return list(parser.files())


class _Anchors(html.parser.HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect anchors; mind a `<base>`."""
        if tag == "a" and len(self.anchors) < MAX_FILES:
            self.anchors.append(dict(attrs))
        elif tag == "base" and (href := dict(attrs).get("href")):
            self.base = urljoin(self.base, href)

    def files(self) -> Iterator[File]:
        """Yield what the anchors say."""
        for anchor in self.anchors:
            try:
                url, _, fragment = urljoin(self.base, anchor.get("href") or "").partition("#")
                filename = unquote(urlsplit(url).path.rpartition("/")[2])
            except ValueError:
                continue
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
