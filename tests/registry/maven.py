"""Maven Central's search API: Solr's answer, the newest first."""

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did

ROWS = 200


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path != "/solrsearch/select":
        return MISSING
    rows, start = min(int(request.query.get("rows") or 20), ROWS), int(request.query.get("start") or 0)
    events = sorted((e for e in desk.of.visible() if e.did is Did.RELEASE), key=lambda e: -e.at)
    docs = []
    for event in desk.told(events[start : start + rows], request.path):
        group, _, artifact = event.name.partition("/")
        docs.append(
            {
                "id": f"{group}:{artifact}:{event.version}",
                "g": group,
                "a": artifact,
                "v": event.version,
                "p": "jar",
                "timestamp": int(event.at * 1000),
            }
        )
    return said(
        {"responseHeader": {"status": 0}, "response": {"numFound": len(events), "start": start, "docs": docs}}
    )
