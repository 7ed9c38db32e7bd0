"""Putting lists of several claims together, each thing once and in an order that inputs decide."""

import json
from collections.abc import Iterable
from typing import Any

from biopsy.reports.record import Json


def union(*lists: Json) -> list[Json]:
    """Each item once, in order; what is no list counts as empty. Items are equal when their JSON is."""
    found: dict[str, Json] = {}
    for held in lists:
        for item in held if isinstance(held, list) else ():
            found.setdefault(item if isinstance(item, str) else mark(item), item)
    return list(found.values())


def mark(value: Json) -> str:
    """Text that is equal for equal JSON, whatever the order of names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def joined_references(*lists: Json) -> list[dict[str, Json]]:
    """References by type and address."""
    found: dict[tuple[str, str], dict[str, Json]] = {}
    for one in _objects(lists):
        found.setdefault((str(one.get("type", "")), str(one.get("url", ""))), one)
    return list(found.values())


def joined_credits(*lists: Json) -> list[dict[str, Json]]:
    """Credits by name and type, sorted, with all contacts of each."""
    found: dict[tuple[str, str], dict[str, Json]] = {}
    for one in _objects(lists):
        held = found.setdefault((str(one.get("name", "")), str(one.get("type", ""))), dict(one))
        if contacts := union(held.get("contact"), one.get("contact")):
            held["contact"] = contacts
    return [found[key] for key in sorted(found)]


def joined_specific(*objects: Json) -> dict[str, Json]:
    """What is specific to databases: objects name by name, lists as sets; of scalars the first stays.

    Weaknesses (`cwes`) are one by their id, whatever words describe them.
    """
    made: dict[str, Json] = {}
    for held in objects:
        for name, value in held.items() if isinstance(held, dict) else ():
            made[name] = _joined(name, made[name], value) if name in made else value
    return made


def _joined(name: str, mine: Json, theirs: Json) -> Json:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return joined_specific(mine, theirs)
    if not isinstance(mine, list) or not isinstance(theirs, list):
        return mine
    if name != "cwes":
        return union(mine, theirs)
    known = {one.get("cweId") for one in mine if isinstance(one, dict)}
    return [*mine, *(o for o in theirs if isinstance(o, dict) and o.get("cweId") not in known)]


def _objects(lists: Iterable[Json]) -> list[dict[str, Any]]:
    return [one for held in lists if isinstance(held, list) for one in held if isinstance(one, dict)]
