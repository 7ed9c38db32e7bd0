"""PyPI as its public documents have it: simple API, JSON, XML-RPC changelog, RSS, files."""

import hashlib
import html
import json
import re
import xmlrpc.client
from email.utils import formatdate
from xml.sax.saxutils import escape

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Event, File, Package, Version, stamp

MAX_ROWS = 50_000
JSON_PAGE = "application/vnd.pypi.simple.v1+json"


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    path = request.path
    if path in ("/pypi", "/pypi/") and request.method == "POST":
        return _rpc(desk, request)
    if match := re.fullmatch(r"/simple/([^/]+)/", path):
        return _simple(desk, request, match[1])
    if match := re.fullmatch(r"/pypi/([^/]+)(?:/([^/]+))?/json", path):
        return _document(desk, request, match[1], match[2] or "")
    if path == "/rss/updates.xml":
        return _rss(desk, request, [e for e in desk.of.visible() if e.did is Did.RELEASE][-100:])
    if path == "/rss/packages.xml":
        return _rss(desk, request, [e for e in desk.of.visible() if e.did is Did.CREATE][-40:])
    if path == "/simple/":
        names = [{"name": p.name} for p in desk.of.packages.values() if not p.deleted]
        return said({"meta": {"api-version": "1.1", "_last-serial": desk.of.serial}, "projects": names})
    if match := re.fullmatch(r"/packages/([0-9a-f]{64})/([^/]+)", path):
        return _file(desk, match[1], match[2])
    return MISSING


def normal(name: str) -> str:
    """Give the name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _find(desk: Desk, name: str) -> Package | None:
    wanted = normal(name)
    package = desk.of.packages.get(wanted) or next(
        (p for p in desk.of.packages.values() if normal(p.name) == wanted), None
    )
    return package if package and not package.deleted else None


def _url(request: Request, file: File) -> str:
    return f"{request.base}/packages/{file.sha256}/{file.filename}"


def _simple(desk: Desk, request: Request, name: str) -> Answer:
    package = _find(desk, name)
    if package is None:
        return MISSING
    files = [(v, f) for v in package.present() for f in v.files.values()]
    headers = {"x-pypi-last-serial": str(package.serial), "vary": "accept"}
    if JSON_PAGE in request.headers.get("accept", ""):
        entries = [
            {
                "filename": f.filename,
                "url": _url(request, f),
                "hashes": {"sha256": f.sha256},
                "size": f.size,
                "upload-time": stamp(f.at, 6),
                "yanked": v.yanked or v.yanked is not None,
            }
            for v, f in files
        ]
        page = {
            "meta": {"api-version": "1.1"},
            "name": normal(name),
            "versions": [v.version for v in package.present()],
            "files": entries,
        }
        return Answer(json.dumps(page).encode(), JSON_PAGE, headers=headers)
    lines = [
        f'<a href="{_url(request, f)}#sha256={f.sha256}"'
        + (f' data-yanked="{html.escape(v.yanked)}"' if v.yanked is not None else "")
        + f">{f.filename}</a><br>"
        for v, f in files
    ]
    text = "<!DOCTYPE html><html><body>\n" + "\n".join(lines) + "\n</body></html>\n"
    return Answer(text.encode(), "text/html", headers=headers)


def _document(desk: Desk, request: Request, name: str, version: str) -> Answer:
    package = _find(desk, name)
    releases = package.present() if package else []
    if package is None or (version and version not in {v.version for v in releases}):
        return MISSING
    shown = next((v for v in releases if v.version == version), None) or (releases[-1] if releases else None)
    document = {
        "info": {
            "name": package.name,
            "version": shown.version if shown else "",
            "summary": "A package of a test.",
            "yanked": bool(shown and shown.yanked is not None),
            **(shown.about if shown else {}),
        },
        "last_serial": package.serial,
        "urls": [_upload(request, shown, f) for f in shown.files.values()] if shown else [],
        "vulnerabilities": [],
    }
    if not version:
        document["releases"] = {
            v.version: [_upload(request, v, f) for f in v.files.values()] for v in releases
        }
    body = json.dumps(document).encode()
    etag = '"' + hashlib.md5(body).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(body, headers={"etag": etag, "x-pypi-last-serial": str(package.serial)})


def _upload(request: Request, version: Version, file: File) -> dict[str, object]:
    return {
        "filename": file.filename,
        "packagetype": "bdist_wheel" if file.filename.endswith(".whl") else "sdist",
        "digests": {"sha256": file.sha256, "md5": hashlib.md5(file.data).hexdigest()},
        "size": file.size,
        "upload_time": stamp(file.at, 0).removesuffix("Z"),
        "upload_time_iso_8601": stamp(file.at, 6),
        "url": _url(request, file),
        "yanked": version.yanked is not None,
        "yanked_reason": version.yanked or None,
    }


def _file(desk: Desk, sha256: str, filename: str) -> Answer:
    for package in desk.of.packages.values():
        for version in package.versions.values():
            file = version.files.get(filename)
            if file and file.sha256 == sha256 and not version.deleted and not package.deleted:
                return Answer(file.data, "application/octet-stream")
    return MISSING


def _rpc(desk: Desk, request: Request) -> Answer:
    parameters, method = xmlrpc.client.loads(request.body)
    result: object
    if method == "changelog_last_serial":
        result = max((e.serial for e in desk.of.visible()), default=desk.of.serial - len(desk.of.events))
    elif method == "changelog_since_serial":
        since = int(str(parameters[0]))
        later = desk.of.visible(since)[:MAX_ROWS]
        result = [_row(e) for e in desk.told(later, f"/pypi {method}")]
    else:
        fault = xmlrpc.client.Fault(-32601, f"server error; requested method not found: {method}")
        return Answer(xmlrpc.client.dumps(fault).encode(), "text/xml")
    text = xmlrpc.client.dumps((result,), methodresponse=True, allow_none=True)
    return Answer(text.encode(), "text/xml; charset=utf-8")


def _row(event: Event) -> tuple[str, str | None, int, str, int]:
    kind = "py3" if event.filename.endswith(".whl") else "source"
    action = {
        Did.CREATE: "create",
        Did.RELEASE: "new release",
        Did.FILE: f"add {kind} file {event.filename}",
        Did.YANK: "yank release",
        Did.UNYANK: "unyank release",
        Did.DELETE_FILE: f"remove file {event.filename}",
        Did.DELETE: "remove release",
        Did.DELETE_PACKAGE: "remove project",
        Did.DESCRIBE: "add Owner somebody",
    }[event.did]
    return (event.name, event.version or None, int(event.at), action, event.serial)


def _rss(desk: Desk, request: Request, events: list[Event]) -> Answer:
    entries = []
    for event in desk.told(events[::-1], request.path):
        name = escape(event.name)
        title = f"{name} {escape(event.version)}" if event.version else f"{name} added to PyPI"
        link = f"{request.base}/project/{name}/" + (f"{escape(event.version)}/" if event.version else "")
        date = formatdate(event.at, usegmt=True)
        entries.append(
            f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid>"
            f"<description>text</description><pubDate>{date}</pubDate></item>"
        )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>PyPI recent updates</title>'
        + "\n".join(entries)
        + "</channel></rss>"
    )
    etag = '"' + hashlib.md5(text.encode()).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    return Answer(text.encode(), "text/xml; charset=UTF-8", headers={"etag": etag})
