"""Files that want to break the reader: each is read, or refused with a sentence; none does anything else."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_readers import CASES

from biopsy import guard
from biopsy.guard import decode

NAMES = sorted({case["name"] for case in CASES})
JSON_NAMES = ["package-lock.json", "Pipfile.lock", "composer.lock", "bom.json", "thing.spdx.json"]
YAML_NAMES = ["pnpm-lock.yaml"]
TOML_NAMES = ["poetry.lock", "uv.lock", "Cargo.lock", "pylock.toml"]


def read(name: str, data: bytes) -> tuple[Any, ...] | str:
    """The entries, or the words of the refusal; whatever else is raised is a fault."""
    reader = guard.choose(name, data)
    assert reader is not None
    try:
        return guard.read(reader, guard.Given(name, data))
    except guard.LockError as error:
        return str(error)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    assert read(name, data) is not None


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['name']} {c.get('why', '')}".strip())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_file(case: dict[str, Any], data: st.DataObject) -> None:
    whole = case["text"].encode()
    at = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 30))
    put = data.draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"", b"null", b"[]", b"{}", b"\\ud800", b"\0"]))
    )
    assert read(case["name"], whole[:at] + put + whole[at + length :]) is not None


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def _replaced(held: Any, path: int, value: Any) -> Any:
    """`held` with its n-th value, counted through the tree, replaced."""
    count = iter(range(10_000))

    def walk(one: Any) -> Any:
        if next(count) == path:
            return value
        if isinstance(one, dict):
            return {k: walk(v) for k, v in one.items()}
        return [walk(v) for v in one] if isinstance(one, list) else one

    return walk(held)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["name"] in {*JSON_NAMES, "sbom.json"}],
    ids=lambda c: f"{c['name']} {c.get('why', '')}".strip(),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(path=st.integers(0, 60), value=VALUES)
def test_a_value_of_the_wrong_type(case: dict[str, Any], path: int, value: Any) -> None:
    made = json.dumps(_replaced(json.loads(case["text"]), path, value))
    assert read(case["name"], made.encode()) is not None


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        *((name, b"[" * 200_000, "") for name in (*JSON_NAMES, *YAML_NAMES)),
        *((name, b'{"a":' * 100_000, "") for name in (*JSON_NAMES, *YAML_NAMES)),
        *((name, b"a = " + b"[" * 200_000, "no TOML") for name in TOML_NAMES),
        *((name, b"[" + b"a." * 100_000 + b"a]", "no TOML") for name in TOML_NAMES),
        ("package-lock.json", b'{"lockfileVersion":1,"dependencies":{"a":' + b'{"dependencies":{"a":' * 50_000, ""),
        ("pnpm-lock.yaml", b"lockfileVersion: '9'\na: &a [x,x]\nb: &b [*a,*a]\n", "line 2: an anchor"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9'\na: *b\n", "line 2: an alias"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9'\na: !!python/object:os.system x\n", "line 2: an explicit tag"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9'\na: 1\na: 2\n", "line 3: the key 'a' stands twice"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9'\n---\na: 1\n", "a second document"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9'\npackages: [a]\n", "packages is no mapping"),
        ("pnpm-lock.yaml", b"- a\n", "no lock file of pnpm"),
        ("package-lock.json", b"{}", "no lock file of npm"),
        ("package-lock.json", b'{"packages": []}', "Expected `object | null`, got `array` - at `$.packages`"),
        ("package-lock.json", b'{"packages": {"node_modules/a": {"version": 1}}}', "got `int` - at `$.packages[...].version`"),
        ("poetry.lock", b"[[package]]\nname = 1\nversion = 'x'\n", "at `$.package[0].name`"),
        ("uv.lock", b"\xff\xfe\xfa", "is not UTF-16"),
        ("go.sum", b"a v1 h1:x\nnonsense\n", "line 2: no module"),
        ("go.mod", b"module x\nrequire (\n a\n)\n", "line 3: no module"),
        ("go.mod", b"module x\nreplace a b\n", "line 2: no replacement"),
        ("Gemfile.lock", b"GEM\n<<<<<<< HEAD\n", "line 2: a conflict of a merge"),
        ("requirements.txt", b"a==1\n\n=x\n", "line 3: no requirement: '=x'"),
        ("requirements.txt", b"a \\\n" * 400_000, "more than"),
        ("yarn.lock", b"a@1:\n  version 1\n x\nb\n", "line 4: neither names nor fields"),
    ],
    ids=lambda v: (v[:24].decode("latin-1") if isinstance(v, bytes) else str(v)),
)  # fmt: skip
def test_a_hostile_file_is_refused_with_a_sentence(name: str, data: bytes, words: str) -> None:
    began = time.process_time()
    found = read(name, data)
    assert isinstance(found, str)
    assert words in found
    assert len(found) < 600
    assert time.process_time() - began < 3


def test_what_is_never_found_again_costs_no_more_than_a_few_passes() -> None:
    names = ",".join(f'"node_modules/\\u0061{n}":{{"version":"1"}}' for n in range(30_000))
    began = time.process_time()
    found = read("package-lock.json", f'{{"lockfileVersion":3,"packages":{{{names}}}}}'.encode())
    assert len(found) == 30_000
    assert time.process_time() - began < 3


@pytest.mark.parametrize("name", NAMES)
def test_too_many_bytes_are_not_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_BYTES", 10)
    assert "the limit is 10" in str(read(name, b"x" * 11))


def test_too_many_packages_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_ENTRIES", 2)
    assert read("requirements.txt", b"a==1\nb==1\nc==1\n") == "more than 2 packages"


def test_the_norway_problem_is_none_of_ours() -> None:
    assert decode.yaml(b"a: no\nb: 1.10\nc: 0x10\n") == {"a": "no", "b": "1.10", "c": "0x10"}
