"""NuGet as its public documents have it: the service index, the catalog, registrations, and contents."""

import base64
import hashlib
import json
import re

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Event, stamp

PAGE = 550


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path == "/index.json":
        catalog = {"@id": f"{request.base}/catalog0/index.json", "@type": "Catalog/3.0.0"}
        search = {"@id": f"{request.base}/query", "@type": "SearchQueryService"}
        pages = {"@id": f"{request.base}/registration/", "@type": "RegistrationsBaseUrl/3.6.0"}
        flat = {"@id": f"{request.base}/flat/", "@type": "PackageBaseAddress/3.0.0"}
        return said({"version": "3.0.0", "resources": [search, catalog, pages, flat]})
    if request.path == "/catalog0/index.json":
        return _index(desk, request)
    if match := re.fullmatch(r"/catalog0/page(\d+)\.json", request.path):
        pages = _pages(desk)
        number = int(match[1])
        return said(_page(desk, request, number, pages[number])) if number < len(pages) else MISSING
    if match := re.fullmatch(r"/registration/([^/]+)/(?:index|page(\d+))\.json", request.path):
        return _registration(desk, request, match[1], match[2])
    if match := re.fullmatch(r"/leaf/([^/]+)/([^/]+)\.json", request.path):
        return _leaf(desk, match[1], match[2])
    if match := re.fullmatch(r"/flat/([^/]+)/([^/]+)/[^/]+\.nupkg", request.path):
        file = _file(desk, match[1], match[2])
        return Answer(file, "application/octet-stream") if file else MISSING
    return MISSING


LEAVES = 3
"""Releases from which on the index has pages of their own."""


def _registration(desk: Desk, request: Request, name: str, page: str | None) -> Answer:
    package = desk.of.packages.get(name)
    if package is None or package.deleted:
        return MISSING
    leaves = [
        {
            "catalogEntry": {
                "@id": f"{request.base}/leaf/{name}/{one.version}.json",
                "version": one.version,
                "listed": one.yanked is None,
                "published": _ticks(one.at) if one.yanked is None else "1900-01-01T00:00:00+00:00",
                **one.about,
            },
            "packageContent": f"{request.base}/flat/{name}/{one.version}/{name}.{one.version}.nupkg",
        }
        for one in package.present()
    ]
    parts = [leaves[at : at + LEAVES] for at in range(0, len(leaves), LEAVES)]
    if page is not None:
        return said({"items": parts[int(page)]})
    inline = len(parts) == 1
    items = [
        {"@id": f"{request.base}/registration/{name}/page{at}.json", **({"items": part} if inline else {})}
        for at, part in enumerate(parts)
    ]
    return said({"count": len(items), "items": items})


def _file(desk: Desk, name: str, version: str) -> bytes:
    package = desk.of.packages.get(name)
    one = package.versions.get(version) if package else None
    return next((file.data for file in one.files.values()), b"") if one else b""


def _leaf(desk: Desk, name: str, version: str) -> Answer:
    data = _file(desk, name, version)
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    return said({"packageHash": digest, "packageHashAlgorithm": "SHA512", "packageSize": len(data)})


def _pages(desk: Desk) -> list[list[Event]]:
    kinds = (Did.RELEASE, Did.YANK, Did.UNYANK, Did.DELETE)
    events = [e for e in desk.of.visible() if e.did in kinds]
    return [events[at : at + PAGE] for at in range(0, len(events), PAGE)] or [[]]


def _when(events: list[Event]) -> str:
    return _ticks(max((e.at for e in events), default=1_767_225_600.0))


def _ticks(seconds: float) -> str:
    """Write a time with seven digits, as .NET does."""
    return stamp(seconds, 6).removesuffix("Z") + "0Z"


def _index(desk: Desk, request: Request) -> Answer:
    items = [
        {
            "@id": f"{request.base}/catalog0/page{number}.json",
            "@type": "CatalogPage",
            "commitTimeStamp": _when(events),
            "count": len(events),
        }
        for number, events in enumerate(_pages(desk))
    ]
    if desk.mischief.fitting("nuget", request.path, ("shuffle",)):
        desk.mischief.random.shuffle(items)
    body = json.dumps(
        {"count": len(items), "commitTimeStamp": items[-1]["commitTimeStamp"], "items": items}
    ).encode()
    etag = '"' + hashlib.md5(body).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(body, headers={"etag": etag})


def _page(desk: Desk, request: Request, number: int, events: list[Event]) -> dict[str, object]:
    items = [
        {
            "@id": f"{request.base}/catalog0/data/{event.serial}/{event.name.lower()}.{event.version}.json",
            "@type": "nuget:PackageDelete" if event.did is Did.DELETE else "nuget:PackageDetails",
            "commitId": f"{event.serial:032x}",
            "commitTimeStamp": _ticks(event.at),
            "nuget:id": event.name,
            "nuget:version": event.version,
        }
        for event in desk.told(events, request.path)
    ]
    return {"commitTimeStamp": _when(events), "count": len(items), "items": items}
