"""Records that follow the OSV schema in odd ways, and records that do not: for hypothesis."""

import copy
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from biopsy.reports.naming import KNOWN

WRITTEN = json.loads((Path(__file__).parents[2] / "bench/reports_made.json").read_text())

_ODD = st.sampled_from([
    None, True, 0, -1, 2**64, -(2**70), 1e308, -0.0, "", " ", "0", ".", "..", "../../x", "/etc/passwd", "\\", "a\x00b",
    "\u202e", "\ufeff", "é", "e\u0301", "𝕏" * 50, "x" * 300, "con", "pattern.json", "%2e%2e%2f", "\n", "MAL-2026-1",
    "MAL-9999-999999999", "malicious-packages-origins", [], {}, [[]], [None], {"a": None}, [{}], "0000-00-00T00:00:00Z",
    "2026-13-45T99:99:99Z", "9999-12-31T23:59:60Z", "=HYPERLINK(1)", "git@github.com:a/b", "http://[::1", "pkg:npm/%40a/b@1",
])  # fmt: skip
_ANYTHING = st.recursive(
    _ODD | st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@cache
def schema() -> dict[str, Any]:
    """The schema of OSV, as the package holds it."""
    held = resources.files("biopsy").joinpath("schema", "osv-1.7.5.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(held)
    return found


def _made(node: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """What a part of the schema allows, as far as its types, words and patterns say."""
    if "$ref" in node:
        return _made(schema()["$defs"][node["$ref"].rpartition("/")[2]], depth)
    if "enum" in node:
        return st.sampled_from(node["enum"])
    for name in ("anyOf", "oneOf"):
        if name in node and "properties" not in node:
            return st.one_of([_made(one, depth) for one in node[name]])
    kinds = node.get("type", "object" if "properties" in node else "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return st.one_of([_of(kind, node, depth) for kind in kinds])


def _of(kind: str, node: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    match kind:
        case "null":
            return st.none()
        case "array":
            return st.lists(_made(node.get("items") or {}, depth + 1), max_size=3)
        case "object":
            fields = {name: _made(part, depth + 1) for name, part in node.get("properties", {}).items()}
            needed = {n: s for n, s in fields.items() if n in node.get("required", ())}
            rest = {n: s for n, s in fields.items() if n not in needed}
            if not fields:
                return st.dictionaries(st.text(max_size=8), _ANYTHING, max_size=3)
            return st.fixed_dictionaries(needed, optional=rest)
        case "string":
            if "pattern" in node:
                return st.from_regex(node["pattern"], fullmatch=True) | st.text(max_size=12)
            return st.text(max_size=30) | st.sampled_from(["https://a.example/x", "1.0.0", "0"])
    return _ANYTHING


@cache
def allowed() -> st.SearchStrategy[dict[str, Any]]:
    """Records that the schema allows, most of them on a package in an ecosystem that is known."""
    about = st.fixed_dictionaries(
        {"ecosystem": st.sampled_from(sorted(KNOWN)), "name": st.text(min_size=1, max_size=20)}
    )

    @st.composite
    def one(draw: st.DrawFn) -> dict[str, Any]:
        record: dict[str, Any] = copy.deepcopy(draw(_made(schema())))
        for affected in record.get("affected") or ():
            if draw(st.integers(0, 9)):
                affected["package"] = draw(about)
        return record

    return one()


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """A written report in which some parts are something else, or gone."""
    record: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(WRITTEN)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(record))
        holder, key = draw(st.sampled_from(places))
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = copy.deepcopy(draw(_ANYTHING))  # what is drawn is shared
    return record


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)
