"""Reading records: nothing that a sandbox can write raises, and nothing is lost without being counted."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_traces import Story, framed, record

from biopsy.sandbox import trace
from biopsy.sandbox.trace import Tally, points, read
from biopsy.sandbox.trace_decode import MAX_ARGUMENTS, address, decode
from biopsy.sandbox.trace_event import Event, Executed, Malformed, Opened
from biopsy.sandbox.trace_text import MAX_ARGUMENT, joined, path_text
from biopsy.sandbox.trace_wire import NUMBERS

DATA = Path(__file__).parent / "data"


def all_of(path: Path, **more: int) -> tuple[list[Event | Malformed], Tally]:
    tally = Tally()
    return list(read(path, tally=tally, **more)), tally


@given(st.binary(max_size=2000))
def test_any_bytes_read_as_events_and_malformed(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.bin"
    file.write_bytes(data)
    events, tally = all_of(file)
    assert len(events) == tally.events + tally.malformed


@given(st.sampled_from(sorted(NUMBERS)), st.binary(max_size=300))
def test_any_body_decodes_or_is_malformed(number: int, body: bytes) -> None:
    assert isinstance(decode(number, body), Event | Malformed)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mutated_real_trace_is_read_to_its_end(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray((DATA / "tricks.bin").read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "mutated.bin"
    file.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    events, tally = all_of(file)
    assert len(events) == tally.events + tally.malformed


def test_a_real_trace_reads_without_a_malformed_record() -> None:
    events, tally = all_of(DATA / "tricks.bin")
    assert (tally.malformed, tally.dropped, tally.truncated) == (0, 0, 0)
    assert len(events) > 200


def test_what_gvisor_dropped_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "trace.bin"
    file.write_bytes(record("End", dropped=0) + record("End", dropped=7) + record("End", dropped=7))
    assert all_of(file)[1].dropped == 7


def test_what_is_past_the_limit_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "trace.bin"
    file.write_bytes(record("End") * 10)
    events, tally = all_of(file, limit=4)
    assert (len(events), tally.truncated) == (4, 6)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\1\0", "cut off within a length"),
        (struct.pack("<I", 50) + b"x", "cut off within a record"),
        (framed(b"short"), "record without a header"),
        (framed(struct.pack("<HHI", 400, 7, 0)), "header of an impossible size"),
        (framed(struct.pack("<HHI", 2, 7, 0)), "header of an impossible size"),
        (framed(struct.pack("<HHI", 8, 99, 0)), "record of an unknown type"),
        (framed(struct.pack("<HHI", 8, 7, 0) + b"\xff\xff"), "body of a Open record"),
    ],
)
def test_a_record_that_is_none_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    file = tmp_path / "trace.bin"
    file.write_bytes(data)
    assert all_of(file)[0] == [Malformed(reason)]


def test_a_longer_header_is_skipped_as_its_size_says(tmp_path: Path) -> None:
    file = tmp_path / "trace.bin"
    plain = record("Open", path=b"/etc/hosts", exit={})[12:]
    file.write_bytes(framed(struct.pack("<HHI", 12, 7, 0) + b"more" + plain))
    assert [event.path for event in all_of(file)[0] if isinstance(event, Opened)] == ["/etc/hosts"]


def test_a_record_too_long_is_skipped_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MAX_RECORD", 100)
    file = tmp_path / "trace.bin"
    file.write_bytes(framed(b"x" * 200) + record("Open", path=b"/etc/hosts", exit={}))
    assert [type(one).__name__ for one in all_of(file)[0]] == ["Malformed", "Opened"]


def test_a_missing_trace_is_an_empty_one(tmp_path: Path) -> None:
    assert all_of(tmp_path / "none.bin")[0] == []


@given(st.binary(max_size=60).filter(lambda raw: b"\0" not in raw), st.binary(max_size=60))
def test_two_different_paths_are_never_the_same_text(one: bytes, other: bytes) -> None:
    assert (path_text(one) == path_text(other)) is (one == other)


def test_an_invalid_byte_is_not_mistaken_for_a_name_that_spells_it() -> None:
    assert path_text(b"/tmp/\xff") == r"/tmp/\xff"
    assert path_text(rb"/tmp/\xff") == r"/tmp/\\xff"


def test_long_paths_that_differ_at_the_end_stay_different() -> None:
    start = b"/" + b"a" * 5000
    assert path_text(start + b"1") != path_text(start + b"2")


def test_arguments_are_held_to_their_limits(tmp_path: Path) -> None:
    file = tmp_path / "trace.bin"
    file.write_bytes(record("Exec", argv=[b"x" * 100_000] * 20 + [b"y"] * 2000, env=[b"A=b"] * 9000))
    event = all_of(file)[0][0]
    assert isinstance(event, Executed)
    assert len(event.argv) == MAX_ARGUMENTS + 1
    assert len(event.argv[0]) < MAX_ARGUMENT + 40


@pytest.mark.parametrize(
    ("folder", "path", "whole"),
    [
        ("/tmp", "x", "/tmp/x"),
        ("/tmp", "../etc/passwd", "/etc/passwd"),
        ("/", "x", "/x"),
        ("/tmp", "/a//b/./c/", "/a/b/c"),
        ("/tmp", "", "/tmp"),
        ("/tmp", "//etc/passwd", "/etc/passwd"),
        ("/tmp", "..", "/"),
    ],
)
def test_a_path_is_made_absolute(folder: str, path: str, whole: str) -> None:
    assert joined(folder, path) == whole


@pytest.mark.parametrize(
    ("raw", "host", "port"),
    [
        (b"\x02\x00\x01\xbb\xcb\x00\x71\x09" + bytes(8), "203.0.113.9", 443),
        (b"\x0a\x00\x1f\x90\0\0\0\0" + bytes(15) + b"\1\0\0\0\0", "::1", 8080),
        (b"\x0a\x00\x00\x50\0\0\0\0" + bytes(10) + b"\xff\xff\xcb\x00\x71\x09\0\0\0\0", "203.0.113.9", 80),
        (b"\x01\x00/run/docker.sock\0junk", "unix:/run/docker.sock", 0),
        (b"\x01\x00\0hidden", "unix:@hidden", 0),
        (b"\x10\x00" + bytes(10), "", 0),
        (b"", "", 0),
        (b"\x02", "", 0),
        (b"\x02\x00\x01", "", 0),
    ],
)
def test_socket_addresses_are_read(raw: bytes, host: str, port: int) -> None:
    assert address(raw) == (host, port)


def test_the_points_name_the_socket_and_never_a_string_of_the_process() -> None:
    session = points("/run/sink.sock")["trace_session"]
    assert session["sinks"][0]["config"]["endpoint"] == "/run/sink.sock"  # type: ignore[index]
    fields = {field for point in session["points"] for field in point["context_fields"]}  # type: ignore[index]
    assert fields == {"time", "thread_id", "group_id"}


def test_stories_are_read_as_they_are_told(tmp_path: Path) -> None:
    file = tmp_path / "trace.bin"
    file.write_bytes(b"".join(Story().open(5, "/etc/hosts").connect(5, "203.0.113.9", 443).exit(5).records))
    names = [type(event).__name__ for event in all_of(file)[0]]
    assert names == ["Called", "Opened", "Closed", "Connected", "Exited", "Exited"]
