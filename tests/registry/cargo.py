"""crates.io as its public documents have it: RSS, the API's list of crates, the sparse index and its crates."""

import hashlib
import io
import json
import re
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from typing import Any
from xml.sax.saxutils import escape

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Event, Package, Version, stamp

HOUR = 3600.0


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path == "/rss/updates.xml":
        return _rss(desk, request, Did.RELEASE, 100)
    if request.path == "/rss/crates.xml":
        return _rss(desk, request, Did.CREATE, 50)
    if request.path == "/api/v1/crates" and request.query.get("sort") == "recent-updates":
        return _crates(desk, request)
    if request.path == "/config.json":
        return said({"dl": f"{request.base}/dl", "api": request.base})
    if match := re.fullmatch(r"/dl/([\w-]+)/([^/]+)/download", request.path):
        return _download(desk, match[1], match[2])
    if re.fullmatch(r"/(?:[12]|3/[a-z]|[\w-]{2}/[\w-]{2})/[a-z0-9_-]+", request.path):
        return _index(desk, request)
    return MISSING


def crate(
    name: str, version: str, files: Mapping[str, str | bytes] | None = None, manifest: str = ""
) -> tuple[str, bytes]:
    """Build a crate; `manifest` stands behind the `[package]` of its Cargo.toml."""
    every = {
        "Cargo.toml": f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n\n{manifest}',
        "src/lib.rs": "pub fn one() -> u32 {\n    1\n}\n",
        **(files or {}),
    }
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.USTAR_FORMAT) as pack:
        for path, text in every.items():
            data = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size, entry.mode = len(data), 0o644
            pack.addfile(entry, io.BytesIO(data))
    return f"{name}-{version}.crate", target.getvalue()


def _index(desk: Desk, request: Request) -> Answer:
    """Give the file of a crate: a line a version, as the registry index format has it."""
    lower = request.path.rpartition("/")[2]
    package = next((one for name, one in desk.of.packages.items() if name.lower() == lower), None)
    if package is None or package.deleted:
        return MISSING
    lines = "".join(json.dumps(_line(package, one)) + "\n" for one in package.present())
    etag = '"' + hashlib.md5(lines.encode()).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(lines.encode(), "text/plain", headers={"etag": etag})


def _line(package: Package, release: Version) -> dict[str, Any]:
    document = _manifest(release)
    digest = next((file.sha256 for file in release.files.values()), "0" * 64)
    return {
        "name": package.name, "vers": release.version, "deps": list(_dependencies(document)),
        "cksum": digest, "features": document.get("features", {}), "yanked": release.yanked is not None,
        "links": document.get("package", {}).get("links"), "pubtime": stamp(release.at, 0),
    }  # fmt: skip


def _manifest(release: Version) -> dict[str, Any]:
    for file in release.files.values():
        with tarfile.open(fileobj=io.BytesIO(file.data)) as pack:
            for member in pack:
                if member.name.endswith("/Cargo.toml") and (body := pack.extractfile(member)):
                    return tomllib.loads(body.read().decode())
    return {}


def _dependencies(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for table, kind in (
        ("dependencies", "normal"),
        ("build-dependencies", "build"),
        ("dev-dependencies", "dev"),
    ):
        for name, wanted in document.get(table, {}).items():
            more = wanted if isinstance(wanted, dict) else {"version": wanted}
            version = more.get("version", "*")
            yield {
                "name": name, "req": f"^{version}" if version[:1].isdigit() else version,
                "features": more.get("features", []), "optional": more.get("optional", False),
                "default_features": more.get("default-features", True), "target": None, "kind": kind,
                "registry": None, "package": more.get("package"),
            }  # fmt: skip


def _download(desk: Desk, name: str, version: str) -> Answer:
    package = desk.of.packages.get(name)
    release = package.versions.get(version) if package else None
    for file in release.files.values() if release else ():
        return Answer(file.data, "application/gzip")
    return MISSING


def _rss(desk: Desk, request: Request, did: Did, least: int) -> Answer:
    """Show the last so many, but at least those of the last hour."""
    events = [e for e in desk.of.visible() if e.did is did]
    late = sum(e.at >= desk.of.now() - HOUR for e in events)
    shown = events[-max(late, least) :]
    items = "\n".join(_item(e) for e in desk.told(shown[::-1], request.path))
    text = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:crates="https://crates.io/" '
        'xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>crates.io: recent updates</title>'
        f"<link>https://crates.io/</link>{items}</channel></rss>"
    )
    etag = '"' + hashlib.md5(text.encode()).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(text.encode(), "text/xml; charset=UTF-8", headers={"etag": etag})


def _item(event: Event) -> str:
    name, version = escape(event.name), escape(event.version)
    link = f"https://crates.io/crates/{name}" + (f"/{version}" if version else "")
    what = f"New crate version published: {name} v{version}" if version else f"New crate created: {name}"
    extra = f"<crates:name>{name}</crates:name>" + (
        f"<crates:version>{version}</crates:version>" if version else ""
    )
    date = formatdate(event.at, usegmt=True).replace("GMT", "+0000")
    return (
        f"<item><title>{what}</title><link>{link}</link><description><![CDATA[text]]></description>"
        f"<guid>{link}</guid><pubDate>{date}</pubDate>{extra}</item>"
    )


def _crates(desk: Desk, request: Request) -> Answer:
    page, size = int(request.query.get("page") or 1), min(int(request.query.get("per_page") or 10), 100)
    latest = {e.name: e for e in desk.of.visible() if e.did is Did.RELEASE}
    events = sorted(latest.values(), key=lambda e: -e.at)[(page - 1) * size : page * size]
    crates = [
        {"id": e.name, "name": e.name, "newest_version": e.version, "updated_at": stamp(e.at, 6)}
        for e in events
    ]
    return said({"crates": crates, "meta": {"total": len(latest)}})
