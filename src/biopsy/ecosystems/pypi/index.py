"""Ask a package index about one release."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from biopsy.ecosystems import web
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.ecosystems.pypi import identity, simple, wheels
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release, Remote

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.6, text/html;q=0.5"


class _Info(msgspec.Struct):
    summary: str | None = None
    home_page: str | None = None
    project_urls: dict[str, str] | None = None
    license: str | None = None
    license_expression: str | None = None
    author: str | None = None
    author_email: str | None = None


class _Url(msgspec.Struct):
    filename: str
    size: int | None = None
    upload_time_iso_8601: str | None = None
    yanked: bool = False
    yanked_reason: str | None = None


class _Document(msgspec.Struct):
    info: _Info = msgspec.field(default_factory=_Info)
    releases: dict[str, list[_Url]] = {}


def resolve(client: httpx.Client, endpoint: Endpoint, release: Release) -> Listing:
    """Find the release, its files and its neighbours. `release.version` empty means what pip would take."""
    files = _files(client, endpoint, release)
    document = _document(client, endpoint, release.name)
    known = {url.filename: url for urls in document.releases.values() for url in urls}
    by_version: dict[Version, list[simple.File]] = {}
    for file in files:
        parsed = identity.parse(file.filename) if identity.kind(file.filename) else None
        if parsed and parsed[0] == release.name:
            by_version.setdefault(parsed[1], []).append(_merged(file, known.get(file.filename)))
    if not by_version:
        raise UsageError(f"{release.purl} has no release that pip could install")
    newest = _newest(by_version)
    version = _wanted(release, by_version) if release.version else newest
    return Listing(
        replace(release, version=str(version)),
        tuple(_remotes(by_version[version])),
        tuple(_published(v, by_version[v]) for v in sorted(by_version)),
        replace(_facts(document.info), newest=str(newest)),
    )


def _files(client: httpx.Client, endpoint: Endpoint, release: Release) -> list[simple.File]:
    page = web.get(client, endpoint, f"{endpoint.url}{release.name}/", _ACCEPT)
    if page.status in (404, 410):
        raise UsageError(f"the configured index has no package {release.name!r}")
    if page.status != 200:
        raise RegistryError(f"the configured index answered {page.status} about {release.name!r}")
    if page.type.endswith("json"):
        try:
            return simple.from_json(page.body, page.url)
        except msgspec.DecodeError as err:
            raise RegistryError(
                f"the configured index answered bad JSON about {release.name!r}: {err}"
            ) from err
    return simple.from_html(page.body, page.url)


def _document(client: httpx.Client, endpoint: Endpoint, name: str) -> _Document:
    """Read `/pypi/NAME/json` beside `/simple/`, where there is one: times, sizes, a summary. Never fails."""
    parts = urlsplit(endpoint.url)
    if not parts.path.endswith("/simple/"):
        return _Document()
    path = f"{parts.path.removesuffix('simple/')}pypi/{name}/json"
    try:
        page = web.get(client, endpoint, urlunsplit(parts._replace(path=path)), "application/json")
        return msgspec.json.decode(page.body, type=_Document) if page.status == 200 else _Document()
    except (RegistryError, msgspec.DecodeError, UnicodeDecodeError):
        return _Document()


def _merged(file: simple.File, more: _Url | None) -> simple.File:
    if more is None:
        return file
    yanked = file.yanked if file.yanked is not None else ((more.yanked_reason or "") if more.yanked else None)
    return replace(
        file, size=file.size or more.size, uploaded=file.uploaded or more.upload_time_iso_8601, yanked=yanked
    )


def _newest(by_version: Mapping[Version, list[simple.File]]) -> Version:
    """Choose as pip does: not yanked, for this Python, rather no pre-release; failing all, the highest."""

    def fits(version: Version) -> bool:
        return any(f.yanked is None and _takes(f) for f in by_version[version])

    fitting = [v for v in by_version if fits(v)]
    final = [v for v in fitting if not v.is_prerelease]
    return max(final or fitting or by_version)


def _takes(file: simple.File) -> bool:
    if file.filename.endswith(".whl") and wheels.rank(file.filename) is None:
        return False
    try:
        python = SpecifierSet(file.requires_python)
    except InvalidSpecifier:
        return True  # as pip has it
    return python.contains(".".join(map(str, wheels.PYTHON)) + ".2", prereleases=True)


def _wanted(release: Release, versions: Iterable[Version]) -> Version:
    try:
        wanted = Version(release.version)
    except InvalidVersion:
        wanted = None
    if wanted is not None and wanted in (have := set(versions)):
        return next(v for v in have if v == wanted)
    texts = [str(v) for v in sorted(versions, reverse=True)]
    close = difflib.get_close_matches(release.version, texts, 4, 0.5) or texts[:4]
    raise UsageError(
        f"{release.name} has no version {release.version}; there are, among others: {', '.join(close)}"
    )


def _remotes(files: list[simple.File]) -> list[Remote]:
    """Put first what pip would take: the wheel that fits best, the sdist, then the rest."""

    def preference(file: simple.File) -> tuple[int, tuple[int, int], str]:
        rank = wheels.rank(file.filename) if file.filename.endswith(".whl") else None
        if rank is not None:
            return (0, rank, file.filename)
        return (2 if file.filename.endswith(".whl") else 1, (0, 0), file.filename)

    return [
        Remote(
            f.filename, f.url, identity.kind(f.filename) or "sdist", f.digests, f.size, f.yanked, f.uploaded
        )
        for f in sorted(files, key=preference)
    ]


def _published(version: Version, files: list[simple.File]) -> Published:
    times = sorted(f.uploaded for f in files if f.uploaded)
    yanked = None
    if all(f.yanked is not None for f in files):
        yanked = next((f.yanked[:MAX_TEXT] for f in files if f.yanked), "")
    return Published(str(version), times[0] if times else None, yanked)


def _facts(info: _Info) -> Facts:
    urls = {k.lower(): v for k, v in (info.project_urls or {}).items()}
    names = ("source", "source code", "repository", "github", "code")
    return Facts(
        (info.summary or "")[:MAX_TEXT],
        (info.home_page or urls.get("homepage", ""))[:MAX_TEXT],
        next((urls[n] for n in names if n in urls), "")[:MAX_TEXT],
        (info.license_expression or info.license or "")[:MAX_TEXT],
        (info.author or info.author_email or "")[:MAX_TEXT],
    )
