"""RubyGems as its public documents have it: versions of a timeframe, the compact index, and what clients read."""

import base64
import hashlib
import re
from datetime import datetime

from tests.registry import gem_reads
from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, Event, File, stamp

PAGE = 30
DAYS = 7


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path == "/api/v1/timeframe_versions.json":
        return _timeframe(desk, request)
    if request.path == "/versions":
        return _versions(desk, request)
    if match := re.fullmatch(r"/gems/([^/]+\.gem)", request.path):
        for package in desk.of.packages.values():
            for version in package.present():
                if match[1] in version.files:
                    return Answer(version.files[match[1]].data, "application/octet-stream")
    return gem_reads.answer(desk, request) or MISSING


def _timeframe(desk: Desk, request: Request) -> Answer:
    try:
        since = datetime.fromisoformat(request.query["from"]).timestamp()
        to = (
            datetime.fromisoformat(request.query["to"]).timestamp()
            if request.query.get("to")
            else desk.of.now()
        )
    except (KeyError, ValueError):
        return Answer(b"the from parameter must be iso8601 formatted", "text/plain", 400)
    if to - since > DAYS * 86400:
        return Answer(b"the supplied query time range cannot exceed 7 days", "text/plain", 400)
    if since > to:
        return Answer(
            b"the starting time parameter must be before the ending time parameter", "text/plain", 400
        )
    page = int(request.query.get("page") or 1)
    events = [e for e in desk.of.visible() if e.did is Did.RELEASE and since <= e.at <= to]
    shown = events[(page - 1) * PAGE : page * PAGE]
    return said([_entry(desk, request, e) for e in desk.told(shown, request.path)])


def _entry(desk: Desk, request: Request, event: Event) -> dict[str, object]:
    file = _file(desk, event)
    return {
        "name": event.name,
        "downloads": 0,
        "version": event.version,
        "version_created_at": stamp(event.at),
        "version_downloads": 0,
        "platform": "ruby",
        "authors": "somebody",
        "info": "A gem of a test.",
        "sha": file.sha256 if file else hashlib.sha256(event.name.encode()).hexdigest(),
        "project_uri": f"{request.base}/gems/{event.name}",
        "gem_uri": f"{request.base}/gems/{event.name}-{event.version}.gem",
    }


def _file(desk: Desk, event: Event) -> File | None:
    package = desk.of.packages.get(event.name)
    version = package.versions.get(event.version) if package else None
    return next(iter(version.files.values()), None) if version else None


def _versions(desk: Desk, request: Request) -> Answer:
    """Write one line a release, or where it was `rewritten`, half of them in another order."""
    lines = ["created_at: 2026-01-01T00:00:00Z", "---"]
    for event in desk.of.visible():
        digest = hashlib.md5(f"{event.serial}".encode()).hexdigest()
        if event.did is Did.RELEASE:
            lines.append(f"{event.name} {event.version} {digest}")
        elif event.did is Did.DELETE:
            lines.append(f"{event.name} -{event.version} {digest}")
    if desk.of.rewritten:
        lines = [lines[0], lines[1], *sorted(set(lines[2:]))[: len(lines) // 2]]
    body = ("\n".join(lines) + "\n").encode()
    etag = '"' + hashlib.md5(body).hexdigest() + '"'
    if request.headers.get("if-none-match") == etag:
        return Answer(b"", status=304, headers={"etag": etag})
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {"etag": etag, "accept-ranges": "bytes", "repr-digest": f'sha-256="{digest}"'}
    if match := re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", "")):
        first = int(match[1])
        if first >= len(body):
            return Answer(b"", "text/plain", 416, {"content-range": f"bytes */{len(body)}"})
        headers["content-range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        return Answer(body[first:], "text/plain", 206, headers)
    return Answer(body, "text/plain", headers=headers)
