"""The Go module index: one JSON object a line, oldest first, 2,000 at most."""

import json
from datetime import datetime

from tests.registry.answering import MISSING, Answer, Desk, Request
from tests.registry.world import Did, stamp

LIMIT = 2000


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path != "/index":
        return MISSING
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
