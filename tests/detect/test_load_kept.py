"""Rules that are kept in a cache are the rules that are shipped."""

from pathlib import Path

from biopsy import detect
from biopsy.detect.load import _shipped


def test_rules_come_out_of_the_cache_as_they_went_in(tmp_path: Path) -> None:
    fresh = detect.load()
    _shipped.cache_clear()
    assert detect.load(None, tmp_path) == fresh
    _shipped.cache_clear()
    kept = detect.load(None, tmp_path)
    assert kept == fresh
    assert detect.digest(kept) == detect.digest(fresh)


def test_a_cache_that_cannot_be_read_is_written_anew(tmp_path: Path) -> None:
    _shipped.cache_clear()
    fresh = detect.load(None, tmp_path)
    (kept,) = tmp_path.glob("rules-*.pickle")
    whole = kept.read_bytes()
    for damaged in (b"", b"no pickle", whole[: len(whole) // 2]):
        kept.write_bytes(damaged)
        _shipped.cache_clear()
        assert detect.load(None, tmp_path) == fresh
        assert kept.read_bytes() == whole


def test_what_other_versions_kept_goes(tmp_path: Path) -> None:
    (tmp_path / "rules-0123456789abcdef.pickle").write_bytes(b"old")
    _shipped.cache_clear()
    detect.load(None, tmp_path)
    assert len(list(tmp_path.glob("rules-*"))) == 1
