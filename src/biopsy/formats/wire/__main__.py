"""Write the JSON Schemas of the JSON forms: `python -m biopsy.formats.wire src/biopsy/schema`."""

import json
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from biopsy.formats.wire import AnalysisDocument, ComparisonDocument, Documents


def schema() -> dict[str, Any]:
    """The schema of what `analyze` and `show` print: one analysis, or several in a list."""
    (one, several), parts = _components(AnalysisDocument, Documents)
    head = _head("analysis", "What `biopsy analyze --format json` prints.")
    return {**head, "anyOf": [one, several], "$defs": parts}


def comparison_schema() -> dict[str, Any]:
    """The schema of what `compare` prints."""
    (one,), parts = _components(ComparisonDocument)
    return {**_head("comparison", "What `biopsy compare --format json` prints."), **one, "$defs": parts}


def _head(name: str, what: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:biopsy:schema:{name}-1",
        "title": f"biopsy {name}, version 1",
        "description": f"{what} It may gain fields and never loses one.",
    }


def _components(*types: type) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    whole, parts = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    described = {
        name: {**parts[name], "description": cleandoc(parts[name]["description"])} for name in sorted(parts)
    }
    return whole, described


SCHEMAS = {"analysis-1.json": schema, "comparison-1.json": comparison_schema}

if __name__ == "__main__":
    for name, make in SCHEMAS.items():
        text = json.dumps(make(), indent=2, ensure_ascii=False)
        (Path(sys.argv[1]) / name).write_text(f"{text}\n", "utf-8")
