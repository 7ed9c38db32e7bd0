"""A `.gem`, with everything that can be odd about an archive of archives."""

import gzip
import hashlib
import tempfile
from pathlib import Path

import pytest
from archives import header, tar
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.unpack import Limits, Unpacked, unpack
from thorough import often

SPEC = gzip.compress(b"--- !ruby/object:Gem::Specification\nname: x\n")
DATA = gzip.compress(tar(("lib/x.rb", b"X = 1\n"), ("exe/x", b"puts 1\n")))
GOOD = (("metadata.gz", SPEC), ("data.tar.gz", DATA))


def sums(**digests: str) -> tuple[str, bytes]:
    lines = "".join(f"  {name.replace('_', '.')}: {digest}\n" for name, digest in digests.items())
    return "checksums.yaml.gz", gzip.compress(f"---\nSHA256:\n{lines}".encode())


def opened(folder: Path, data: bytes, limits: Limits | None = None) -> Unpacked:
    path = folder / "x-1.0.gem"
    path.write_bytes(data)
    return unpack(path, folder / "out", limits=limits)


def said(found: Unpacked) -> list[str]:
    return [f"{b.kind} {b.value}" for b in found.behaviours]


def test_files_stand_at_the_root_and_the_gemspec_beside_them(tmp_path: Path) -> None:
    good = sums(metadata_gz=hashlib.sha256(SPEC).hexdigest(), data_tar_gz=hashlib.sha256(DATA).hexdigest())
    found = opened(tmp_path, tar(*GOOD, good))
    assert [file.path for file in found.tree.files] == [".gem/metadata.yml", "exe/x", "lib/x.rb"]
    assert found.behaviours == ()


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([*GOOD, ("more.rb", b"x")], "archive.hidden more.rb beside data.tar.gz"),
        ([*GOOD, ("data.tar.gz", gzip.compress(tar(("lib/y.rb", b"y"))))], "archive.duplicate data.tar.gz"),
        ([GOOD[0]], "archive.damaged gem: no data.tar.gz"),
        ([GOOD[1]], "archive.damaged gem: no metadata.gz"),
        ([*GOOD, sums(data_tar_gz="0" * 64)], "archive.damaged data.tar.gz is not what checksums.yaml.gz says (sha256)"),
        ([("metadata.gz", b"no gzip"), GOOD[1]], "archive.damaged metadata.gz: gzip"),
        ([*GOOD, ("data.tar.gz.sig", header(b"2", "/etc/passwd"))], "archive.link data.tar.gz.sig -> /etc/passwd"),
        ([GOOD[0], ("data.tar.gz", gzip.compress(tar(("../up.rb", b"x"))))], "archive.escape ../up.rb"),
    ],
)  # fmt: skip
def test_oddities_are_told(tmp_path: Path, members: list[tuple[str, bytes]], told: str) -> None:
    assert any(one.startswith(told) for one in said(opened(tmp_path, tar(*members))))


def test_a_file_cannot_take_the_place_of_the_gemspec(tmp_path: Path) -> None:
    data = gzip.compress(tar((".gem/metadata.yml", b"name: innocent\n")))
    found = opened(tmp_path, tar(GOOD[0], ("data.tar.gz", data)))
    assert (found.tree.root / ".gem/metadata.yml").read_bytes().startswith(b"--- !ruby")
    assert "archive.duplicate .gem/metadata.yml" in said(found)


def test_of_several_contents_the_one_that_gem_takes_stands_at_the_name(tmp_path: Path) -> None:
    second = ("data.tar.gz", gzip.compress(tar(("lib/x.rb", b"second"))))
    found = opened(tmp_path, tar(*GOOD, second))
    assert (found.tree.root / "lib/x.rb").read_bytes() == b"X = 1\n"
    assert (found.tree.root / "lib/x~2.rb").read_bytes() == b"second"


def test_a_gemspec_without_end_is_cut(tmp_path: Path) -> None:
    bomb = ("metadata.gz", gzip.compress(b"a" * (6 << 20)))
    found = opened(tmp_path, tar(bomb, GOOD[1]))
    assert "archive.bomb metadata.gz 4 MiB" in said(found)
    assert (found.tree.root / ".gem/metadata.yml").stat().st_size <= 4 << 20


@settings(max_examples=often(60, 200), deadline=None)
@given(st.binary(max_size=2000), st.integers(0, 6000), st.booleans())
def test_any_bytes_can_be_a_gem(noise: bytes, at: int, whole: bool) -> None:
    base = tar(*GOOD)
    data = noise if whole else base[:at] + noise[:20] + base[at + 20 :]
    with tempfile.TemporaryDirectory() as name:
        found = opened(Path(name), data, Limits(total=200_000, file=100_000, entries=50))
        assert sum(file.size for file in found.tree.files) <= 200_000
