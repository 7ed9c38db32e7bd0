"""A database for tests of the server: a few reports that are out, withdrawn, or still wait."""

import json
from pathlib import Path
from typing import Any

from biopsy.reports.database import Database
from biopsy.reports.policy import Policy

AT = "2026-11-01T00:00:00Z"
DIGEST = "c" * 64


def report(number: int, ecosystem: str, name: str, **about: Any) -> dict[str, Any]:
    """A report by the OSV schema, with an id of ours."""
    package = {"ecosystem": ecosystem, "name": name}
    return {
        "schema_version": "1.7.4", "id": f"MAL-2026-{number}", "modified": AT, "published": AT,
        "aliases": [f"GHSA-{number}"], "summary": f"Malicious code in {name} ({ecosystem})",
        "affected": [{"package": package, **about}],
        "references": [{"type": "ADVISORY", "url": f"https://reports.example/{number}"}],
    }  # fmt: skip


EVERY = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
IOCS = {
    "iocs": {
        "domains": ["evil.example"], "urls": ["https://drop.evil.example/x"],
        "files": [{"digests": {"sha256": DIGEST}}],
    }
}  # fmt: skip


def seed(path: Path) -> Path:
    """Make the database; returns its path."""
    made = [
        report(1, "PyPI", "evil-thing", versions=["1.0.0"], database_specific=IOCS),
        report(2, "npm", "@a/Evil", ranges=EVERY),
        report(3, "NuGet", "Evil.Net", versions=["1.0"]),
        {**report(4, "npm", "innocent", versions=["1.0.0"]), "withdrawn": AT},
        {**report(5, "npm", "huge", versions=["1.0.0"]), "database_specific": {"count": 2**70}},
    ]
    database = Database(path, create=True)
    database.take("test", [(one["id"], json.dumps(one).encode()) for one in made], AT)
    waits = {**report(6, "npm", "waiting", versions=["1.0.0"]), "id": "LAB-6"}
    database.take("lab", [("LAB-6", json.dumps(waits).encode())], AT, Policy("approve"))
    database.close()
    return path
