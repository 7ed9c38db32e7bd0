"""npm as its public documents have it: packuments, tarballs, the replication API's changes."""

import base64
import hashlib
import json
import re

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Event, File, Package, Version, stamp

MAX_LIMIT = 10_000
NAME = r"(?:@[^/]+/)?[^/@_-][^/]*"


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request. What the replication API has is there at the root and below `/registry/`."""
    path = request.path
    if path in ("/", "/registry", "/registry/"):
        return said({"db_name": "registry", "update_seq": _newest(desk), "doc_count": len(desk.of.packages)})
    if path in ("/_changes", "/registry/_changes"):
        return _changes(desk, request)
    if path == "/-/ping":
        return said({})
    if match := re.fullmatch(rf"/({NAME})/-/(?:@[^/]+/)?([^/]+\.tgz)", path):
        return _tarball(desk, match[1], match[2])
    if match := re.fullmatch(rf"/-/package/({NAME})/dist-tags", path):
        package = desk.of.packages.get(match[1])
        return said(_tags(package)) if package else MISSING
    if (match := re.fullmatch(rf"/({NAME})/([^/]+)", path)) and match[1] in desk.of.packages:
        package = desk.of.packages[match[1]]
        wanted = _tags(package).get(match[2], match[2])
        version = next((v for v in package.present() if v.version == wanted), None)
        return said(_entry(request, package, version)) if version and not package.deleted else MISSING
    if match := re.fullmatch(rf"/({NAME})", path):
        return _packument(desk, request, match[1])
    return MISSING


def _newest(desk: Desk) -> int:
    events = desk.of.visible()
    return events[-1].serial if events else desk.of.serial - len(desk.of.events)


def _changes(desk: Desk, request: Request) -> Answer:
    if set(request.query) - {"since", "limit"}:
        return said({"error": "unsupported parameter"}, 400)
    newest = _newest(desk)
    since = newest if request.query.get("since") == "now" else int(request.query.get("since") or 0)
    limit = min(int(request.query.get("limit") or 1000), MAX_LIMIT)
    last: dict[str, Event] = {}  # CouchDB says each document once, at its latest change
    for event in desk.of.visible(since):
        last[event.name] = event
    events = sorted(last.values(), key=lambda e: e.serial)[:limit]
    results = []
    for event in desk.told(events, request.path):
        package = desk.of.packages.get(event.name)
        entry = {
            "seq": event.serial,
            "id": event.name,
            "changes": [{"rev": f"{event.serial}-{event.serial:032x}"}],
        }
        if package is None or package.deleted or event.did is Did.DELETE_PACKAGE:
            entry["deleted"] = True
        results.append(entry)
    return said({"results": results, "last_seq": events[-1].serial if events else since})


def _tags(package: Package) -> dict[str, str]:
    present = [v.version for v in package.present() if "-" not in v.version] or [
        v.version for v in package.present()
    ]
    return {"latest": present[-1]} if present else {}


def _packument(desk: Desk, request: Request, name: str) -> Answer:
    package = desk.of.packages.get(name)
    if package is None:
        return MISSING
    times = {
        "created": stamp(package.created),
        "modified": stamp(max(e.at for e in desk.of.events if e.name == name)),
    }
    times |= {v.version: stamp(v.at) for v in package.versions.values()}
    if package.deleted:
        gone = {"name": "somebody", "time": times["modified"], "versions": list(package.versions)}
        return said({"_id": name, "name": name, "time": {**times, "unpublished": gone}}, 404)
    document = {
        "_id": name,
        "name": name,
        "dist-tags": _tags(package),
        "versions": {v.version: _entry(request, package, v) for v in package.present()},
        "time": times,
    }
    body = json.dumps(document).encode()
    etag = '"' + hashlib.md5(body).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(body, headers={"etag": etag})


def _entry(request: Request, package: Package, version: Version) -> dict[str, object]:
    file = next(iter(version.files.values()), None)
    entry: dict[str, object] = {"name": package.name, "version": version.version, **version.about}
    entry["dist"] = _dist(request, package, version, file)
    if version.yanked is not None:
        entry["deprecated"] = version.yanked
    return entry


def _dist(request: Request, package: Package, version: Version, file: File | None) -> dict[str, object]:
    filename = file.filename if file else f"{package.name.rpartition('/')[2]}-{version.version}.tgz"
    found: dict[str, object] = {"tarball": f"{request.base}/{package.name}/-/{filename}"}
    if file:
        found["shasum"] = hashlib.sha1(file.data).hexdigest()
        found["integrity"] = "sha512-" + base64.b64encode(hashlib.sha512(file.data).digest()).decode()
    return found


def _tarball(desk: Desk, name: str, filename: str) -> Answer:
    package = desk.of.packages.get(name)
    for version in package.present() if package and not package.deleted else ():
        if filename in version.files:
            return Answer(version.files[filename].data, "application/octet-stream")
    return MISSING
