"""Maven Central's search API (Solr's answer, the newest first), and a repository in Maven's layout."""

import hashlib
import re

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.world import Did

ROWS = 200


def answer(desk: Desk, request: Request) -> Answer:
    """Answer one request."""
    if request.path != "/solrsearch/select":
        return _layout(desk, request.path.lstrip("/"))
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


def _layout(desk: Desk, path: str) -> Answer:
    """Serve `group/artifact/maven-metadata.xml`, and files with their hashes beside them."""
    for name, package in desk.of.packages.items():
        group, _, artifact = name.partition("/")
        root = f"{group.replace('.', '/')}/{artifact}/"
        if not path.startswith(root):
            continue
        if path == f"{root}maven-metadata.xml":
            listed = "".join(f"<version>{one.version}</version>" for one in package.present())
            newest = package.present()[-1].version
            text = (
                f"<metadata><groupId>{group}</groupId><artifactId>{artifact}</artifactId><versioning>"
                f"<release>{newest}</release><versions>{listed}</versions></versioning></metadata>"
            )
            return Answer(text.encode(), "text/xml")
        for one in package.present():
            files = {filename: file.data for filename, file in one.files.items()}
            files.setdefault(f"{artifact}-{one.version}.pom", _pom(group, artifact, one.version))
            match = re.fullmatch(rf"{re.escape(root)}{re.escape(one.version)}/(.+?)(\.sha1|\.sha256)?", path)
            if match and match[1] in files:
                data = files[match[1]]
                if match[2] == ".sha1":
                    return Answer(hashlib.sha1(data).hexdigest().encode(), "text/plain")
                return MISSING if match[2] else Answer(data, "application/java-archive")
    return MISSING


def _pom(group: str, artifact: str, version: str) -> bytes:
    return (
        f"<project><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        "<description>A thing of a test.</description><scm><url>https://forge.example/x</url></scm></project>"
    ).encode()
