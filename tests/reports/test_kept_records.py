"""What is kept of a claim: a record once, whatever form the file had, however it was packed."""

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest
from bench.reports_made import made

from biopsy.reports import forms, pack
from biopsy.reports.database import Act, Database
from biopsy.reports.pack import PackError, unpack
from biopsy.reports.policy import Policy
from biopsy.reports.record import compact, decode

AT = "2026-11-01T00:00:00Z"
SAYS = {"id": "ONE-1", "modified": AT, "published": AT, "details": "Words."}
X, Y = ({"package": {"ecosystem": "npm", "name": name}, "versions": ["1"]} for name in "xy")


def rows(path: Path, sql: str) -> list[Any]:
    file = sqlite3.connect(path)
    found = file.execute(sql).fetchall()
    file.close()
    return found


def zlibbed(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 12, 5, zlib.Z_DEFAULT_STRATEGY, pack._WORDS)
    return packer.compress(data) + packer.flush()


def of_the_second_form(path: Path) -> None:
    """Make of a file what the second form held: each record beside its object, zlib, other indexes."""
    file = sqlite3.connect(path)
    for number, body in file.execute("SELECT rowid, body FROM objects").fetchall():
        data = unpack(body)
        file.execute("UPDATE objects SET body = ? WHERE rowid = ?", (zlibbed(data), number))
        sql = "UPDATE claims SET record = ? WHERE sha256 = (SELECT sha256 FROM objects WHERE rowid = ?)"
        file.execute(sql, (compact(decode(data)), number))
    file.execute("DROP INDEX claims_sha256")
    file.execute("CREATE INDEX claims_key ON claims (source, key)")
    file.execute("CREATE INDEX claims_sha256 ON claims (source, sha256)")
    file.execute("PRAGMA user_version = 2")
    file.commit()
    file.close()


def test_a_record_that_its_object_says_is_kept_once_and_a_part_of_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    database = Database(path, create=True)
    one, both = ({**SAYS, "affected": about} for about in ([X], [X, Y]))
    database.take("one", [("a", json.dumps(one, indent=1).encode())], AT)
    database.take("two", [("b", json.dumps(both).encode())], AT)
    database.take("alias", [("c", json.dumps(one).encode())], AT, Policy(alias=True))
    held = rows(path, "SELECT source, record = x'' FROM claims ORDER BY id")
    assert held == [("one", 1), ("two", 0), ("two", 0), ("alias", 0)]
    said = {number: [c.record for c in database.claims(number)] for number in (1, 2)}
    assert said == {
        1: [one, {**both, "affected": [X]}, {**one, "aliases": ["ONE-1"]}],
        2: [{**both, "affected": [Y]}],
    }
    assert list(database.damage()) == []


def test_a_file_of_the_second_form_says_the_same_and_takes_nothing_twice(tmp_path: Path) -> None:
    path, objects = tmp_path / "reports.db", list(made(40))
    database = Database(path, create=True)
    database.take("one", objects, AT)
    before = [[c.record for c in database.claims(n)] for n in range(1, 41)]
    documents = list(database.documents())
    database.close()
    of_the_second_form(path)
    again = Database(path)
    assert forms.form(sqlite3.connect(path)) == forms.VERSION
    assert [[c.record for c in again.claims(n)] for n in range(1, 41)] == before
    assert sum(one.new for one in again.take("one", objects, AT)) == 0
    assert not again.renew([(n, p) for n, (p, _, _) in _numbered(again)], Act("tester", AT))
    assert list(again.documents()) == documents
    assert list(again.damage()) == []
    new = Database(tmp_path / "new.db", create=True)
    new.close()
    sql = "SELECT name, sql FROM sqlite_schema WHERE name LIKE 'claims%' AND type = 'index' ORDER BY name"
    assert rows(path, sql) == rows(tmp_path / "new.db", sql)


def _numbered(database: Database) -> list[tuple[int, tuple[Any, ...]]]:
    return [(database.number(one[0]), one) for one in database.documents()]


def test_a_claim_whose_object_is_gone_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    database = Database(path, create=True)
    database.take("one", [("a", json.dumps({**SAYS, "affected": [X]}).encode())], AT)
    database.close()
    file = sqlite3.connect(path)
    file.execute("DELETE FROM objects")
    file.commit()
    again = Database(path)
    assert any("claim of one on npm/x" in said for said in again.damage())
    with pytest.raises(PackError, match="not there"):
        again.claims(1)


def test_what_is_packed_comes_out_with_and_without_zstandard(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(SAYS).encode()
    packed = pack.pack(data)
    assert unpack(packed) == unpack(zlibbed(data)) == data
    monkeypatch.setattr(pack._zstd(), "packer", None)
    monkeypatch.setattr(pack._zstd(), "reader", None)
    assert unpack(pack.pack(data)) == data
    with pytest.raises(PackError, match="biopsy\\[reports\\]"):
        unpack(packed)


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b[:5], lambda b: b[:4] + b"\xff" * 20]
)
def test_a_packed_object_that_is_damaged_is_named(spoil: Any) -> None:
    with pytest.raises(PackError, match="the object abc is damaged"):
        unpack(spoil(pack.pack(b"some words " * 20)), "abc")


def test_an_object_that_says_to_be_huge_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack.pack(b"a" * 5000)
    monkeypatch.setattr(pack, "MAX_BYTES", 4999)
    with pytest.raises(PackError, match="too large"):
        unpack(packed, "abc")
