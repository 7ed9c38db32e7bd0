"""Programs in command lines that decode them and pipe them to an interpreter."""

from base64 import b64encode

import pytest

from biopsy.model.behaviour import Behaviour
from biopsy.model.run import Run, Watch
from biopsy.pipeline import piped

PROGRAM = "import shutil\nshutil.rmtree('/home/ada/work')\n"
WORD = b64encode(PROGRAM.encode()).decode()


def run_of(*commands: str) -> Run:
    seen = (Behaviour.parse(f"process.exec {one} @ laptop/install#{n}") for n, one in enumerate(commands, 1))
    return Run("laptop", tuple(seen), (), (), (), (), Watch("laptop"))


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (f"sh -c 'echo {WORD} | base64 -d | /opt/venv/bin/python3 - > /dev/null 2>&1 &'", ".py"),
        (f"bash -c 'base64 --decode <<< {WORD} | node'", ".js"),
        (f"sh -c 'printf %s {WORD} | base64 -D | ruby -'", ".rb"),
        (f"sh -c 'echo {WORD} | base64 -d > out.bin'", ""),
        (f"sh -c 'echo {WORD} | python3 -'", ""),
        (f"sh -c 'base64 -d | python3; echo {WORD[:50]}…'", ""),
        ("sh -c 'echo %s | base64 -d | python3'" % b64encode(b"\xff" * 60).decode(), ""),  # noqa: UP031
    ],
)
def test_the_program_is_told_as_evaluated_in_its_language(command: str, path: str) -> None:
    texts = piped.told(run_of(command)).evaluated
    assert [(one.path[-3:], one.text, one.phase, one.seq) for one in texts] == (
        [(path, PROGRAM, "install", 1)] if path else []
    )


def test_each_is_told_once_and_few_of_them() -> None:
    again = f"sh -c 'echo {WORD} | base64 -d | python3'"
    assert len(piped.told(piped.told(run_of(again, again))).evaluated) == 1
    words = (b64encode(f"print({n})  # {'x' * 40}".encode()).decode() for n in range(99))
    many = run_of(*(f"sh -c 'echo {word} | base64 -d | python3'" for word in words))
    assert len(piped.told(many).evaluated) == piped.MAX_TEXTS
