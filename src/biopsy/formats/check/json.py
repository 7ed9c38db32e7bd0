"""For programs: every entry with its verdict, and how many there are of each.

{"schema": "biopsy-check/1", "counts": {verdict: n}, "files": [{path, form, error?, entries: [
  {ecosystem, name, version, line, verdict, reason, hashes, wanted, origin, path?, reports: [
    {id, summary, sources, link}]}]}]}
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from biopsy.formats.wire.scalar import text, texts
from biopsy.model.check import Checked, Checkup, Verdict

ENDING = ".json"


def render(checkups: Sequence[Checkup], **_: Any) -> str:
    """One object."""
    counts = Counter(one.verdict for checkup in checkups for one in checkup.checked)
    made = {
        "schema": "biopsy-check/1",
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "files": [_file(checkup) for checkup in checkups],
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _file(checkup: Checkup) -> dict[str, Any]:
    error = {"error": text(checkup.error)} if checkup.error else {}
    entries = [_entry(one) for one in checkup.checked]
    return {"path": text(checkup.path), "form": checkup.form, **error, "entries": entries}


def _entry(one: Checked) -> dict[str, Any]:
    entry = one.entry
    return {
        "ecosystem": entry.ecosystem,
        "name": text(entry.name),
        "version": text(entry.version),
        "line": entry.line,
        "verdict": one.verdict.value,
        "reason": text(one.reason),
        "hashes": texts(entry.hashes),
        "wanted": text(entry.wanted),
        "origin": text(entry.origin),
        **({"path": text(entry.path)} if entry.path else {}),
        "reports": [
            {"id": text(r.id), "summary": text(r.summary), "sources": texts(r.sources), "link": text(r.link)}
            for r in one.reports
        ],
    }
