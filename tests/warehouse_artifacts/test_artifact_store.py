"""The artifact store: what is put comes back to the byte, and nothing that lies there can be installed."""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.errors import UsageError
from biopsy.model.dossier import Call
from biopsy.warehouse.artifacts import Artifacts, Damaged, StoreError, keeping, wrapped
from biopsy.warehouse.artifacts.keeping import Hold, Retention, sweep

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=400)


@pytest.fixture
def store(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "store")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel that is stored, not deflated: its bytes would show through any compression."""
    path = tmp_path / "calm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("calm.py", os.urandom(3000))
        made.writestr("calm-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: calm\nVersion: 1.0\n")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _lies(store: Artifacts) -> Path:
    (found,) = Path(store.root).rglob("*.wrapped")
    return found


def test_what_is_put_comes_back_to_the_byte(store: Artifacts, wheel: Path, tmp_path: Path) -> None:
    sha256 = _sha256(wheel)
    assert store.put(wheel, sha256).new
    assert store.get(sha256, tmp_path / "out").filename == wheel.name
    assert (tmp_path / "out").read_bytes() == wheel.read_bytes()
    assert (tmp_path / "out").stat().st_mode & 0o111 == 0


def test_putting_twice_is_harmless(store: Artifacts, wheel: Path) -> None:
    assert [store.put(wheel, _sha256(wheel)).new for _ in range(2)] == [True, False]
    assert len(list(store.entries())) == 1


def test_what_lies_there_is_nothing_that_installs_or_opens(
    store: Artifacts, wheel: Path, tmp_path: Path
) -> None:
    store.put(wheel, _sha256(wheel))
    lying = _lies(store).read_bytes()
    assert not zipfile.is_zipfile(io.BytesIO(lying))
    assert b"PK\x03\x04" not in lying
    assert b"\x28\xb5\x2f\xfd" not in lying  # nor is it a Zstandard frame that a tool would look into
    copy = tmp_path / wheel.name
    copy.write_bytes(lying)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target"]
    assert (
        subprocess.run([*pip, str(tmp_path / "t"), str(copy)], capture_output=True, check=False).returncode
        != 0
    )


def test_other_bytes_than_announced_are_not_stored(store: Artifacts, wheel: Path) -> None:
    with pytest.raises(Damaged, match="other bytes"):
        store.put(wheel, "0" * 64)
    assert list(store.entries()) == []


def test_a_damaged_artifact_is_told_and_never_written(store: Artifacts, wheel: Path, tmp_path: Path) -> None:
    sha256 = _sha256(wheel)
    store.put(wheel, sha256)
    lying = bytearray(_lies(store).read_bytes())
    lying[-200] ^= 1
    _lies(store).write_bytes(lying)
    with pytest.raises(Damaged):
        store.get(sha256, tmp_path / "out")
    assert [one.sha256 for one in store.verify() if one.trouble] == [sha256]
    assert not [*tmp_path.glob("out"), *tmp_path.glob(".part-*")]


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255))
def test_no_stored_bytes_whatever_make_reading_fail_otherwise(junk: bytes, at: int, byte: int) -> None:
    data = b"import this\n" * 20
    held = io.BytesIO()
    sha256 = hashlib.sha256(data).hexdigest()
    wrapped.wrap(io.BytesIO(data), wrapped.Header(sha256, len(data)), held)
    changed = bytearray(held.getvalue())
    changed[min(at, len(changed) - 1)] = byte
    for stored in (junk, wrapped.MAGIC + junk, bytes(changed), bytes(changed)[:at], held.getvalue() + junk):
        out = io.BytesIO()
        try:
            wrapped.unwrap([stored], sha256, out)
        except Damaged:
            continue
        assert out.getvalue() == data


def test_a_stored_bomb_meets_the_size_that_it_announced(tmp_path: Path) -> None:
    import zstandard

    bomb = zstandard.compress(bytes(50_000_000)).translate(bytes(b ^ 0xA5 for b in range(256)))
    head = wrapped.MAGIC + b'{"sha256":"%s","size":10}\n' % (b"a" * 64)
    out = io.BytesIO()
    with pytest.raises(Damaged, match="more bytes than the 10"):
        wrapped.unwrap([head, bomb], "a" * 64, out)
    assert len(out.getvalue()) == 0


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_no_hash_names_no_artifact(store: Artifacts, name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sha256"):
        store.get(name, tmp_path / "out")


def test_a_place_that_cannot_be_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot keep anything"):
        Artifacts(tmp_path / "file" / "store")
    with pytest.raises(UsageError, match="s3"):
        Artifacts("ftp://x.example/store")


def test_a_bucket_that_does_not_answer_is_an_error_in_words(wheel: Path) -> None:
    key = {"gcs_base_url": "http://127.0.0.1:1", "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}  # fmt: skip
    options = {"service_account_key": json.dumps(key), "client_options": {"allow_http": True}, "retry_config": {"max_retries": 0}}  # fmt: skip
    with pytest.raises(StoreError, match=r"gs://bucket.*GenericError"):
        Artifacts("gs://bucket/store", **options).put(wheel, _sha256(wheel))


CALLS = [
    (Call.BENIGN, True),
    (Call.UNKNOWN, True),
    (Call.SUSPICIOUS, False),
    (Call.MALICIOUS, False),
    (None, False),
]


@pytest.mark.parametrize(("call", "goes"), CALLS)
def test_what_goes_is_decided_by_verdict_and_age(
    store: Artifacts, wheel: Path, call: Call | None, goes: bool
) -> None:
    store.put(wheel, _sha256(wheel))
    judged: Callable[[str], Call | None] = {_sha256(wheel): call}.get
    assert not list(sweep(store, Retention(), NOW + timedelta(days=300), judged, remove=True))
    assert [one.removed for one in sweep(store, Retention(), LATER, judged, remove=True)] == (
        [True] if goes else []
    )
    assert store.has(_sha256(wheel)) is not goes


def test_nothing_goes_unless_told(store: Artifacts, wheel: Path) -> None:
    store.put(wheel, _sha256(wheel))
    (one,) = sweep(store, Retention(unjudged=2), LATER, lambda _: None, remove=False)
    assert not one.removed
    assert store.has(_sha256(wheel))


def test_no_retention_is_shorter_than_what_a_second_put_relies_on() -> None:
    assert Retention(benign=0).lasts(Call.BENIGN) == keeping.LEAST


HOLDS = [("", False), ("2999-01-01", False), ("2001-01-01", True), ("no date", False)]


@pytest.mark.parametrize(("until", "goes"), HOLDS)
def test_what_is_held_stays_whatever_the_rules_say(
    store: Artifacts, wheel: Path, until: str, goes: bool
) -> None:
    sha256 = _sha256(wheel)
    store.put(wheel, sha256)
    held = Hold(sha256, "case-7", "asked for", "ada", "2026-01-01T00:00:00Z", until)
    if until != "no date":
        keeping.hold(store, held)
    else:  # a paper that somebody else wrote
        (Path(store.root) / "holds" / sha256).mkdir(parents=True)
        (Path(store.root) / "holds" / sha256 / "case-7.json").write_text("{")
    (one,) = sweep(store, Retention(unjudged=2), LATER, lambda _: None, remove=True)
    assert one.removed is goes


def test_a_hold_that_is_lifted_holds_no_more(store: Artifacts, wheel: Path) -> None:
    sha256 = _sha256(wheel)
    store.put(wheel, sha256)
    keeping.hold(store, Hold(sha256, "case-7", "asked for", "ada", ""))
    keeping.lift(store, sha256, "case-7")
    assert list(keeping.holds(store)) == []
    with pytest.raises(UsageError, match="no hold"):
        keeping.lift(store, sha256, "case-7")
