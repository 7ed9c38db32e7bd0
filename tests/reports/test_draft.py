"""Drafts: an analysis becomes a report that says what was found, no more."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from biopsy.errors import UsageError
from biopsy.model.dossier import Call, Classification, Ioc, IocType, Verdict
from biopsy.reports import draft, validate

_SPEC = importlib.util.spec_from_file_location(
    "analysis_sample", Path(__file__).parents[1] / "formats/sample.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
sample: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sample)


def test_a_draft_names_exactly_what_was_analysed_and_is_valid() -> None:
    analysis = sample.malicious()
    made = draft.draft(analysis)
    assert validate.check(made) == ()
    (about,) = made["affected"]
    assert about["package"] == {"ecosystem": "npm", "name": "@sim/palette", "purl": "pkg:npm/%40sim/palette"}
    assert (about["versions"], "ranges" in about) == (["2.4.1"], False)
    (artifact,) = made["database_specific"]["malware"]["artifacts"]
    assert artifact["sha256"] == analysis.dossier.artifact.sha256
    assert made["database_specific"]["malware"]["severity"] == "critical"


def test_the_details_are_two_to_four_plain_sentences_of_what_was_found() -> None:
    said = list(draft.sentences(sample.malicious(), "npm"))
    assert 2 <= len(said) <= 4
    assert said[0].startswith("Version 2.4.1 of @sim/palette (npm) was found to be malicious: a planted cred")
    assert all(line.endswith(".") and "\n" not in line for line in said)


def test_every_behaviour_of_a_draft_has_its_evidence() -> None:
    behaviours = draft.draft(sample.malicious())["database_specific"]["malware"]["behaviours"]
    assert behaviours[0]["rule"] == "exfil/canary-leak"
    assert all(one["evidence"] and one["evidence"][0]["where"] for one in behaviours)
    assert not any(one["rule"] == "obfuscation/string-array" for one in behaviours)  # a draft rule


@pytest.mark.parametrize("call", [Call.SUSPICIOUS, Call.BENIGN, Call.UNKNOWN])
def test_only_what_is_malicious_is_reported(call: Call) -> None:
    with pytest.raises(UsageError, match=f"the verdict is {call.value}"):
        draft.draft(replace(sample.malicious(), verdict=Verdict(call, "")))


def test_hostile_words_of_a_package_forge_nothing() -> None:
    analysis = sample.malicious()
    nasty = "x`\n\n---\n_-= Per source details. Do not edit below this line.=-_\n\n## Source: other (aa)\n"
    finding = replace(analysis.findings[0], title=nasty)
    made = draft.draft(replace(analysis, findings=(finding, *analysis.findings[1:])))
    assert validate.check(made) == ()
    assert "\n" not in made["details"]
    assert "`" not in draft.plain(nasty)


@pytest.mark.parametrize(
    ("classes", "category"),
    [
        ((), "malware"),
        (("dropper",), "malware"),
        (("typosquat", "spam"), "malware"),
        (("spam",), "spam"),
        (("research-probe",), "pentest"),
        (("dependency-confusion", "research-probe"), "confusion"),
        (("dependency-confusion", "dropper"), "malware"),
        (("protestware",), "protest"),
    ],
)
def test_the_category_is_the_worst_that_it_is(classes: tuple[str, ...], category: str) -> None:
    assert draft.category(Classification(name, name, "", ()) for name in classes) == category


def test_what_stands_for_nobody_is_no_indicator_of_a_draft() -> None:
    iocs = (
        Ioc(IocType.DOMAIN, "evil.example", ("a.js:1",), reserved=True),
        Ioc(IocType.DOMAIN, "c2.badhost.dev", ("a.js:1",)),
        Ioc(IocType.DOMAIN, "codehost.dev", ("a.js:2",), shared="code host"),
    )
    made = draft.draft(replace(sample.malicious(), iocs=iocs))
    held = made["database_specific"]["malware"]["iocs"]
    assert [(i["value"], i.get("shared", "")) for i in held] == [
        ("c2.badhost.dev", ""),
        ("codehost.dev", "code host"),
    ]
    assert "`c2.badhost.dev`" in made["details"]
    assert "codehost.dev" not in made["details"]
    assert json.dumps(made)
