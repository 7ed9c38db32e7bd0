"""Replay: the rules of today over all that is kept; what changes is told, and written when asked."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from biopsy import detect, pipeline
from biopsy.errors import BiopsyError
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Call, Dossier, Tool
from biopsy.model.release import Artifact, Release
from biopsy.model.replay import Replayed
from biopsy.model.run import Outcome, Status
from biopsy.pipeline import replay, replay_part
from biopsy.pipeline.replay import Asked
from biopsy.reports.database import Database
from biopsy.warehouse import Part, Warehouse

RULE = """\
rule: exfil/{name}
title: Sends what it read
status: stable
severity: {level}
confidence: {level}
attack: [T1041]
convicts: {convicts}
why: >-
  A rule of a test, long enough to be one: what was read is sent to somebody who was never asked for.
when:
  {when}
examples:
  - name: sent
    match: [{match}]
  - name: nothing
    no match: [env.read HOME @ x.py:1]
"""
SEND = "net.connect: '*:4444'"
NEW = "new: {net.connect: '*:5555'}"


def rules(folder: Path, *, convicts: bool) -> Path:
    """A folder with a rule on one port, which convicts or only raises doubt; and one on what is new."""
    place = folder / ("strict" if convicts else "mild") / "exfil"
    place.mkdir(parents=True, exist_ok=True)
    level = "high" if convicts else "medium"
    text = RULE.format(
        name="port",
        level=level,
        convicts=str(convicts).lower(),
        when=SEND,
        match="net.connect 192.0.2.1:4444 @ install#1",
    )
    (place / "port.yml").write_text(text)
    text = RULE.format(
        name="fresh",
        level="medium",
        convicts="false",
        when=NEW,
        match="net.connect 192.0.2.1:5555 @ install#1",
    )
    (place / "fresh.yml").write_text(text.replace("#1]\n  - name: n", "#1]\n    previous: []\n  - name: n"))
    return place.parent


def dossier(
    number: int, *behaviours: str, name: str = "", version: str = "1.0", against: str = ""
) -> Dossier:
    """A dossier whose phases all finished."""
    name = name or f"thing-{number}"
    return Dossier(
        f"20261122-{number:06d}-00000000",
        Release("npm", name, version),
        Artifact(f"{name}-{version}.tgz", "tgz", Path("x.tgz"), 1, f"{number:064x}", verified=True),
        tuple(map(Behaviour.parse, behaviours)),
        (Outcome("laptop", "install", Status.COMPLETED), Outcome("laptop", "import", Status.COMPLETED)),
        created="2026-11-22T10:00:00Z",
        tool=Tool("1", "old"),
        against=against,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Twelve dossiers, three of which talk to port 4444, and releases beside the ones before them."""
    warehouse = Warehouse(tmp_path / "home")
    for number in range(12):
        port = 4444 if number % 4 == 0 else 443
        warehouse.add(dossier(number, f"net.connect 192.0.2.{number}:{port} @ laptop/install#3"))
    first = dossier(20, "env.read HOME @ x.js:1 (install)", name="two", version="1.0", against="none")
    warehouse.add(first)
    warehouse.add(
        dossier(
            21,
            "net.connect 192.0.2.9:5555 @ laptop/install#1",
            name="two",
            version="1.1",
            against=first.run_id,
        )
    )
    warehouse.add(dossier(22, "net.connect 192.0.2.9:5555 @ laptop/install#1", name="two", version="1.2"))
    warehouse.add(
        dossier(
            23, "net.connect 192.0.2.9:5555 @ laptop/install#1", name="two", version="1.3", against="none"
        )
    )
    return tmp_path / "home"


