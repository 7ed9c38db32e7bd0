"""Reports of every kind that exports treat differently, and a database of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from biopsy.reports.database import Database

AT = "2026-11-{:02d}T{:02d}:00:00Z"
ALL = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
HASH = "ab" * 32


def record(own: str, name: str, ecosystem: str = "npm", **parts: Any) -> tuple[str, bytes]:
    about: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}} if ecosystem else {}
    about |= {k: parts.pop(k) for k in ("versions", "ranges") if k in parts}
    origins = [{"source": "one", "sha256": f"{int(own[9:]):064x}", "modified_time": AT.format(1, 0)}]
    specific = {"malicious-packages-origins": origins, **parts.pop("specific", {})}
    made = {
        "schema_version": "1.7.4",
        "id": own,
        "modified": "2026-10-01T00:00:00Z",
        "published": "2026-10-01T00:00:00Z",
        "summary": f"Malicious code in {name} ({ecosystem})",
        "affected": [about],
        "database_specific": specific,
    }
    return own, json.dumps(made | parts).encode()


RECORDS = [
    record("MAL-2026-1", "thing", versions=["1.0.0", "1.0.1"], modified="2026-10-03T00:00:00.120Z"),
    record("MAL-2026-2", "@scope/Thing", ranges=ALL, modified="2026-10-03T00:00:00Z"),
    record("MAL-2026-3", "gone", ranges=ALL, withdrawn="2026-10-02T00:00:00Z"),
    record("MAL-2026-4", "Some_Thing", "PyPI", versions=["2.0"], specific={"iocs": {"hashes": [HASH]}}),
    record("MAL-2026-5", "группа:é", "Maven:https://maven.example", ranges=ALL),
    record("MAL-2026-6", "group:thing", "Maven", ranges=ALL),
    record(
        "MAL-2026-7", "between",
        ranges=[{"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]}],
        references=[{"type": "WEB", "url": "https://a.example/1"}, {"type": "ADVISORY", "url": "https://b.example/2"}],
    ),
    record("MAL-2026-8", "x", "", ranges=[{
        "type": "GIT", "repo": "https://github.com/some/thing", "events": [{"introduced": "0"}]}], versions=["a" * 40]),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "reports.db"
    database = Database(path, create=True)
    for hour, one in enumerate(RECORDS):
        (taken,) = database.take("base", [one], AT.format(1 + hour // 3, hour))
        assert not taken.code, taken
    database.close()
    return path
