"""Every form of lock file, with what it holds and where."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from biopsy import guard

CASES = yaml.safe_load((Path(__file__).parent / "data" / "cases.yml").read_text())


def entries(name: str, text: str, **files: str) -> list[Any]:
    def beside(path: str) -> bytes:
        if path not in files:
            raise guard.LockError("outside the folder")
        return files[path].encode()

    data = text.encode()
    reader = guard.choose(name, data)
    assert reader is not None
    return list(guard.read(reader, guard.Given(name, data, beside)))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['name']} {c.get('why', '')}".strip())
def test_a_file_holds(case: dict[str, Any]) -> None:
    found = entries(case["name"], case["text"])
    assert [[e.ecosystem, e.name, e.version, e.line] for e in found] == case["entries"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['name']} {c.get('why', '')}".strip())
def test_a_file_of_another_name_is_known_by_what_it_says(case: dict[str, Any]) -> None:
    by_name, by_look = (guard.choose(n, case["text"].encode()) for n in (case["name"], "x"))
    if case["name"] != "requirements.txt":
        assert by_name is by_look


def test_every_reader_has_a_case() -> None:
    told = {guard.choose(case["name"], case["text"].encode()) for case in CASES}
    assert told == set(guard.readers())


def test_hashes_are_kept() -> None:
    (entry,) = entries("requirements.txt", "a==1 --hash=sha256:AA00 --hash=sha512:bb")
    assert entry.hashes == ("sha256:aa00", "sha512:bb")


def test_includes_are_followed_where_they_stand() -> None:
    found = entries("requirements.txt", "a==1\n-r sub/b.txt\nc==1\n", **{
        "sub/b.txt": "b==1\n-r c.txt\n-r b.txt\n", "sub/c.txt": "d==1",
    })  # fmt: skip
    assert [(e.name, e.path, e.line) for e in found] == [
        ("a", "", 1), ("b", "sub/b.txt", 1), ("d", "sub/c.txt", 1), ("c", "", 3),
    ]  # fmt: skip


@pytest.mark.parametrize("to", ["../../etc/passwd", "https://x.example/r.txt", "/etc/passwd"])
def test_an_include_that_is_not_followed_is_told(to: str) -> None:
    (entry,) = entries("requirements.txt", f"-r {to}")
    assert (entry.ecosystem, entry.name) == ("", to)
    assert "not followed" in entry.origin
