"""For programs: what would change, or changed, and why; and how many verdicts of each sort there are now.

{"schema": "biopsy-replay/1", "rules": digest, "dossiers": n, "seconds": s, "complete": bool, "write": bool,
 "written": n, "calls": {verdict: n}, "changes": [{run, ecosystem, name, version, filename, created,
 before (null: nobody judged it), after, gained, lost, reason, report}], "unreadable": [text]}
"""

from typing import Any

import msgspec

from biopsy.formats.wire.scalar import text, texts
from biopsy.model.replay import Change, Replayed

ENDING = ".json"


def render(replayed: Replayed, **_: Any) -> str:
    """One object, with all changes."""
    made = {
        "schema": "biopsy-replay/1",
        "rules": replayed.rules,
        "dossiers": replayed.read,
        "seconds": round(replayed.seconds, 3),
        "complete": replayed.done == replayed.parts,
        "write": replayed.write,
        "written": replayed.written,
        "calls": replayed.calls,
        "changes": [_change(one) for one in replayed.changes],
        "unreadable": texts(replayed.unreadable),
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _change(one: Change) -> dict[str, Any]:
    return {
        "run": one.run_id,
        "ecosystem": one.ecosystem,
        "name": text(one.name),
        "version": text(one.version),
        "filename": text(one.filename),
        "created": one.created,
        "before": one.before.value if one.before else None,
        "after": one.after.value,
        "gained": list(one.gained),
        "lost": list(one.lost),
        "reason": text(one.reason),
        "report": text(one.report),
    }
