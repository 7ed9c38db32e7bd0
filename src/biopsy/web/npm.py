"""npm's bulk advisories (`npm audit`, yarn, bun): names and versions in, advisories out."""

import zlib
from typing import Any

from litestar import Controller, Response, post

from biopsy.reports import matching
from biopsy.reports.claim import Package
from biopsy.reports.database import Database
from biopsy.web import body
from biopsy.web.store import Asked, Given

MAX_PACKAGES = 50_000  # of one request
MAX_VERSIONS = 1000  # of one package
WORST = {"score": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
"""What malicious code is rated: it runs with the rights of whoever installs it."""


class Npm(Controller):
    """`/-/npm/v1/security`: what npm's clients ask a registry for."""

    path = "/-/npm/v1/security"
    tags = ("npm",)

    @post("/advisories/bulk", status_code=200, summary="Advisories on packages of a tree")
    async def bulk(self, request: Asked, stores: Given) -> Response[dict[str, Any]]:
        """The body maps names to lists of versions; the answer maps those with reports to advisories."""
        try:
            asked = await body.read(request)
        except body.BadBody as error:
            return Response({"error": str(error)}, status_code=error.status)
        if not isinstance(asked, dict) or len(asked) > MAX_PACKAGES:
            return Response({"error": f"an object of at most {MAX_PACKAGES:,} names"}, status_code=400)
        return Response(await stores.run(lambda database: _found(database, asked)))


def _found(database: Database, asked: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, versions in asked.items():
        listed = (
            [v for v in versions if isinstance(v, str)][:MAX_VERSIONS] if isinstance(versions, list) else []
        )
        for report in database.on(Package("npm", name)):
            bad = [v for v in listed if matching.affects(report, "npm", v)]
            if bad:
                found.setdefault(name, []).append(advisory(report, bad))
    return found


def advisory(report: dict[str, Any], versions: list[str]) -> dict[str, Any]:
    """A report as npm's clients read it. Its number is made of the id, and stays."""
    own = str(report.get("id", ""))
    links = [r.get("url") for r in report.get("references") or () if isinstance(r, dict)]
    return {
        "id": zlib.crc32(own.encode()),
        "url": next((u for u in links if isinstance(u, str)), f"https://osv.dev/vulnerability/{own}"),
        "title": f"{report.get('summary') or 'Malicious code'} ({own})",
        "severity": "critical",
        "vulnerable_versions": " || ".join(versions),
        "cwe": ["CWE-506"],
        "cvss": WORST,
    }
