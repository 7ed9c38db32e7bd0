"""Commands of `biopsy reports` that are killed at random moments, and what must be true afterwards.

A command runs as a process of its own and is ended by SIGKILL, which no code of ours can answer. Then the
database is whole, has all that it had, and the same command run again ends where one that nobody disturbed
does.
"""

import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from bench.reports_made import made

from biopsy.reports.pack import unpack

_TIMES = re.compile(r'"(?:modified|published|import_time|withdrawn|at)":\s?"[^"]*"')
EXEC = "BIOPSY_FAULTS_EXEC"  # set: every command starts an interpreter of its own


_CLEAN = multiprocessing.get_context("forkserver")
"""Commands begin as forks of a process without threads: one of pytest's own, which has some, may crash."""

_CLEAN.set_forkserver_preload(["biopsy.cli", "killing"])


def _run(home: Path, given: list[str]) -> None:
    """Be the command, leading a group of its own."""
    os.setpgid(0, 0)
    sink = os.open(home / "out-of-command", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(sink, number)
    if os.environ.get(EXEC):
        run = "import sys; from biopsy.cli import main; sys.argv = sys.argv[1:]; main()"
        os.execv(sys.executable, [sys.executable, "-c", run, *given])
    from biopsy.cli import main

    sys.argv = given
    main()


def command(home: Path, *words: str) -> ForkServerProcess:
    """Start `biopsy reports WORDS` as a process that leads a group of its own."""
    child = _CLEAN.Process(target=_run, args=(home, ["biopsy", "reports", *words, "--home", str(home)]))
    child.start()
    return child


def ended(child: ForkServerProcess) -> int | None:
    """Wait for a command, and say its status; None: it hangs, and was ended."""
    child.join(120)
    status = child.exitcode
    child.kill()
    return status


def ran(home: Path, *words: str, again: bool = False) -> None:
    """Run a command to its end; `again`: it may say that what it should do is done."""
    status = ended(command(home, *words))
    assert status in ({0, 1, 2} if again else {0, 1}), (
        f"{words}: status {status}: {(home / 'out-of-command').read_text()[-2000:]}"
    )


def killed(home: Path, seconds: float, *words: str) -> bool:
    """Run a command for so long, then kill it; whether it was still running."""
    child = command(home, *words)
    child.join(seconds)
    if child.exitcode is not None:
        return False
    assert child.pid is not None
    for send in (os.killpg, os.kill):
        try:
            send(child.pid, signal.SIGKILL)
            break
        except ProcessLookupError:
            continue
    child.join()
    return child.exitcode == -signal.SIGKILL


@dataclass(slots=True)
class State:
    """What a home holds, without the times at which it was done."""

    reports: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    claims: set[tuple[Any, ...]] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    refused: set[tuple[Any, ...]] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)


def state(home: Path) -> State:
    """Read it all, and check that it is whole."""
    held = State()
    path = home / "reports.db"
    if path.is_file():
        database = sqlite3.connect(path)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        if database.execute("PRAGMA user_version").fetchone()[0]:
            _database(database, held)
        database.close()
    for file in sorted((home / "exported").rglob("*.json")):
        text = file.read_text()
        assert json.loads(text)["affected"], f"{file} is half a file"
        held.files[file.relative_to(home).as_posix()] = _timeless(text)
    return held


def _database(database: sqlite3.Connection, held: State) -> None:
    sql = "SELECT ecosystem, name, reports.id, state, document, sha256, change FROM reports JOIN packages ON packages.id = package"
    for ecosystem, name, own, what, document, sha256, change in database.execute(sql):
        assert hashlib.sha256(document).hexdigest() == sha256, f"{name}: not the document that was hashed"
        (after,) = database.execute("SELECT after FROM log WHERE seq = ?", (change,)).fetchone()
        assert after == sha256, f"{name}: the log does not say how it became what it is"
        held.reports[ecosystem, name] = (own or "", what, _timeless(document.decode()))
    for own, number in database.execute("SELECT id, package FROM ids"):
        held.ids[own] = number
    taken = [own for own, *_ in held.reports.values() if own]
    assert len(taken) == len(set(taken)), "an id twice"
    assert set(taken) <= set(held.ids), "an id that was never given"
    sql = "SELECT ecosystem, name, source, key, sha256, state FROM claims JOIN packages ON packages.id = package"
    held.claims = set(database.execute(sql))
    for sha256, body in database.execute("SELECT sha256, body FROM objects"):
        assert hashlib.sha256(unpack(body)).hexdigest() == sha256
        held.objects.add(sha256)
    assert {claim[4] for claim in held.claims} <= held.objects, "a claim without its record"
    held.refused = set(database.execute("SELECT source, key, code FROM quarantine"))


