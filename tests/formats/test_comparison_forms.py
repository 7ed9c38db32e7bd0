"""Two releases beside each other, for every reader; and the section of a report that says what changed."""

import json
import re
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import sample

from biopsy.formats import by_name
from biopsy.formats.comparison import by_name as form
from biopsy.formats.comparison import names
from biopsy.model.dossier import Analysis

NASTY = [pytest.param(sample.hostile(text), id=f"nasty{n}") for n, text in enumerate(sample.NASTY)]
SCHEMA = json.loads((files("biopsy") / "schema" / "comparison-1.json").read_text("utf-8"))
BEFORE, AFTER = sample.before(), sample.malicious()


def shown(name: str, before: Analysis = BEFORE, after: Analysis = AFTER, **options: Any) -> str:
    return form(name).render(before, after, after.findings[:2], **options)


def test_every_form_is_found_by_its_file() -> None:
    assert names() == ("html", "json", "text")


def test_text_says_both_releases_what_is_new_and_what_worries() -> None:
    text = shown("text")
    assert "pkg:npm/%40sim/palette@2.4.0" in text
    assert "pkg:npm/%40sim/palette@2.4.1" in text
    assert "Worrying: A planted credential left the sandbox" in text
    assert re.search(r"\+ credentials +opens npm-token  at install", text)
    assert re.search(r"~ dependency +kind-of@\^6.0.0  was kind-of@\^5.0.0", text)
    assert re.search(r"− variable +\$PALETTE_THEME", text)
    assert "execute under laptop was not run to its end for the earlier release" in text


def test_json_is_valid_and_holds_everything() -> None:
    document = json.loads(shown("json"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    comparison = document["comparison"]
    assert document["worrying"] == [finding.rule for finding in AFTER.findings[:2]]
    assert {"secret", "host", "command", "hook"} <= {one["facet"] for one in comparison["new"]}
    assert comparison["before"]["run_id"] == document["before"]["run_id"]
    texts = {str(behaviour) for behaviour in AFTER.dossier.behaviours}
    assert {text for one in comparison["new"] for text in one["evidence"]} <= texts


@pytest.mark.parametrize("after", NASTY)
def test_no_word_of_a_package_acts_on_its_reader(after: Analysis) -> None:
    text = shown("text", after, after, colour=False)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    page = shown("html", after, after)
    plain = shown("html")
    for mark in ("<script", "<style", "<svg", "<img", "<iframe"):
        assert page.lower().count(mark) <= max(plain.count(mark), 1)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(shown("json", after, after)))


def test_a_report_says_what_changed_since_the_release_before() -> None:
    text = by_name("text").render(AFTER)
    assert re.search(r"Since 2.4.0  \d+ new, 2 gone, 1 changed", text)
    assert "not compared: " in text
    page = by_name("html").render(AFTER)
    assert 'id="a1-since"' in page
    document = json.loads(by_name("json").render(AFTER))
    assert document["comparison"]["before"]["purl"] == "pkg:npm/%40sim/palette@2.4.0"


def test_without_a_release_before_nothing_is_said_of_one() -> None:
    assert "Since" not in by_name("text").render(sample.benign())
    assert 'id="a1-since"' not in by_name("html").render(sample.benign())
    assert json.loads(by_name("json").render(sample.benign()))["comparison"] is None
