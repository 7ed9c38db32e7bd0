"""Whatever an analysis holds, every format shows it."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from biopsy.formats import by_name, names
from biopsy.formats import comparison as comparisons
from biopsy.model.behaviour import Behaviour, By, InFile, InRegistry, InTrace, Kind, When
from biopsy.model.comparison import Comparison, Difference, Facet, Side
from biopsy.model.dossier import Analysis, Call, Dossier, Finding, Level, Tool, Verdict
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Change, Evaluated, Exchange, FileChange, Outcome, Process, Status, Step, Watch

SCHEMA = json.loads((files("biopsy") / "schema/analysis-1.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

COMPARED = jsonschema.Draft202012Validator(
    json.loads((files("biopsy") / "schema/comparison-1.json").read_text("utf-8"))
)

text = st.text(st.characters(), max_size=12)
word = st.sampled_from(["laptop", "github-actions", "install", "import", "x"])
count = st.integers(0, 2**70)
seconds = st.floats(allow_nan=True, allow_infinity=True)
ids = st.integers(-3, 6)
some = {"max_size": 4}


def many(strategy: Any) -> Any:
    return st.lists(strategy, **some).map(tuple)


where = st.one_of(
    st.builds(InFile, text.filter(bool), st.integers(-1, 2**40), st.sampled_from(When)),
    st.builds(InTrace, word, st.integers(0, 99), word),
    st.builds(InRegistry),
)
behaviour = st.builds(
    Behaviour,
    st.sampled_from(Kind),
    text,
    where,
    st.none() | ids,
    st.none() | seconds,
    st.sampled_from(By),
    text,
    text,
)
step = st.builds(Step, text, st.sampled_from(Status), text, seconds)
outcome = st.builds(Outcome, word, word, st.sampled_from(Status), text, seconds, many(step), text)
process = st.builds(
    Process,
    ids,
    st.none() | ids,
    word,
    word,
    many(text),
    text,
    seconds,
    st.none() | seconds,
    st.none() | st.integers(),
    st.sampled_from(By),
    text,
)
exchange = st.builds(
    Exchange,
    word,
    word,
    text,
    text,
    st.integers(0, 65535),
    text,
    text,
    text,
    count,
    count,
    seconds,
    st.none() | ids,
    st.sampled_from(By),
    st.booleans(),
)
change = st.builds(
    FileChange,
    word,
    text,
    st.sampled_from(Change),
    count,
    text,
    text,
    st.integers(0, 0o7777),
    st.sampled_from(By),
)
watch = st.builds(Watch, word, count, count, count, count, count, count, count, count, many(text))
evaluated = st.builds(
    Evaluated,
    text,
    text,
    text,
    st.booleans(),
    st.none() | ids,
    word,
    word,
    count,
    st.sampled_from(["python", "javascript", "other"]),
    text,
    text,
    count,
    st.sampled_from(By),
)
dossier = st.builds(
    Dossier,
    text,
    st.builds(Release, word, text.filter(lambda name: bool(name.strip("/"))), text),
    st.builds(Artifact, text, text, st.just(Path("x")), count, text, st.booleans()),
    many(behaviour),
    many(outcome),
    many(process),
    many(exchange),
    many(change),
    many(watch),
    text,
    seconds,
    st.builds(Tool, text, text, text, text, text),
    st.booleans(),
    many(evaluated),
)
level = st.sampled_from(Level)
finding = st.builds(
    Finding,
    text,
    text,
    level,
    level,
    st.sampled_from(["draft", "stable", "retired"]),
    many(text),
    text,
    text,
    many(behaviour),
    st.booleans(),
    st.integers(0, 9),
)
verdict = st.builds(Verdict, st.sampled_from(Call), text, many(text), many(text))
difference = st.builds(
    Difference, st.sampled_from(Facet), text, text, text, st.booleans(), many(behaviour), count
)
comparison = st.builds(
    Comparison,
    st.builds(
        Side, st.builds(Release, word, text.filter(lambda name: bool(name.strip("/"))), text), text, text
    ),
    many(difference),
    many(difference),
    many(difference),
    many(text),
    st.booleans(),
    text,
)
analysis = st.builds(Analysis, dossier, many(finding), verdict, comparison=st.none() | comparison)
compared = st.builds(Analysis, dossier, many(finding), verdict, comparison=comparison)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_behaviour_is_of_the_schema(kind: Kind) -> None:
    pattern = SCHEMA["$defs"]["BehaviourDocument"]["properties"]["kind"]["pattern"]
    assert re.search(pattern, kind)


@pytest.mark.parametrize("name", names())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(first=analysis)
def test_any_analysis_is_shown_and_can_be_sent(name: str, first: Analysis) -> None:
    if name == "mail":  # goes to a registry that is known, about what is malicious
        release = replace(first.dossier.release, ecosystem="npm")
        dossier = replace(first.dossier, release=release)
        first = replace(first, verdict=replace(first.verdict, call=Call.MALICIOUS), dossier=dossier)
    document = by_name(name).render(first)
    assert document.endswith("\n")
    document.encode("utf-8")
    if name == "json":
        VALIDATOR.validate(json.loads(document))


@pytest.mark.parametrize("name", comparisons.names())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(before=analysis, after=compared)
def test_any_two_releases_are_shown_and_can_be_sent(name: str, before: Analysis, after: Analysis) -> None:
    document = comparisons.by_name(name).render(before, after, after.findings[:1])
    assert document.endswith("\n")
    document.encode("utf-8")
    if name == "json":
        COMPARED.validate(json.loads(document))
