"""A home with a few analyses and reports, indexed, and the server that shows it."""

import json
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

from biopsy import detect
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis, Dossier, Tool
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Change, Evaluated, Exchange, FileChange, Outcome, Process, Status, Watch
from biopsy.reports.database import Database
from biopsy.warehouse import Warehouse
from biopsy.web.app import Settings, build
from biopsy.web.site.index.file import writing
from biopsy.web.site.index.following import Follower

HOSTILE = "<script>alert(1)</script>\u202egnp.\x1b[31m"
BENIGN = ("pkg.hook setup.py @ setup.py", "file.read $HOME/.cache @ laptop/install#2")
STEALS = (
    "pkg.hook setup.py @ setup.py",
    "code.eval exec @ setup.py:12 (install)",
    "canary.read npm-token @ laptop/install#4",
    "net.connect collect.example:443 @ laptop/install#6",
    "canary.leak npm-token > collect.example:443 as base64 @ laptop/install#7",
)


def dossier(number: int, name: str, version: str, facts: tuple[str, ...], **more: Any) -> Dossier:
    """A dossier of a run on two machines; only on the first did anything happen."""
    return Dossier(
        run_id=f"20261120-1200{number:02d}-{number:08x}",
        release=Release(more.pop("ecosystem", "npm"), name, version),
        artifact=Artifact("a.tgz", "tgz", Path("x"), 1000, f"{number:064x}", True),
        behaviours=tuple(map(Behaviour.parse, facts)),
        outcomes=tuple(Outcome(p, "install", Status.COMPLETED, "", 2.5) for p in ("laptop", "ci")),
        processes=(Process(1, None, "laptop", "install", ("node", "x.js")),),
        exchanges=(
            Exchange("laptop", "install", "https", "collect.example", 443, "POST /", HOSTILE, "ok", 3, 2),
        ),
        changes=(
            FileChange(
                "laptop", "/home/ada/.bashrc", Change.CHANGED, 9, "a" * 64, f"export A=1\nevil {HOSTILE}\n"
            ),
            FileChange("ci", "/home/runner/.bashrc", Change.CHANGED, 9, "b" * 64, "export A=1\n"),
        ),
        watches=(Watch("laptop", 100), Watch("ci", 90)),
        evaluated=(
            Evaluated("a" * 16, "exec", "exec(decode('cA=='))", True, 1, "install", "laptop", 3),
            Evaluated("b" * 16, "exec", "print('peeled')", True, 1, "install", "laptop", 4, parent="a" * 16),
        ),
        created=f"2026-11-20T12:00:{number:02d}Z",
        duration_s=1.5,
        tool=Tool("0.1", "rules-1", "image-1"),
        against="none",
    )


def report(own: str, ecosystem: str, name: str, **more: Any) -> dict[str, Any]:
    """A report by the OSV schema."""
    at = "2026-11-20T00:00:00Z"
    return {
        "schema_version": "1.7.4", "id": own, "modified": at, "published": at, "aliases": [f"GHSA-{own[-4:]}"],
        "summary": f"Malicious code in {name}", "details": f"It **steals**.\n\n{HOSTILE} [x](javascript:alert(1))",
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "versions": ["1.0.0"]}],
        "database_specific": {"iocs": {"domains": ["collect.example"], "hashes": ["c" * 64]}},
        "references": [{"type": "WEB", "url": "https://reports.example/1"}, {"type": "WEB", "url": "javascript:1"}],
        **more,
    }  # fmt: skip


def home(place: Path) -> Path:
    """Fill a home: `thief` 1.0.0 and 2.0.0, a hostile name, reports on two packages."""
    warehouse, rules = Warehouse(place), detect.ready(None)
    made = (
        dossier(1, "thief", "0.9.0", BENIGN),
        dossier(2, "thief", "1.0.0", STEALS),
        dossier(3, "odd.json", "1.0.0", BENIGN),
        dossier(5, "long", HOSTILE, (*STEALS, f"net.dns {'n' * 10**6} @ laptop/install#8")),
        dossier(4, HOSTILE, "1.0.0", (*STEALS, f"net.dns {HOSTILE!r} @ laptop/install#8")),
    )
    for one in made:
        warehouse.add(one)
        findings = detect.match(rules, one, None)
        warehouse.judged(Analysis(one, findings, detect.decide(findings, one)), one.created)
    listed = [
        report("MAL-2026-0001", "npm", "thief"),
        report("MAL-2026-0002", "PyPI", "evil-thing", withdrawn="2026-11-21T00:00:00Z"),
        report("MAL-2026-0003", "npm", "odd-name" + HOSTILE[:25]),
        report("MAL-2026-0004", "npm", "n" * 200, summary="s" * 10**6, details="d " * 10**6),
    ]
    database = Database(place / "reports.db", create=True)
    database.take("lab", [(one["id"], json.dumps(one).encode()) for one in listed], "2026-11-20T00:00:00Z")
    database.close()
    with writing(place) as db:
        follower = Follower(place, place / "reports.db")
        while follower.step(db):
            pass
    return place


def client(place: Path) -> TestClient[Any]:
    """A client of the server on that home; what goes wrong inside is an answer, as for everybody."""
    database = place / "reports.db"
    return TestClient(build(database, Settings(database, home=place)), raise_server_exceptions=False)
