"""Packagist as its public documents have it: changes of metadata since a moment, and the metadata."""

import json
import re

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did, stamp

TICKS = 10_000
KEPT = 86_400.0


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path == "/metadata/changes.json":
        return _changes(desk, request)
    if (match := re.fullmatch(r"/p2/(.+)\.json", request.path)) and match[1] in desk.of.packages:
        package = desk.of.packages[match[1]]
        entries = [{"version": v.version, "time": stamp(v.at)} for v in package.present()]
        return said({"packages": {match[1]: entries}})
    return MISSING


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
