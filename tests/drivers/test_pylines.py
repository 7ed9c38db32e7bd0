"""Which lines of Python are reached, as a driver tells it that follows them."""

from pathlib import Path

import pytest

from drivers.conftest import Site, drive

LOOPS = """\
import sys

def never(x):
    if x is sys:
        return 1
    return 2


def loops(number=3):
    total = 0
    for one in range(2_000):
        total += one
        if total < 0:
            break
    return total


class Thing:
    kind = "thing"

    def method(self):
        return [
            one
            for one in "ab"
        ]
"""


def numbers(text: str) -> set[int]:
    spans = [span.partition("-") for span in text.split()]
    return {line for a, _, b in spans for line in range(int(a), int(b or a) + 1)}


def test_lines_that_importing_and_calling_reach_are_told_and_those_that_nothing_reaches_are_not(
    site: Site,
) -> None:
    site.install("alpha", {"alpha/__init__.py": LOOPS, "alpha/broken.py": "x = 1\nint('none')\ny = 2\n"})
    report = site.drive("pylines.py", "--name", "alpha")
    assert (report.phase, report.exit) == ("completed", 0)
    of, seen = report.lines["alpha/__init__.py"]
    assert numbers(seen) == {1, 3, 4, 6, 9, 10, 11, 12, 13, 15, 18, 19, 21, 22, 23, 24}
    assert of == len(numbers(seen)) + 2  # the two that would need what nobody gives
    assert report.lines["alpha/broken.py"] == (3, "1-2")
    assert report.lines[""] == (of + 3, "")
    assert report.seconds < 10


@pytest.mark.parametrize(
    "ends",
    [
        "import os\nos._exit(0)",
        "import os, signal\nos.kill(os.getpid(), 9)",
        "import os\nos.closerange(0, 100)",
        "import sys\nsys.settrace(None)",
        'import os\nfor n in range(3, 50):\n  try: os.write(n, b\'{"reached": {"alpha/none.py": "1-99999", "": 7}}\\n[[\')\n  except OSError: pass',
    ],
)
def test_what_ends_or_forges_it_only_makes_it_tell_less(site: Site, ends: str) -> None:
    files = {"alpha/__init__.py": "", "alpha/none.py": "if 0:\n  pass\nimport never_there\nx = 1\n"}
    site.install("alpha", {**files, "alpha/bad.py": ends, "alpha/zz.py": "def f():\n    return 1\n"})
    report = site.drive("pylines.py", "--name", "alpha", "--budget", "8")
    assert report.phase == "completed"
    assert report.lines["alpha/zz.py"] == (2, "1-2")
    assert report.lines["alpha/none.py"][0] >= len(numbers(report.lines["alpha/none.py"][1]))
    assert sum(of for of, _ in report.lines.values()) <= 2 * report.lines[""][0]


def test_a_module_that_holds_it_is_left_behind(site: Site) -> None:
    site.install("alpha", {"alpha/__init__.py": "", "alpha/a.py": "while True: pass", "alpha/b.py": "x = 1"})
    report = site.drive("pylines.py", "--name", "alpha", "--each", "0.5")
    assert report.lines["alpha/b.py"] == (1, "1")
    assert report.seconds < 4


def test_without_time_the_reason_is_told_and_without_modules_there_is_nothing(
    site: Site, tmp_path: Path
) -> None:
    site.install("alpha", {"alpha/__init__.py": "", "alpha/a.py": "x = 1"})
    command = [
        str(site.python),
        "-I",
        str(Path(__file__).parents[2] / "src/biopsy/sandbox/drivers/pylines.py"),
    ]
    assert drive([*command, "--name", "none"], tmp_path).reason == "no-modules"
    assert drive([*command, "--name", "alpha", "--budget", "0"], tmp_path).lines[""][0] >= 1
