import ast
from pathlib import Path

import pytest
from evals.run import Task, one, prepare
from evals.scenario import scenarios
from evals.squeeze import javascript, python
from evals.syntax import JS_SUFFIXES, parse, walk

from evals import inert, mutate, rename

SAMPLE = 60
PACKAGES = [
    (f"{scenario.id}{'' if payload else ' twin'}", scenario.contents(payload=payload))
    for scenario in scenarios()
    for payload in ((True, False) if scenario.malicious else (True,))
]
SAME_TREE = ("blank lines", "byte order mark", "comments", "padding", "tabs", "files in another order")
SAME_TREE += (
    "encoding latin-1",
    "encoding utf-7",
    "encoding cp1252",
    "line ends of Windows",
    "line ends of old",
)


def tokens(data: bytes) -> list[tuple[str, bytes]]:
    leaves = [node for node in walk(parse(data)) if not node.children and node.type != "comment"]
    return [(node.type, data[node.start_byte : node.end_byte]) for node in leaves]


@pytest.mark.parametrize("name", [name for name in mutate.EDITS if name != "bulk"])
def test_an_edited_package_can_still_be_read(name: str) -> None:
    for identity, files in PACKAGES:
        for path, data in mutate.EDITS[name](dict(files)).items():
            if path.endswith(".py") and not path.startswith("tests/"):
                tree = ast.parse(data)
                if name in SAME_TREE and path in files:
                    assert ast.dump(tree) == ast.dump(ast.parse(files[path])), (identity, path)
            elif path.endswith(JS_SUFFIXES) and not data.startswith(b"#!") and name != "line ends of old":
                assert not parse(data).has_error, (identity, path)


def test_squeezing_and_comments_keep_every_token_of_a_script() -> None:
    for identity, files in PACKAGES:
        for path, data in files.items():
            if path.endswith(JS_SUFFIXES) and not data.startswith(b"#!"):
                assert tokens(javascript(data)) == tokens(data), (identity, path)


def test_squeezing_python_keeps_its_tree() -> None:
    source = b'def f(a):\n    # why\n    """Doc."""\n    b = """x\n  y"""\n    c = 1\n    if a:\n        return b\n\n'
    squeezed = python(source)
    assert squeezed == b"def f(a):\n b = 'x\\n  y';c = 1\n if a:\n  return b\n"


def test_locals_are_renamed_and_what_others_see_is_not() -> None:
    source = (
        b"_key = 1\nPUBLIC = 2\n\ndef f(a, *, b):\n    total = a + b + _key\n    return {'total': total}\n"
    )
    assert rename.python(source) == source.replace(b"_key", b"_v1").replace(
        b"total = a + b", b"v1 = a + b"
    ).replace(b"'total': total", b"'total': v1")
    assert b"_key" in rename.python(source, b"from x import _key")
    script = b"const { a } = require('x')\nconst name = 1, other = (p) => p + name + process.pid\nmodule.exports = { name }\n"
    renamed = rename.javascript(script)
    assert b"const { a } = require('x')" in renamed
    assert b"process.pid" in renamed
    assert b"{ name: v" in renamed


def test_inert_edits_change_no_verdict(tmp_path: Path) -> None:
    every = inert.plan(scenarios(), prepare(tmp_path))
    tasks = inert.sample(every, SAMPLE, seed=1)
    seen = {(task.scenario.id, task.payload, task.edit): one(task) for task in tasks}
    assert not inert.compare(seen)
    assert not [result.reason for result in seen.values() if result.verdict == "error"]


def test_a_changed_verdict_is_noticed() -> None:
    from evals.run import Seen

    seen = {("P01", True, ""): Seen("malicious", ""), ("P01", True, "tabs"): Seen("unknown", "")}
    (changed,) = inert.compare(seen)
    assert (changed.edit, changed.before, changed.after) == ("tabs", "malicious", "unknown")


def _task_has_an_edit(task: Task) -> bool:
    return bool(task.edit)


def test_a_sample_brings_the_unchanged_packages_along(tmp_path: Path) -> None:
    tasks = inert.sample(inert.plan(list(scenarios())[:5], tmp_path), 10)
    assert sum(map(_task_has_an_edit, tasks)) == 10
    plain = {(task.scenario.id, task.payload) for task in tasks if not task.edit}
    assert plain == {(task.scenario.id, task.payload) for task in tasks if task.edit}
