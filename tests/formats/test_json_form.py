"""The stable form: what programs may rely on."""

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import sample

from biopsy.formats import by_name
from biopsy.formats.wire.__main__ import SCHEMAS

SCHEMA = json.loads((files("biopsy") / "schema" / "analysis-1.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
NASTY = [pytest.param(sample.hostile(text), id=f"nasty{n}") for n, text in enumerate(sample.NASTY)]


def load(*analyses: Any) -> Any:
    return json.loads(by_name("json").render(*analyses))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_in_the_repo_is_that_of_the_types(name: str) -> None:
    kept = json.loads((files("biopsy") / "schema" / name).read_text("utf-8"))
    assert SCHEMAS[name]() == kept, "run: python -m biopsy.formats.wire src/biopsy/schema"


def test_the_schema_is_a_schema() -> None:
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize("analysis", [*sample.ALL, *NASTY])
def test_every_document_is_valid(analysis: Any) -> None:
    VALIDATOR.validate(load(analysis))


def test_what_the_contract_names_is_there_by_that_name() -> None:
    document = load(sample.malicious())
    assert set(document) >= {
        *("schema_version", "run_id", "purl", "artifact", "verdict", "reason", "categories", "findings"),
        *("phases", "behaviours", "processes", "exchanges", "changes", "watches", "tool"),
    }
    assert document["schema_version"] == "1"
    assert document["purl"] == "pkg:npm/%40sim/palette@2.4.1"
    assert document["verdict"] == "malicious"
    assert set(document["artifact"]) >= {"filename", "size", "sha256", "verified"}
    assert set(document["findings"][0]) >= {
        *("rule", "title", "severity", "confidence", "attack", "evidence", "why", "convicts", "category"),
    }
    assert set(document["phases"][0]) >= {"profile", "phase", "status", "reason", "duration_s", "steps"}
    assert set(document["behaviours"][0]) >= {"kind", "value", "where", "process", "time", "attribution"}
    assert set(document["tool"]) >= {"biopsy", "rules", "image", "gvisor", "platform"}


def test_evidence_is_the_text_of_a_behaviour() -> None:
    document = load(sample.malicious())
    texts = {behaviour["text"] for behaviour in document["behaviours"]}
    assert {text for finding in document["findings"] for text in finding["evidence"]} <= texts


def test_processes_are_those_that_behaviours_and_exchanges_name() -> None:
    document = load(sample.malicious())
    known = {process["id"] for process in document["processes"]}
    named = {item["process"] for key in ("behaviours", "exchanges") for item in document[key]} - {None}
    assert named <= known


def test_several_analyses_stand_in_a_list_and_one_does_not() -> None:
    assert load(sample.benign())["verdict"] == "benign"
    both = load(sample.benign(), sample.unknown())
    VALIDATOR.validate(both)
    assert [one["verdict"] for one in both["analyses"]] == ["benign", "unknown"]


def test_bytes_that_are_no_text_are_written_out() -> None:
    document = load(sample.hostile("\udcff\ud800 lone"))
    assert document["behaviours"][0]["value"] == "\\udcff\\ud800 lone"
    json.dumps(document, ensure_ascii=False).encode("utf-8")
