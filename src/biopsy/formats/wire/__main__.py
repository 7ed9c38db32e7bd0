"""Write the JSON Schema of the JSON form: `python -m biopsy.formats.wire > …/schema/analysis-1.json`."""

import json
from inspect import cleandoc
from typing import Any

import msgspec

from biopsy.formats.wire import AnalysisDocument, Documents


def schema() -> dict[str, Any]:
    """The schema of what the json format prints: one analysis, or several in a list."""
    (one, several), parts = msgspec.json.schema_components(
        [AnalysisDocument, Documents], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:biopsy:schema:analysis-1",
        "title": "biopsy analysis, version 1",
        "description": "What `biopsy analyze --format json` prints. It may gain fields and never loses one.",
        "anyOf": [one, several],
        "$defs": {
            name: {**parts[name], "description": cleandoc(parts[name]["description"])}
            for name in sorted(parts)
        },
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
