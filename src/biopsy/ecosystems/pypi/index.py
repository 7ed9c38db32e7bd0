"""Ask a package index about one release."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from biopsy.ecosystems import order, web
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.ecosystems.pypi import document, identity, simple, wheels
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.6, text/html;q=0.5"


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find the release, its files and its neighbours. `release.version` empty means what pip would take."""
    page = _page(client, endpoint, release)
    about = document.ask(client, endpoint, release.name)
    uploads = about.uploads() if about else {}
    by_version: dict[Version, list[simple.File]] = {}
    for file in page.files:
        parsed = identity.parse(file.filename) if identity.kind(file.filename) else None
        if parsed and parsed[0] == release.name:
            by_version.setdefault(parsed[1], []).append(_merged(file, uploads.get(file.filename)))
    if not by_version and page.status:
        raise UsageError(f"the configured index offers nothing of {release.name!r}: {page.status}")
    if not by_version:
        raise UsageError(f"{release.purl} has no release that pip could install")
    newest = _newest(by_version)
    version = _wanted(release, by_version) if release.version else newest
    every = tuple(_published(by_version))
    listing = Listing(
        replace(release, version=str(version)),
        tuple(_remotes(by_version[version])),
        every,
        replace(about.facts() if about else Facts(), newest=str(newest), status=page.status),
        owners=about.owners() if about else (),
        previous=order.previous(every, str(version), identity.prerelease),
    )
    return _with_manifests(client, endpoint, listing, about) if about else listing


def _with_manifests(
    client: "httpx.Client", endpoint: Endpoint, listing: Listing, about: document.Document
) -> Listing:
    """Add what the index shows of the manifests of this release and of the one before.

    The project's document has that of one release; another's has a document of its own on some indexes.
    """
    name, version = listing.release.name, listing.release.version
    mine: document.Document | None = about
    here = about.manifest()
    if here is None or here.version != version:
        mine = document.ask(client, endpoint, name, version)
        here = mine.manifest() if mine else None
    if mine is None or here is None or here.version != version:
        return listing
    before = document.ask(client, endpoint, name, listing.previous) if listing.previous else None
    return replace(
        listing,
        manifest=here,
        before=before.manifest() if before else None,
        advisories=mine.advisories(),
    )


def _page(client: "httpx.Client", endpoint: Endpoint, release: Release) -> simple.Page:
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


def _merged(file: simple.File, more: document.Upload | None) -> simple.File:
    if more is None:
        return file
    return replace(
        file,
        size=file.size or more.size,
        uploaded=file.uploaded or more.uploaded,
        yanked=file.yanked if file.yanked is not None else more.yanked,
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


def _published(by_version: Mapping[Version, list[simple.File]]) -> Iterator[Published]:
    """Say of each version when it was published, and whether any of its files is attested."""
    attests = any(f.attested for files in by_version.values() for f in files)
    for version in sorted(by_version):
        files = by_version[version]
        times = sorted(f.uploaded for f in files if f.uploaded)
        yanked = None
        if all(f.yanked is not None for f in files):
            yanked = next((f.yanked[:MAX_TEXT] for f in files if f.yanked), "")
        attested = any(f.attested for f in files) if attests else None
        first, last = (times[0], times[-1]) if times else (None, None)
        yield Published(str(version), first, yanked, provenance=attested, touched=last)