def dies(_part: Part, _name: str) -> None:
    """What a process does that is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def last(results: Iterator[Replayed]) -> Replayed:
    """What came of it as a whole."""
    *_, whole = results
    return whole


def test_nothing_is_written_unless_asked_for(home: Path, tmp_path: Path) -> None:
    told = last(replay.run(Asked(home, rules(tmp_path, convicts=True), jobs=2)))
    assert (told.read, told.done, told.parts, told.written) == (16, 1, 1, 0)
    assert (len(told.first), len(told.turned)) == (16, 0)
    assert not Warehouse(home).latest()
    assert not (home / "reports.db").exists()


def test_what_changed_is_told_with_why_and_written_once(home: Path, tmp_path: Path) -> None:
    mild, strict = rules(tmp_path, convicts=False), rules(tmp_path, convicts=True)
    last(replay.run(Asked(home, mild, write=True)))
    told = last(replay.run(Asked(home, strict, write=True)))
    assert [one.name for one in told.turned] == ["thing-0", "thing-4", "thing-8"]
    assert {(one.before, one.after) for one in told.turned} == {(Call.SUSPICIOUS, Call.MALICIOUS)}
    assert told.turned[0].reason == "Sends what it read."
    assert told.written == 3
    held = Warehouse(home).latest()
    assert sum(one.call is Call.MALICIOUS for one in held.values()) == 3
    assert {one.rules for one in held.values()} == {detect.digest(detect.load(mild)), told.rules}
    assert not last(replay.run(Asked(home, strict, write=True))).changes


def test_what_is_malicious_now_is_drafted_and_what_no_longer_is_stands(home: Path, tmp_path: Path) -> None:
    told = last(replay.run(Asked(home, rules(tmp_path, convicts=True), write=True)))
    assert [one.report for one in told.changes if one.after is Call.MALICIOUS] == ["drafted"] * 3
    held = Database(home / "reports.db")
    names = {row["name"] for row in held.waiting(10)}
    held.close()
    assert names == {"thing-0", "thing-4", "thing-8"}
    back = last(replay.run(Asked(home, rules(tmp_path, convicts=False), write=True)))
    assert {one.report for one in back.turned} == {"drafted before, and stands"}


def test_what_could_not_be_reported_is_not_written_either_and_comes_again(home: Path, tmp_path: Path) -> None:
    asked = Asked(home, rules(tmp_path, convicts=True), write=True)
    (home / "reports.db").write_text("no database")
    with pytest.raises(BiopsyError, match=r"reports\.db"):
        last(replay.run(asked))
    assert not Warehouse(home).latest()
    (home / "reports.db").unlink()
    told = last(replay.run(asked))
    assert [one.report for one in told.changes if one.after is Call.MALICIOUS] == ["drafted"] * 3


def test_each_dossier_is_judged_as_show_judges_it(home: Path, tmp_path: Path) -> None:
    folder = rules(tmp_path, convicts=True)
    told = last(replay.run(Asked(home, folder)))
    shown = {one.run_id: pipeline.show(home, one.run_id, folder).verdict for one in told.changes}
    assert {one.run_id: (one.after, one.gained) for one in told.changes} == {
        run: (verdict.call, verdict.because) for run, verdict in shown.items()
    }
    fresh = {one.version for one in told.changes if one.gained == ("exfil/fresh",)}
    assert fresh == {"1.1"}  # 1.2 did it before, 1.3 was compared with nothing


def test_what_is_packed_is_judged_the_same(home: Path, tmp_path: Path) -> None:
    asked = Asked(home, rules(tmp_path, convicts=True))
    landed = last(replay.run(asked))
    Warehouse(home).pack()
    packed = last(replay.run(asked))
    assert packed.parts
    assert packed.changes == landed.changes


def test_one_that_was_stopped_goes_on_where_it_stopped(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "PIECE", 4)
    asked = Asked(home, rules(tmp_path, convicts=True), jobs=1, write=True)
    parts = replay.run(asked)
    for told in parts:
        if told.done == 2:
            break
    parts.close()  # type: ignore[attr-defined]
    before = len(Warehouse(home).latest())
    again = replay.run(asked)
    assert 2 <= next(again).resumed <= 4
    whole = last(again)
    assert (whole.read, whole.done, len(whole.changes)) == (16, 4, 16)
    assert 8 <= before < len(Warehouse(home).latest()) == 16
    assert not list((home / "replays").iterdir())


def test_what_cannot_be_read_is_told_and_the_rest_is_judged(home: Path, tmp_path: Path) -> None:
    path = next((home / "dossiers").glob("npm/thing-3/*/*.gz"))
    path.write_bytes(b"\x1f\x8bnothing")
    told = last(replay.run(Asked(home, rules(tmp_path, convicts=True))))
    assert told.read == 15
    assert [str(path) in why for why in told.unreadable] == [True]


def test_a_process_that_dies_is_told_with_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "replay", dies)
    with pytest.raises(BiopsyError, match="was killed"):
        last(replay.run(Asked(home, rules(tmp_path, convicts=True))))


def test_since_and_ecosystem_narrow_it(home: Path, tmp_path: Path) -> None:
    old = replace(dossier(30, name="old"), run_id="20250101-000000-00000000", created="2025-01-01T00:00:00Z")
    Warehouse(home).add(old)
    folder = rules(tmp_path, convicts=True)
    assert last(replay.run(Asked(home, folder))).read == 17
    assert last(replay.run(Asked(home, folder, since="2026-01-01"))).read == 16
    assert last(replay.run(Asked(home, folder, ecosystem="pypi"))).read == 0


def test_many_are_looked_up_beside_each_other(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(home, rules(tmp_path, convicts=True))
    at_once = last(replay.run(asked))
    monkeypatch.setattr(replay_part, "AT_ONCE", 1)
    assert last(replay.run(asked)).changes == at_once.changes
