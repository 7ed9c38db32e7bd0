"""Arbitrary and mutated bytes: never an exception, never a file outside, never past a limit."""

import gzip
import tempfile
from pathlib import Path

import pytest
from archives import tar, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.unpack import Limits, unpack
from thorough import often

LIMITS = Limits(total=200_000, file=100_000, entries=50, ratio_from=50_000)
MEMBERS = (("p/a.py", b"print(1)\n" * 30), ("p/b/c.txt", b"text" * 100), ("p/d", b""))
GOOD = {
    "x.whl": zipped(*MEMBERS),
    "x.tar": tar(*MEMBERS),
    "x.tar.gz": gzip.compress(tar(*MEMBERS)),
}


def check(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        unpacked = unpack(path, Path(folder) / "out", limits=LIMITS)
        root = unpacked.tree.root.resolve()
        found = [p for p in Path(folder).rglob("*") if not p.is_dir() and p != path]
        assert all(p.resolve().is_relative_to(root) and p.is_file() and not p.is_symlink() for p in found)
        assert len(found) == len(unpacked.tree.files)
        assert sum(p.stat().st_size for p in found) <= LIMITS.total
        for file in unpacked.tree.files:
            assert (root / file.path).stat().st_size == file.size


@settings(max_examples=often(60, 150), deadline=None)
@given(st.sampled_from(["x.whl", "x.tgz", "x.tar.gz"]), st.binary(max_size=2000))
def test_any_bytes_can_be_unpacked(name: str, data: bytes) -> None:
    check(name, data)


@settings(max_examples=often(100, 400), deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_any_mutation_of_an_archive_can_be_unpacked(name: str, data: st.DataObject) -> None:
    bytes_ = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(bytes_) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                bytes_[at] = data.draw(st.integers(0, 255))
            case 1:
                del bytes_[at : at + data.draw(st.integers(1, 40))]
            case 2:
                bytes_[at:at] = data.draw(st.binary(min_size=1, max_size=40))
            case _:
                bytes_[at : at + 4] = b"\xff\xff\xff\xff"
        if not bytes_:
            bytes_ = bytearray(b"x")
    check(name, bytes(bytes_))


@settings(max_examples=often(60, 150), deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=30), st.binary(max_size=20)), max_size=6))
def test_any_names_can_be_unpacked(members: list[tuple[str, bytes]]) -> None:
    safe = [(n.encode("utf-8", "replace").decode().replace("\0", "_"), c) for n, c in members]
    check("x.tar", tar(*safe))


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_truncation_can_be_unpacked(name: str) -> None:
    data = GOOD[name]
    for cut in range(0, len(data), max(1, len(data) // 60)):
        check(name, data[:cut])
