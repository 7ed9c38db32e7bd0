"""Unpacking keeps what is readable, says what is odd, and never leaves its folder."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from archives import header, tar, zipped

from biopsy.unpack import Limits, Unpacked, unpack


def opened(tmp_path: Path, name: str, data: bytes, **limits: int) -> Unpacked:
    path = tmp_path / name
    path.write_bytes(data)
    return unpack(path, tmp_path / "out", limits=Limits(**limits))


def paths(unpacked: Unpacked) -> list[str]:
    return [file.path for file in unpacked.tree.files]


def said(unpacked: Unpacked) -> list[str]:
    return [f"{b.kind} {b.value}" for b in unpacked.behaviours]


SIMPLE = (("x-1/setup.py", b"pass\n"), ("x-1/x/__init__.py", b"A = 1\n"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x-1.tar.gz", gzip.compress(tar(*SIMPLE))),
        ("x-1.tar.bz2", bz2.compress(tar(*SIMPLE))),
        ("x-1.tar.xz", lzma.compress(tar(*SIMPLE))),
        ("x-1.tar", tar(*SIMPLE)),
        ("x-1.tgz", gzip.compress(tar(*SIMPLE))),
        ("x-1.zip", zipped(*SIMPLE)),
        ("gnu-1.tar.gz", gzip.compress(tar(*SIMPLE, form=tarfile.GNU_FORMAT))),
    ],
)
def test_the_single_top_folder_is_stripped_in_every_form(tmp_path: Path, name: str, data: bytes) -> None:
    unpacked = opened(tmp_path, name, data)
    assert paths(unpacked) == ["setup.py", "x/__init__.py"]
    assert not unpacked.behaviours
    for file in unpacked.tree.files:
        assert (unpacked.tree.root / file.path).stat().st_size == file.size


def test_a_wheel_keeps_its_top_level(tmp_path: Path) -> None:
    unpacked = opened(tmp_path, "x-1-py3-none-any.whl", zipped(("x/__init__.py", b"")))
    assert paths(unpacked) == ["x/__init__.py"]


def test_a_folder_is_copied_and_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "setup.py").write_text("pass")
    (folder / "link").symlink_to("/etc/hostname")
    unpacked = unpack(folder, tmp_path / "out")
    assert paths(unpacked) == ["setup.py"]
    assert said(unpacked) == ["archive.link link -> /etc/hostname"]


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (("../../evil.py", b"x"), "archive.escape ../../evil.py"),
        (("/etc/evil", b"x"), "archive.escape /etc/evil"),
        (("C:\\evil", b"x"), "archive.escape C:\\evil"),
        (("p/a\nb.py", b"x"), "archive.name control-character p/a\nb.py"),
        (("p/aux.py", b"x"), "archive.name reserved-on-windows p/aux.py"),
        (("p/x.", b"x"), "archive.name trailing-dot-or-space p/x."),
        (("p/" + "a" * 250 + ".py", b"x"), "archive.name too-long p/" + "a" * 250 + ".py"),
        (("d/" * 60 + "x", b"x"), "archive.name too-deep " + "d/" * 60 + "x"),
        (("p/s", header(tarfile.SYMTYPE, "/etc/passwd")), "archive.link p/s -> /etc/passwd"),
        (("p/h", header(tarfile.LNKTYPE, "../x")), "archive.link p/h -> ../x"),
        (("p/f", header(tarfile.FIFOTYPE)), "archive.device fifo p/f"),
        (("p/c", header(tarfile.CHRTYPE)), "archive.device character device p/c"),
    ],
)
def test_an_odd_member_is_a_behaviour_and_stays_inside(
    tmp_path: Path, member: tuple[str, bytes], expected: str
) -> None:
    unpacked = opened(tmp_path, "x-1.tar.gz", gzip.compress(tar(("p/ok", b"1"), member)))
    assert expected in said(unpacked)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "x-1.tar.gz"]
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or path.is_file()
        assert not path.is_symlink()
    assert all((unpacked.tree.root / file.path).is_file() for file in unpacked.tree.files)


def test_a_member_that_lies_too_deep_leaves_the_others_where_they_are(tmp_path: Path) -> None:
    unpacked = opened(
        tmp_path, "x-1.tar.gz", gzip.compress(tar(("p/setup.py", b"1"), ("p/" + "d/" * 60 + "x", b"x")))
    )
    assert "setup.py" in paths(unpacked)


def test_duplicates_are_told_and_all_kept(tmp_path: Path) -> None:
    data = gzip.compress(
        tar(("p/a.py", b"1"), ("p/a.py", b"2"), ("p/A.py", b"3"), ("p/e\u0301", b""), ("p/\u00e9", b""))
    )
    unpacked = opened(tmp_path, "x.tar.gz", data)
    assert sorted(paths(unpacked)) == sorted(["A.py", "a.py", "a~2.py", "e\u0301", "\u00e9"])
    assert (unpacked.tree.root / "a.py").read_bytes() == b"2"
    assert said(unpacked) == [
        "archive.duplicate p/a.py",
        "archive.duplicate p/A.py",
        "archive.duplicate p/\u00e9",
    ]


def test_a_name_that_is_both_file_and_folder_keeps_both(tmp_path: Path) -> None:
    unpacked = opened(tmp_path, "x.whl", zipped(("p/a", b"1"), ("p/a/b", b"2"), ("q/r", b"3"), ("q", b"4")))
    assert sorted(paths(unpacked)) == ["p/a", "p/a~folder/b", "q/r", "q~2"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"total": 5000}, "archive.bomb total 5000 bytes"),
        ({"file": 4096}, "archive.bomb file 4 KiB"),
        ({"entries": 1}, "archive.bomb entries 1"),
        ({"ratio_from": 1000, "ratio": 5}, "archive.bomb ratio 5"),
    ],
)
@pytest.mark.parametrize("form", ["x.tar.gz", "x.whl"])
def test_each_limit_is_held_and_named(
    tmp_path: Path, form: str, limits: dict[str, int], expected: str
) -> None:
    members = (("p/zeros", bytes(1_000_000)), ("p/ones", b"1" * 1_000_000))
    data = zipped(*members) if form.endswith("whl") else gzip.compress(tar(*members))
    unpacked = opened(tmp_path, form, data, **limits)
    assert expected in said(unpacked)
    assert sum(f.size for f in unpacked.tree.files) <= 2_000_000


def test_a_truncated_archive_keeps_what_came_before(tmp_path: Path) -> None:
    data = gzip.compress(tar(("p/a.py", b"print(1)\n"), ("p/b", b"\x00\x01" * 5000), ("p/c", b"x")))
    unpacked = opened(tmp_path, "x.tar.gz", data[:-40])
    assert "a.py" in paths(unpacked)
    assert any(s.startswith("archive.damaged") for s in said(unpacked))


def test_wrong_content_for_its_name_is_told_and_read(tmp_path: Path) -> None:
    unpacked = opened(tmp_path, "x-1-py3-none-any.whl", gzip.compress(tar(*SIMPLE)))
    assert said(unpacked) == ["archive.damaged named as zip, is gzip"]
    assert len(paths(unpacked)) == 2


@pytest.mark.parametrize("data", [b"", b"not an archive", bytes(2000), b"PK\x05\x06" + bytes(30)])
def test_no_archive_is_a_value(tmp_path: Path, data: bytes) -> None:
    unpacked = opened(tmp_path, "x.tar.gz", data)
    assert paths(unpacked) == []
    assert any(s.startswith("archive.damaged") for s in said(unpacked))


def test_npm_drops_the_first_folder_of_every_name(tmp_path: Path) -> None:
    data = gzip.compress(
        tar(("package/package.json", b"{}"), ("other/index.js", b"1"), ("./package/x.js", b"2"))
    )
    assert paths(opened(tmp_path, "x.tgz", data)) == ["index.js", "package.json", "x.js"]


def test_members_after_the_end_of_a_tar_are_hidden_and_unpacked(tmp_path: Path) -> None:
    data = gzip.compress(tar(("p/a", b"1")) + tar(("p/evil.py", b"2")))
    unpacked = opened(tmp_path, "x.tar.gz", data)
    assert paths(unpacked) == ["a", "evil.py"]
    assert "archive.hidden p/evil.py after the end of the tar" in said(unpacked)


def test_a_second_gzip_member_is_told_and_read(tmp_path: Path) -> None:
    whole = tar(("p/a", b"1"), ("p/b", b"2"))
    unpacked = opened(tmp_path, "x.tar.gz", gzip.compress(whole[:700]) + gzip.compress(whole[700:]))
    assert paths(unpacked) == ["a", "b"]
    assert said(unpacked) == ["archive.hidden second gzip member"]


def test_bytes_after_the_end_of_gzip_are_told(tmp_path: Path) -> None:
    unpacked = opened(tmp_path, "x.tar.gz", gzip.compress(tar(("p/a", b"1"))) + b"trailing")
    assert paths(unpacked) == ["a"]
    assert "archive.hidden bytes after the end of gzip" in said(unpacked)


def test_a_pax_size_that_contradicts_the_header_is_hidden(tmp_path: Path) -> None:
    info = tarfile.TarInfo("p/a")
    info.size = 512
    info.pax_headers = {"size": "1024"}
    data = info.tobuf(tarfile.PAX_FORMAT) + b"x" * 1024 + bytes(1024)
    unpacked = opened(tmp_path, "x.tar", data)
    assert "archive.hidden p/a is 512 bytes or, by PAX, 1024" in said(unpacked)


def without_directory_entry(data: bytes, name: bytes) -> bytes:
    """The same zip, its central directory no longer listing `name`."""
    end = data.rindex(b"PK\x05\x06")
    _, offset = struct.unpack("<LL", data[end + 12 : end + 20])
    directory, at, count = b"", offset, 0
    while data[at : at + 4] == b"PK\x01\x02":
        n, extra, comment = struct.unpack("<HHH", data[at + 28 : at + 34])
        stop = at + 46 + n + extra + comment
        if data[at + 46 : at + 46 + n] != name:
            directory, count = directory + data[at:stop], count + 1
        at = stop
    tail = struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), offset, 0)
    return data[:offset] + directory + b"PK\x05\x06" + tail


def test_a_zip_member_that_the_directory_leaves_out_is_hidden_and_unpacked(tmp_path: Path) -> None:
    data = without_directory_entry(
        zipped(("p/a.py", b"1"), ("p/evil.py", b"evil" * 50), ("p/c.py", b"3")), b"p/evil.py"
    )
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["p/a.py", "p/c.py"]
    unpacked = opened(tmp_path, "x.whl", data)
    assert (unpacked.tree.root / "p/evil.py").read_bytes() == b"evil" * 50
    assert "archive.hidden p/evil.py is not in the central directory" in said(unpacked)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda z: b"#!/bin/sh\n" + z, "archive.hidden 10 bytes before the first member"),
        (lambda z: z + b"more", "archive.hidden 4 bytes after the end"),
        (
            lambda z: z.replace(b"p/a.py", b"p/b.py", 1),
            "archive.hidden p/a.py: named p/b.py in its local header",
        ),
    ],
)
def test_two_readings_of_a_zip_are_told(tmp_path: Path, make, expected: str) -> None:
    unpacked = opened(tmp_path, "x.whl", make(zipped(("p/a.py", b"1"))))
    assert expected in said(unpacked)
    assert "p/a.py" in paths(unpacked)


def test_an_encrypted_member_is_told(tmp_path: Path) -> None:
    data = bytearray(zipped(("p/a.py", b"1")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "archive.damaged zip: encrypted p/a.py" in said(opened(tmp_path, "x.whl", bytes(data)))


def test_a_link_in_a_zip_is_told_and_not_made(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("p/link")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    unpacked = opened(tmp_path, "x.whl", zipped((info, b"/etc/passwd")))
    assert said(unpacked) == ["archive.link p/link -> /etc/passwd"]
    assert paths(unpacked) == []


def test_zip_streamed_with_data_descriptors_is_not_odd(tmp_path: Path) -> None:
    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *args: int) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    buffer = Unseekable()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("p/a.py", b"print(1)" * 20)
        out.writestr("p/b.py", b"print(2)" * 20)
    unpacked = opened(tmp_path, "x.whl", buffer.getvalue())
    assert said(unpacked) == []
    assert paths(unpacked) == ["p/a.py", "p/b.py"]


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        (
            "thing@v1.2.0.zip",
            ["forge.example/o/thing@v1.2.0/go.mod", "forge.example/o/thing@v1.2.0/sub/a.go"],
            ["go.mod", "sub/a.go"],
        ),
        ("x.zip", ["a@v1.0.0/go.mod", "b@v1.0.0/go.mod"], ["a@v1.0.0/go.mod", "b@v1.0.0/go.mod"]),
        ("x.jar", ["META-INF/MANIFEST.MF", "META-INF/a"], ["META-INF/MANIFEST.MF", "META-INF/a"]),
        (
            "x.vsix",
            ["extension.vsixmanifest", "[Content_Types].xml", "extension/package.json"],
            [".vsix/[Content_Types].xml", ".vsix/extension.vsixmanifest", "package.json"],
        ),
        (
            "x.vsix",
            ["extension.vsixmanifest", "extension/.vsix/extension.vsixmanifest"],
            [".vsix/extension.vsixmanifest", ".vsix~/extension.vsixmanifest"],
        ),
    ],
)
def test_what_is_around_a_package_is_taken_off(
    tmp_path: Path, name: str, members: list[str], expected: list[str]
) -> None:
    unpacked = opened(tmp_path, name, zipped(*((member, member.encode()) for member in members)))
    assert paths(unpacked) == expected
    assert all(
        (unpacked.tree.root / path).read_bytes().decode().endswith(path.partition("/")[2])
        for path in expected
    )


def test_a_pom_alone_is_a_tree_of_one_file(tmp_path: Path) -> None:
    assert paths(opened(tmp_path, "parent-7.pom", b"<project/>")) == ["pom.xml"]