def _timeless(text: str) -> str:
    return hashlib.sha256(_TIMES.sub("", text).encode()).hexdigest()


@dataclass(slots=True)
class Course:
    """Commands one after the other, how long each takes undisturbed, and what it leaves."""

    folder: Path
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    seconds: list[float] = field(default_factory=list)
    after: list[State] = field(default_factory=list)

    def home(self, step: int) -> Path:
        """What there is before a step."""
        return self.folder / f"before-{step}"

    def undisturbed(self) -> None:
        """Run every step, and keep what each began with and left."""
        home = self.home(0)
        home.mkdir(parents=True)
        for number, (name, words) in enumerate(self.steps):
            if name == "merge":
                aged(home / "reports.db")
            following = self.home(number + 1)
            shutil.copytree(home, following)
            began = time.monotonic()
            ran(following, *self.words(following, words))
            self.seconds.append(time.monotonic() - began)
            self.after.append(state(following))
            home = following

    def words(self, home: Path, words: Sequence[str]) -> list[str]:
        """What a command is told, in a home."""
        return [word.replace("FOLDER", str(self.folder)).replace("HOME", str(home)) for word in words]

    def disturb(self, step: int, chance: random.Random) -> bool:
        """Kill a step at some moment, look, and run it again; whether it was killed before its end."""
        home = self.folder / "disturbed"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home(step), home)
        before = state(home)
        words = self.words(home, self.steps[step][1])
        cut = killed(home, chance.uniform(0, self.seconds[step]), *words)
        between = state(home)
        assert before.claims <= between.claims
        assert before.objects <= between.objects
        assert before.ids.items() <= between.ids.items()
        assert before.reports.keys() <= between.reports.keys()
        assert before.files.keys() <= between.files.keys() | self.after[step].files.keys()
        ran(home, *words, again=True)
        ended = state(home)
        for part in State.__slots__:
            assert getattr(ended, part) == getattr(self.after[step], part), f"{self.steps[step][0]}: {part}"
        rest = [f.name for f in home.rglob("*") if f.name.endswith((".part", ".tmp"))]
        assert not rest, f"left behind: {rest[:3]}"
        return cut


def aged(path: Path) -> None:
    """Make every report what an older biopsy might have computed, so that computing it anew changes it."""
    database = sqlite3.connect(path)
    for number, change, document in database.execute(
        "SELECT package, change, document FROM reports"
    ).fetchall():
        old = document.replace(b"Malicious code in", b"Bad code in")
        sha256 = hashlib.sha256(old).hexdigest()
        database.execute(
            "UPDATE reports SET document = ?, sha256 = ? WHERE package = ?", (old, sha256, number)
        )
        database.execute("UPDATE log SET after = ? WHERE seq = ?", (sha256, change))
    database.commit()
    database.close()


def course(folder: Path, size: int) -> Course:
    """The whole way of a report: taken over, said by a source, given an id, withdrawn, computed anew, exported."""
    for path, data in made(size):
        file = folder / "repository" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    lab, hand = folder / "lab", folder / "hand/osv/malicious"
    lab.mkdir()
    for number, (_, data) in enumerate(made(size, seed=8, raw=True)):
        (lab / f"{number:06}.json").write_bytes(data if number % 50 else data[:-9])  # some are cut off
    for path, data in made(size // 4, seed=9, raw=True):
        if "/withdrawn/" in path:
            continue
        file = hand / Path(path).relative_to("osv/malicious").parent / f"MAL-0000-{Path(path).stem}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(re.sub(rb'"id": "[^"]*", ', b"", data, count=1))
    wrong = [Path(path).stem for path, _ in made(30) if "/malicious/" in path]
    return Course(folder, (*STEPS[:-2], ("withdraw", ("withdraw", *wrong, "--reason", "test")), *STEPS[-2:]))


STEPS = (
    ("init", ("init",)),
    ("import", ("import", "FOLDER/repository", "--quiet")),
    ("ingest", ("ingest", "lab", "FOLDER/lab", "--trust", "publish", "--quiet")),
    ("import without ids", ("import", "FOLDER/hand", "--source", "hand", "--quiet")),
    ("assign", ("assign",)),
    ("merge", ("merge",)),
    ("export", ("export", "HOME/exported", "--quiet")),
)
