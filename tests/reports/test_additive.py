"""Merging as the existing tools do it, on their documented cases."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from biopsy.reports import additive, claim

CASES = yaml.safe_load((Path(__file__).parent / "data/additive.yml").read_text())
NOW = "2026-01-01T00:00:00Z"


def record(parts: dict[str, Any] | None) -> dict[str, Any]:
    given = dict(parts or {})
    made: dict[str, Any] = {"modified": "2020-01-01T00:00:00Z", "details": ""}
    made["affected"] = given.pop("affected", [{"package": {"ecosystem": "npm", "name": "example"}}])
    for name in ("ranges", "versions"):
        if name in given:
            made["affected"][0][name] = given.pop(name)
    if "origins" in given:
        made.setdefault("database_specific", {})[claim.ORIGINS] = given.pop("origins")
    specific = {**given.pop("database_specific", {}), **made.get("database_specific", {})}
    return made | given | ({"database_specific": specific} if specific else {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_reports_merge_as_the_existing_tools_merge_them(case: dict[str, Any]) -> None:
    into, other = record(case.get("into")), record(case.get("other"))
    if "fails" in case:
        with pytest.raises(additive.MergeError, match=f"^{case['fails']}"):
            additive.merge(into, other, NOW)
        return
    made = additive.merge(into, other, NOW)
    for name, wanted in case["gives"].items():
        assert _part(made, name) == wanted


def _part(made: dict[str, Any], name: str) -> Any:
    match name:
        case "ranges" | "versions":
            return made["affected"][0].get(name)
        case "origins":
            return claim.origins(made)
        case "database_specific":
            return {k: v for k, v in made[name].items() if k != claim.ORIGINS}
        case "affected":
            return [{"package": a["package"]} for a in made["affected"]]
    return made.get(name)
