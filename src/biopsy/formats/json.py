"""For programs: stable, and described by `biopsy/schema/analysis-1.json` (JSON Schema 2020-12).

One analysis is one object; several are `{"schema_version": "1", "analyses": […]}`. All of what is known is in
it. Hostile text needs no care beyond JSON's own escapes, but for bytes that are no text: see `wire`.
"""

import msgspec

from biopsy.formats.wire import SCHEMA_VERSION, Documents, document
from biopsy.model.dossier import Analysis

ENDING = ".json"


def render(first: Analysis, *more: Analysis) -> str:
    """One object of the schema, indented."""
    whole = document(first)
    several = (
        Documents(schema_version=SCHEMA_VERSION, analyses=(whole, *map(document, more))) if more else None
    )
    return msgspec.json.format(msgspec.json.encode(several or whole), indent=2).decode() + "\n"
