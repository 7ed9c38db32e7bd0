"""A project's page of a package index, filtered, in JSON and HTML.

PEP 503, 592, 658, 691, 700, 708, 714, 740, 792.
What is not ours to judge is passed through as it came, known or not; only files go, and addresses change.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion

from biopsy.guard.ruling import Action, Ruling
from biopsy.guard.showing import Shown
from biopsy.model.regex import regex

MAX_FILES = 100_000
"""Most files of one project that are read."""

MAX_META = 200
"""Most `<meta>` of a page that are kept."""

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
_FILENAME = regex(r"[A-Za-z0-9][A-Za-z0-9._+!~-]{0,254}")
_HASH = regex(r"(sha256|sha384|sha512|sha1|md5|blake2b)=([0-9a-fA-F]{32,128})")
_META = {"pypi:tracks": "tracks", "pypi:alternate-locations": "alternate-locations"}


class UnreadableError(ValueError):
    """A page that is none: the index answered something else."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as the index has it: `said` holds all its keys, in the form of JSON; `url` is absolute."""

    filename: str
    url: str
    version: str
    wheel: bool
    said: dict[str, Any]

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """Its hashes, as far as they have the form of such."""
        held = self.said.get("hashes")
        pairs = held.items() if isinstance(held, dict) else ()
        return tuple((k, v.lower()) for k, v in pairs if isinstance(v, str) and _HASH.fullmatch(f"{k}={v}"))


@dataclass(frozen=True, slots=True)
class Page:
    """A project's page. `about` is what stands beside the files, in the form of JSON."""

    files: tuple[File, ...]
    about: dict[str, Any] = field(default_factory=dict)


def from_json(body: bytes, base: str) -> Page:
    """Read the JSON form; raises UnreadableError."""
    try:
        held = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    listed = held.pop("files", None)
    if not isinstance(listed, list):
        raise UnreadableError("no files in it")
    return Page(tuple(_files(listed[:MAX_FILES], base)), held)


def from_html(body: bytes, base: str) -> Page:
    """Read the HTML form: every anchor that ends in the name of a file.

    Raises UnreadableError for what is no page.
    """
    parser = _Anchors(base)
    try:
        parser.feed(body.decode("utf-8", "replace"))
    except AssertionError as err:  # Python's parser ends so at declarations that it does not know
        raise UnreadableError("the index answered a page that cannot be read") from err
    return Page(tuple(_files(parser.found, "")), parser.about())


