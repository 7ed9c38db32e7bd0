"""Go: the module index (one JSON object a line, oldest first, 2,000 at most), and the module proxy."""

import json
import re
from datetime import datetime

from tests.registry.answering import MISSING, Answer, Desk, Request
from tests.registry.world import Did, Version, stamp

LIMIT = 2000


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path != "/index":
        return _proxy(desk, request)
    try:
        since = datetime.fromisoformat(request.query.get("since") or "1970-01-01T00:00:00Z").timestamp()
    except ValueError:
        return Answer(b"bad request: invalid since", "text/plain", 400)
    limit = min(int(request.query.get("limit") or LIMIT), LIMIT)
    events = [e for e in desk.of.visible() if e.did is Did.RELEASE and e.at >= since]
    lines = [
        json.dumps({"Path": e.name, "Version": e.version, "Timestamp": stamp(e.at, 6)})
        for e in desk.told(sorted(events, key=lambda e: e.at)[:limit], request.path)
    ]
    return Answer("".join(f"{line}\n" for line in lines).encode(), "application/json")


def _proxy(desk: Desk, request: Request) -> Answer:
    """Serve `PATH/@latest` and `PATH/@v/…`; capitals stand as `!` and a small letter."""
    path = re.sub("!([a-z])", lambda match: match[1].upper(), request.path.lstrip("/"))
    name, _, rest = path.partition("/@")
    package = desk.of.packages.get(name)
    if package is None or package.deleted:
        return Answer(b"not found: unknown module", "text/plain", 404)
    known = {one.version: one for one in package.present()}
    if rest == "v/list":
        tags = [version for version in known if not re.search(r"-\d{14}-", version)]
        return Answer("".join(f"{one}\n" for one in tags).encode(), "text/plain")
    if rest == "latest":
        return _info(list(known.values())[-1])
    match = re.fullmatch(r"v/(.+)\.(info|mod|zip)", rest)
    one = known.get(match[1]) if match else None
    if match is None or one is None:
        return Answer(b"not found: unknown revision", "text/plain", 404)
    if match[2] == "info":
        return _info(one)
    if match[2] == "mod":
        text = str(one.about.get("mod") or f"module {name}\n")
        return Answer(text.encode(), "text/plain")
    data = next((file.data for file in one.files.values()), b"")
    return Answer(data, "application/zip") if data else MISSING


def _info(one: Version) -> Answer:
    said = {"Version": one.version, "Time": stamp(one.at, 0)}
    return Answer(json.dumps(said).encode(), "application/json")
