"""For programs: one object, described by `biopsy/schema/comparison-1.json`."""

import msgspec

from biopsy.formats.wire import comparison
from biopsy.model.dossier import Analysis, Finding

ENDING = ".json"


def render(before: Analysis, after: Analysis, worrying: tuple[Finding, ...]) -> str:
    """One object of the schema, indented."""
    return (
        msgspec.json.format(msgspec.json.encode(comparison(before, after, worrying)), indent=2).decode()
        + "\n"
    )
