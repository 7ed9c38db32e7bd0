"""Packagist as its public documents have it: changes of metadata since a moment, the metadata, the archives.

Metadata are minified as Composer 2 reads them: newest first, each version with what differs from the one
before it, and `__unset` for what that one had and this one has not.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Package, Version, stamp

TICKS = 10_000
KEPT = 86_400.0


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path == "/metadata/changes.json":
        return _changes(desk, request)
    if request.path == "/packages.json":
        return said({"packages": [], "metadata-url": f"{_below(request)}/p2/%package%.json"})
    if match := re.fullmatch(r"/p2/([^/]+/[^/~]+)(~dev)?\.json", request.path):
        return _metadata(desk, request, match[1], branches=bool(match[2]))
    if match := re.fullmatch(r"/dist/([^/]+/[^/]+)/([^/]+)/[^/]+\.zip", request.path):
        return _archive(desk, match[1], match[2])
    return MISSING


def archive(
    name: str, version: str, files: Mapping[str, str | bytes] | None = None, **manifest: object
) -> tuple[str, bytes]:
    """Build the zip of a tag as code hosts make it, all below one folder; `manifest` is for its composer.json."""
    document = {"name": name, "description": "A package of a test.", "license": "MIT", **manifest}
    every = {**(files or {}), "composer.json": json.dumps(document, indent=4) + "\n"}
    target, top = io.BytesIO(), f"{name.replace('/', '-')}-{hashlib.sha1(version.encode()).hexdigest()[:7]}"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for path, data in every.items():
            entry = zipfile.ZipInfo(f"{top}/{path}", (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            pack.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return f"{name.replace('/', '-')}-{version}.zip", target.getvalue()


def _below(request: Request) -> str:
    return "/" + request.base.partition("://")[2].partition("/")[2]


def _metadata(desk: Desk, request: Request, name: str, *, branches: bool) -> Answer:
    package = desk.of.packages.get(name)
    if package is None or package.deleted:
        return MISSING
    found = [v for v in package.present() if v.version.startswith("dev-") is branches]
    entries = [_entry(request, package, one) for one in reversed(found)]
    return said({"minified": "composer/2.0", "packages": {name: _minified(entries)}})


def _entry(request: Request, package: Package, version: Version) -> dict[str, object]:
    """Say of a version what its composer.json does, and where its archive is."""
    entry: dict[str, object] = {}
    about = dict(version.about)
    for file in version.files.values():
        entry |= _inside(file.data)
        reference = hashlib.sha1(file.data).hexdigest()
        url = f"{request.base}/dist/{package.name}/{version.version}/{reference}.zip"
        entry["dist"] = {"type": "zip", "url": url, "reference": reference, "shasum": about.pop("shasum", "")}
    normal = version.version if version.version.startswith("dev-") else _four(version.version)
    named = {"name": package.name, "version": version.version, "version_normalized": normal}
    return {**entry, **named, "time": stamp(version.at), **about}


def _inside(data: bytes) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        path = next(
            name for name in pack.namelist() if name.endswith("/composer.json") and name.count("/") == 1
        )
        found: dict[str, object] = json.loads(pack.read(path))
    return {key: value for key, value in found.items() if key not in ("scripts", "config", "repositories")}


def _four(version: str) -> str:
    numbers, dash, more = version.removeprefix("v").partition("-")
    return ".".join([*numbers.split("."), "0", "0", "0"][:4]) + dash + more


def _minified(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    found, last = [], dict[str, object]()
    for entry in entries:
        changed = {key: value for key, value in entry.items() if last.get(key) != value}
        found.append(changed | {key: "__unset" for key in last if key not in entry})
        last = entry
    return found


def _archive(desk: Desk, name: str, version: str) -> Answer:
    package = desk.of.packages.get(name)
    release = package.versions.get(version) if package and not package.deleted else None
    if release is None or release.deleted or not release.files:
        return MISSING
    return Answer(next(iter(release.files.values())).data, "application/zip")


def _changes(desk: Desk, request: Request) -> Answer:
    events = desk.of.visible()
    newest = int(max((e.at for e in events), default=desk.of.now()) * TICKS) + 1
    since = int(request.query.get("since") or 0)
    if since < 15_850_612_240_000:
        return said({"error": 'Invalid or missing "since" query parameter', "timestamp": newest}, 400)
    if since < (desk.of.now() - KEPT) * TICKS:
        action = {"type": "resync", "time": int(desk.of.now()), "package": "*"}
        return said({"actions": [action], "timestamp": newest})
    actions: dict[str, dict[str, object]] = {}
    for event in events:
        if since <= int(event.at * TICKS) < newest:
            kind = "delete" if event.did is Did.DELETE_PACKAGE else "update"
            name = f"{event.name}~dev" if event.did is Did.DESCRIBE else event.name
            actions[name] = {"type": kind, "package": name, "time": int(event.at)}
    listed = list(actions.values())
    if desk.mischief.fitting("composer", request.path, ("duplicate",)):
        listed += listed
    if desk.mischief.fitting("composer", request.path, ("shuffle",)):
        desk.mischief.random.shuffle(listed)
    return Answer(json.dumps({"actions": listed, "timestamp": newest}).encode())