def _files(listed: list[Any], base: str) -> "list[File]":
    found: dict[str, File] = {}
    for one in listed:
        name, url = (one.get("filename"), one.get("url")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(url, str) or not _FILENAME.fullmatch(name):
            continue
        try:
            whole = urljoin(base, url).partition("#")[0]
            scheme = urlsplit(whole).scheme
        except ValueError:
            continue
        if scheme in {"http", "https"}:
            found.setdefault(name, File(name, whole, version_of(name), name.endswith(".whl"), one))
    return list(found.values())


def version_of(filename: str) -> str:
    """The version that a file is of, in its normal form; empty where its name does not say."""
    found = named(filename)
    return found[1] if found else ""


def named(filename: str) -> tuple[str, str] | None:
    """The project and the version that a file is of, in their normal forms; None where its name is none."""
    try:
        found = (parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion, ValueError):
        return None
    return found[0], str(found[1])


class _Anchors(HTMLParser):
    """Anchors and what is said of the project, as JSON would have them."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.found: list[dict[str, Any]] = []
        self._said: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and len(self.found) < MAX_FILES:
            if (one := self._file({name: value or "" for name, value in attrs})) is not None:
                self.found.append(one)
        elif tag == "base" and (href := dict(attrs).get("href")):
            try:
                self._base = urljoin(self._base, href)
            except ValueError:
                return
        elif tag == "meta" and len(self._said) < MAX_META:
            held = dict(attrs)
            self._said.append((held.get("name") or "", held.get("content") or ""))

    def _file(self, held: dict[str, str]) -> dict[str, Any] | None:
        try:
            url, _, fragment = urljoin(self._base, held.get("href", "")).partition("#")
            name = unquote(urlsplit(url).path.rpartition("/")[2])
        except ValueError:
            return None
        digest = _HASH.fullmatch(fragment)
        made: dict[str, Any] = {"filename": name, "url": url, "hashes": {}}
        if digest:
            made["hashes"] = {digest[1]: digest[2].lower()}
        for attribute, key in (
            ("data-requires-python", "requires-python"),
            ("data-provenance", "provenance"),
        ):
            if held.get(attribute):
                made[key] = held[attribute]
        if "data-yanked" in held:
            made["yanked"] = held["data-yanked"] or True
        if "data-gpg-sig" in held:
            made["gpg-sig"] = held["data-gpg-sig"] == "true"
        for attribute in ("data-core-metadata", "data-dist-info-metadata"):
            if attribute in held:
                found = _HASH.fullmatch(held[attribute])
                made[attribute.removeprefix("data-")] = {found[1]: found[2]} if found else True
        return made

    def about(self) -> dict[str, Any]:
        """What the page says of the project."""
        made: dict[str, Any] = {"meta": {"api-version": "1.0"}}
        status = {}
        for name, content in self._said:
            if name in _META:
                made["meta"].setdefault(_META[name], []).append(content)
            elif name == "pypi:project-status":
                status["status"] = content
            elif name == "pypi:project-status-reason":
                status["reason"] = content
        return {**made, "project-status": status} if status else made


Ruled = Mapping[str, Ruling]
"""By the name of a file: what becomes of it."""
Address = Callable[[File], str]
"""From a file to where it is offered by us."""


def filtered(page: Page, ruled: Ruled, shown: Shown, address: Address, told: Callable[[Ruling], str]) -> Page:
    """The page without what may not pass, its files offered at other addresses.

    A file that is warned of is withdrawn, with what `told` says of it: ranges go past it, who wishes
    for it exactly gets it, and is told.
    """
    kept: list[File] = []
    for file in page.files:
        ruling = ruled[file.filename]
        said = {**file.said, "url": address(file)}
        if ruling.action is Action.WARN:
            said["yanked"] = told(ruling)
        elif ruling.blocks:
            if shown not in {Shown.REQUIRES, Shown.YANKED} or not file.version:
                continue
            said = _marked(said, told(ruling), shown)
        kept.append(File(file.filename, file.url, file.version, file.wheel, said))
    about = dict(page.about)
    if isinstance(listed := about.get("versions"), list):
        gone = {f.version for f in page.files} - {f.version for f in kept}
        about["versions"] = [one for one in listed if _normal(one) not in gone]
    return Page(tuple(kept), about)


def _marked(said: dict[str, Any], reason: str, shown: Shown) -> dict[str, Any]:
    if shown is Shown.YANKED:
        return {**said, "yanked": reason}
    plain = regex(r"[^A-Za-z0-9:/._=-]+").sub("-", reason).strip("-")
    return {**said, "requires-python": f"==={plain}"}  # PEP 440: compares as text, and no Python is called so


def _normal(version: object) -> str:
    return version_of(f"x-{version}.tar.gz") or str(version)


def to_json(page: Page, name: str) -> bytes:
    """The page as JSON."""
    held = {"meta": {"api-version": "1.0"}, "name": name, **page.about, "files": [f.said for f in page.files]}
    return msgspec.json.encode(held)


def to_html(page: Page, name: str) -> bytes:
    """The page as HTML."""
    meta = page.about.get("meta")
    held = meta if isinstance(meta, dict) else {}
    version = held.get("api-version") if isinstance(held.get("api-version"), str) else "1.0"
    pairs = [("pypi:repository-version", str(version))]
    pairs += [(tag, str(v)) for tag, key in _META.items() for v in _list(held.get(key))]
    status = page.about.get("project-status")
    for tag, key in (("pypi:project-status", "status"), ("pypi:project-status-reason", "reason")):
        if isinstance(status, dict) and isinstance(status.get(key), str):
            pairs.append((tag, status[key]))
    head = "".join(f'<meta name="{tag}" content="{html.escape(value)}">\n' for tag, value in pairs)
    lines = "\n".join(map(_anchor, page.files))
    title = html.escape(f"Links for {name}")
    return (
        f"<!DOCTYPE html>\n<html><head>\n{head}<title>{title}</title></head>\n<body><h1>{title}</h1>\n"
        f"{lines}\n</body></html>\n"
    ).encode("utf-8", "replace")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _anchor(file: File) -> str:
    said = file.said
    digests = dict(file.digests)
    best = next((k for k in ("sha256", "sha512", "sha384", "blake2b", "sha1", "md5") if k in digests), "")
    url = quote(str(said["url"]), safe="/:@%!+~") + (f"#{best}={digests[best]}" if best else "")
    held: dict[str, str] = {"href": url}
    for key in ("requires-python", "provenance"):
        if isinstance(value := said.get(key), str) and value:
            held[f"data-{key}"] = value
    if (yanked := said.get("yanked", False)) is not False and yanked is not None:
        held["data-yanked"] = yanked if isinstance(yanked, str) else ""
    if isinstance(signed := said.get("gpg-sig"), bool):
        held["data-gpg-sig"] = str(signed).lower()
    for key in ("core-metadata", "dist-info-metadata"):
        if value := said.get(key):
            pairs = value.items() if isinstance(value, dict) else ()
            held[f"data-{key}"] = next((f"{k}={v}" for k, v in pairs if _HASH.fullmatch(f"{k}={v}")), "true")
    words = " ".join(f'{name}="{html.escape(value)}"' for name, value in held.items())
    return f"<a {words}>{html.escape(file.filename)}</a><br>"
