"""What followers get: indicators as CSV and STIX, events as Atom and JSON feeds; the same bytes each time."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.reports import feeds, ledger
from biopsy.reports.claim import Package
from biopsy.reports.database import Act, Database
from biopsy.reports.feeds import rows as sheet
from biopsy.reports.feeds import stix
from biopsy.reports.feeds.observed import Gathered

AT = "2026-11-01T00:00:00Z"
SHA = "0123456789abcdef" * 4
FORMULA = "=cmd|' /C calc'!A0"


def record(name: str, **parts: Any) -> tuple[str, bytes]:
    about = {"package": {"ecosystem": parts.pop("ecosystem", "npm"), "name": name}, "versions": ["1.0.0"]}
    made = {"modified": AT, "published": AT, "summary": f"Malicious code in {name}", "details": "Words."}
    return name, json.dumps({**made, "affected": [about], **parts}).encode()


def iocs(**lists: Any) -> dict[str, Any]:
    return {"iocs": lists}


GIVEN = [
    record("@scope/x", id="MAL-2026-1", database_specific=iocs(
        domains=["c2.badhost.dev", "collector.example", "raw.githubusercontent.com"], ips=["93.184.215.14"],
        urls=["https://c2.badhost.dev/it's\\x", "https://pastebin.com/raw/aaaa", "https://pastebin.com/"], files=[{"paths": ["=1+1.js"], "digests": {"sha256": SHA}}],
        strings=[FORMULA])),
    record("y", ecosystem="PyPI", id="MAL-2026-2", database_specific=iocs(domains=["C2.badhost.dev"])),
    record("z", ecosystem="crates.io", id="MAL-2026-3", details="]]> <b>&amp; \u0001\ufffe \U0001f480"),
]  # fmt: skip


def filled(path: Path, given: list[tuple[str, bytes]]) -> Database:
    held = Database(path, create=True)
    held.take("one", given, AT)
    return held


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return filled(tmp_path / "reports.db", GIVEN)


def made(database: Database) -> dict[str, bytes]:
    found = Gathered()
    for package, _, report in database.documents():
        found.add(package, report)
    files = dict(feeds.files(database.latest(200), feeds.Feeds(base="https://reports.example/")))
    return {**files, "iocs/iocs.csv": sheet.table(found.all()), "iocs/stix.json": stix.bundle(found.all())}


def test_the_same_reports_give_the_same_bytes_whatever_their_order(
    database: Database, tmp_path: Path
) -> None:
    once = made(database)
    assert made(database) == once
    other = made(filled(tmp_path / "other.db", random.Random(3).sample(GIVEN, 3)))
    assert {k: v for k, v in other.items() if k.startswith("iocs")} == {
        k: v for k, v in once.items() if k.startswith("iocs")
    }


def rows(database: Database) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made(database)["iocs/iocs.csv"].decode(), newline="")))


def test_the_table_names_each_indicator_with_each_report(database: Database) -> None:
    found = {(r["type"], r["value"], r["report"]): r for r in rows(database)}
    assert found["domain", "c2.badhost.dev", "MAL-2026-1"]["package"] == "'@scope/x"
    assert found["domain", "c2.badhost.dev", "MAL-2026-2"]["ecosystem"] == "PyPI"
    assert found["domain", "collector.example", "MAL-2026-1"]["public"] == "reserved"
    assert found["domain", "raw.githubusercontent.com", "MAL-2026-1"]["public"] == "code-host"
    assert found["url", "https://pastebin.com/", "MAL-2026-1"]["public"] == "paste"
    assert found["url", "https://pastebin.com/raw/aaaa", "MAL-2026-1"]["public"] == ""
    assert found["file", SHA, "MAL-2026-1"]["paths"] == "'=1+1.js"
    assert found["string", f"'{FORMULA}", "MAL-2026-1"]


def test_no_cell_is_a_formula(database: Database) -> None:
    assert not [c for row in rows(database) for c in row.values() if c[:1] in tuple("=+-@\t\r")]


@given(st.text())
def test_a_cell_is_safe_and_its_value_comes_back(text: str) -> None:
    cell = sheet.safe(text)
    assert cell.lstrip()[:1] not in tuple("=+-@＝＋－＠") or not cell
    assert not cell.startswith(("\t", "\r", "\n"))
    assert sheet.whole(cell) == sheet._CONTROL.sub("", text)


def test_a_reference_library_reads_the_bundle(database: Database) -> None:
    stix2 = pytest.importorskip("stix2")
    ledger.withdraw(
        database, ledger.find(database, ["MAL-2026-2"]), Act("tester", "2026-11-05T00:00:00Z", "test")
    )
    held = stix2.parse(made(database)["iocs/stix.json"].decode(), allow_custom=False)
    by_type: dict[str, list[Any]] = {}
    for one in held.objects:
        by_type.setdefault(one.type, []).append(one)
    patterns = {one.pattern for one in by_type["indicator"]}
    assert patterns == {
        "[domain-name:value = 'c2.badhost.dev']",
        "[ipv4-addr:value = '93.184.215.14']",
        "[url:value = 'https://c2.badhost.dev/it\\'s\\\\x']",
        "[url:value = 'https://pastebin.com/raw/aaaa']",
        f"[file:hashes.'SHA-256' = '{SHA}']",
        "[x-biopsy-string:value = '=cmd|\\' /C calc\\'!A0']",
    }
    revoked = {one.name for one in by_type["malware"] if one.revoked}
    assert (revoked, len(by_type["relationship"])) == ({"PyPI/y"}, 7)
    known = {one.id for one in held.objects}
    assert all({r.source_ref, r.target_ref} <= known for r in by_type["relationship"])


NAMED = st.text(st.characters(codec="utf-8"), min_size=1, max_size=50)


@settings(max_examples=50)
@given(kind=st.sampled_from(["string", "wallet", "mail", "url", "domain", "Odd one"]), value=NAMED, at=NAMED)
def test_a_reference_library_reads_the_bundle_whatever_a_source_names(kind: str, value: str, at: str) -> None:
    stix2 = pytest.importorskip("stix2")
    found = Gathered()
    malware = {"iocs": [{"type": kind, "value": value, "sources": [value]}]}
    said = {"id": "MAL-2026-1", "modified": at, "database_specific": {"malware": malware}}
    found.add(Package("npm", value), said)
    stix2.parse(stix.bundle(found.all()).decode(), allow_custom=False)


def test_a_correction_keeps_the_ids_of_the_bundle(database: Database) -> None:
    before = {o["id"] for o in json.loads(made(database)["iocs/stix.json"])["objects"]}
    later = record("y", ecosystem="PyPI", id="MAL-2026-2", modified="2026-11-09T00:00:00Z",
                   database_specific=iocs(domains=["c2.badhost.dev"], ips=["93.184.215.15"]))  # fmt: skip
    database.take("one", [later], AT)
    after = {o["id"] for o in json.loads(made(database)["iocs/stix.json"])["objects"]}
    assert (before < after, len(after - before)) == (True, 2)  # an indicator, and what it indicates


def test_atom_is_well_formed_whatever_a_report_says(database: Database) -> None:
    space = "{http://www.w3.org/2005/Atom}"
    feed = ET.fromstring(made(database)["feeds/all.atom"])
    titles = [e.findtext(f"{space}title") for e in feed.iter(f"{space}entry")]
    assert titles[0] == "new: crates.io z (MAL-2026-3)"
    text = next(feed.iter(f"{space}content")).text or ""
    assert text.endswith("]]> <b>&amp; �� \U0001f480")


def test_a_reader_of_feeds_reads_both(database: Database) -> None:
    parser = pytest.importorskip("feedparser")
    found = parser.parse(made(database)["feeds/npm.atom"])
    assert (found.bozo, found.version, len(found.entries)) == (False, "atom10", 1)
    assert [tag.term for tag in found.entries[0].tags] == ["new", "npm"]
    assert found.feed.links[0].href == "https://reports.example/feeds/npm.atom"
    held = json.loads(made(database)["feeds/npm.json"])
    assert (held["version"], held["items"][0]["id"]) == (
        "https://jsonfeed.org/version/1.1",
        found.entries[0].id,
    )


def test_a_withdrawal_is_an_entry_of_its_own_and_says_why(database: Database) -> None:
    why = "false-positive: built by its owner"
    ledger.withdraw(
        database, ledger.find(database, ["MAL-2026-1"]), Act("tester", "2026-11-05T00:00:00Z", why)
    )
    items = json.loads(made(database)["feeds/npm.json"])["items"]
    assert [i["_biopsy"]["kind"] for i in items] == ["withdrawn", "new"]
    assert why in items[0]["content_text"]
    assert len({i["id"] for i in items}) == 2
