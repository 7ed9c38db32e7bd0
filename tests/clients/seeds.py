"""Made-up reports on releases that harm nobody, as sources write them, and the database that holds them."""

import json
from pathlib import Path
from typing import Any

from biopsy.reports.database import Database

AT = "2026-11-01T00:00:00Z"
PYPI, NPM, GONE, NAMESAKE = "MAL-2026-900001", "MAL-2026-900002", "MAL-2026-900003", "MAL-2026-900004"


def report(own: str, ecosystem: str, name: str, versions: list[str], **more: Any) -> dict[str, Any]:
    """A report with no more in it than most have: a server has to make the rest of it."""
    kind = {"PyPI": "pypi", "npm": "npm"}[ecosystem]
    package = {"ecosystem": ecosystem, "name": name, "purl": f"pkg:{kind}/{name}"}
    return {
        "schema_version": "1.5.0", "id": own, "published": AT, "modified": AT,
        "summary": f"Malicious code in {name} ({ecosystem})",
        "details": "Made up for a test: this package does nothing of the kind.",
        "affected": [{"package": package, "versions": versions}],
        "references": [{"type": "REPORT", "url": f"https://reports.example/{own}"}],
        **more,
    }  # fmt: skip


REPORTS = (
    report(PYPI, "PyPI", "iniconfig", ["2.0.0"]),
    report(NPM, "npm", "ms", ["2.1.2", "2.1.3"]),
    report(GONE, "PyPI", "toml", ["0.10.2"], withdrawn=AT),
    report(f"{GONE}1", "npm", "escape-html", ["1.0.3"], withdrawn=AT),
    report(NAMESAKE, "npm", "toml", ["0.10.2"]),
)
"""A bad version of iniconfig, two of ms; withdrawn reports; a name that is bad in another ecosystem."""


def plant(path: Path) -> None:
    """Make a database with the reports in it."""
    database = Database(path, create=True)
    taken = database.take("made-up", [(r["id"], json.dumps(r).encode()) for r in REPORTS], AT)
    assert not [one for one in taken if one.code], taken
    database.close()
