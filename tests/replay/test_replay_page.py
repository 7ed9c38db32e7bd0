"""`biopsy replay` as its page tells it, on a home of its own."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Dossier, Tool
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Outcome, Status
from biopsy.warehouse import Warehouse

PAGE = (Path(__file__).parents[2] / "docs/replay.md").read_text()
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
RUN = "from biopsy.cli import main; main()"


def filled(home: Path, count: int) -> Path:
    """A home with dossiers, every third of which a shipped rule convicts."""
    warehouse = Warehouse(home)
    for number in range(count):
        texts = [f"net.url https://{number}.x.example/ @ x.js:1 (call)"]
        if number % 3 == 0:
            texts.append(f"canary.leak npm-token > {number}.x.example:443 as plain @ laptop/install#9")
        warehouse.add(
            Dossier(
                f"20261122-{number:06d}-00000000",
                Release("npm", f"sim-{number}", "1.0"),
                Artifact(f"sim-{number}-1.0.tgz", "tgz", Path("x"), 1, f"{number:064x}", verified=True),
                tuple(map(Behaviour.parse, texts)),
                (Outcome("laptop", "install", Status.COMPLETED),),
                created="2026-11-22T10:00:00Z",
                tool=Tool("1"),
            )
        )
    return home


def biopsy(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=home,
        env={**os.environ, "BIOPSY_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_of_the_page_work_in_their_order(tmp_path: Path) -> None:
    home = filled(tmp_path, 9)
    done = {line: biopsy(home, *shlex.split(line)[1:]) for line in COMMANDS}
    assert [one.stderr for one in done.values() if one.returncode] == []
    first = done["biopsy replay"].stdout
    assert re.search(r"9 dossiers judged by rules [0-9a-f]{16} \([\d,]+ a second\): 3 malicious", first)
    assert "9 had no verdict on record (--all names them)\nnothing was written; --write does it\n" in first
    assert "not judged → malicious  npm:sim-0@1.0  sim-0-1.0.tgz" in done["biopsy replay --all"].stdout
    assert "9 judgements written" in done["biopsy replay --write"].stdout
    told = json.loads((home / "changes.json").read_text())
    assert (told["schema"], told["calls"]["malicious"], len(told["changes"])) == ("biopsy-replay/1", 3, 9)
    waiting = biopsy(home, "reports", "approve").stdout
    assert waiting.count("pkg:npm/sim-") == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "soon"), "--since 'soon': write a day"),
        (("--no-reports",), "without --write no report is touched"),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = biopsy(tmp_path, "replay", *words)
    assert (done.returncode, said in done.stderr) == (2, True)


def test_ctrl_c_keeps_what_is_done_and_the_next_goes_on(tmp_path: Path) -> None:
    home = filled(tmp_path, 450)
    words = (sys.executable, "-c", RUN, "replay", "--write", "--no-reports", "-j", "1")
    env = {**os.environ, "BIOPSY_HOME": str(home)}
    with subprocess.Popen(
        words, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("biopsy: 100 of 450"):
                process.send_signal(signal.SIGINT)
                break
        out, _ = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was done before it was interrupted")
    assert process.returncode == 130
    assert "parts are done; ask again and it goes on" in out
    again = biopsy(home, "replay", "--write", "--no-reports")
    assert "by an earlier replay that was stopped" in again.stdout
    assert len(Warehouse(home).latest()) == 450
