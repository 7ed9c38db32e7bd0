"""Which packages have their lines counted in a go of its own, and what is told of it."""

from pathlib import Path

import pytest

from biopsy.model.coverage import coverage
from biopsy.model.dossier import Dossier
from biopsy.model.release import Artifact, Release, Tree, TreeFile
from biopsy.model.run import Disk, Lines, Outcome, Phase, Run, Status, Watch
from biopsy.pipeline import counted
from biopsy.sandbox import observe_outcome
from biopsy.sandbox.raw import Ran, Raw

PLAN = (
    Phase("install", "pypi.py", ("install", "--name", "x", "--budget", "170", "{artifact}"), 180.0, installs=True),
    Phase("import", "pymodules.py", ("import", "--name", "x", "--budget", "165", "--each", "10", "{artifact}"), 180.0),
    Phase("execute", "pymodules.py", ("execute", "--name", "x", "--budget", "12", "{artifact}"), 25.0),
)  # fmt: skip


def tree(folder: Path, **files: str) -> Tree:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return Tree(folder, tuple(TreeFile(f"{name}.py", len(text), "") for name, text in files.items()))


def ran(output: bytes, *, quiet: bool = True) -> Ran:
    return Ran("import", Status.COMPLETED, "", 0, 1, exit=0, output=output, again="lines", quiet=quiet)


def dossier(*outcomes: Outcome) -> Dossier:
    artifact = Artifact("x-1.tar.gz", "sdist", Path("x-1.tar.gz"), 1, "0" * 64)
    return Dossier("20261122-000000-00000000", Release("pypi", "x", "1"), artifact, (), outcomes)


def test_python_is_followed_once_more_right_after_the_install_and_only_lines_are_told(tmp_path: Path) -> None:
    (go,) = counted.more(tree(tmp_path, x="import os\n"), PLAN)
    assert (go.name, go.driver, go.disk, go.quiet) == ("import", "pylines.py", Disk.INSTALLED, True)
    assert go.args == ("--name", "x", "--budget", "12", "{artifact}")


def test_nothing_is_followed_without_code_nor_in_what_is_not_imported(tmp_path: Path) -> None:
    assert counted.more(tree(tmp_path), PLAN) == ()
    assert counted.more(tree(tmp_path, x="1"), (PLAN[0], PLAN[2])) == ()
    assert counted.more(tree(tmp_path, x="1"), (Phase("import", "npm.mjs", ("import",)),)) == ()


def test_of_too_much_code_it_is_told_how_much_and_that_it_was_dear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "MAX_CODE", 10)
    large = tree(tmp_path, x="import os\n\n# why\nprint(os)\n")
    done = Run("laptop", (), (Outcome("laptop", "import", Status.COMPLETED),), (), (), (), Watch("laptop"))
    assert counted.more(large, PLAN) == ()
    (told,) = counted.told((done,), large)
    (seen,) = coverage(dossier(*told.outcomes))
    assert (seen.lines.of, seen.lines.done, seen.lines.why) == (2, 0, (("dear", 2),))


def test_what_such_a_go_reached_is_put_to_the_phase_that_it_is_of() -> None:
    output = (
        b'{"lines": "x.py", "of": 4, "seen": "1-3"}\n'
        b'{"lines": "", "of": 9, "seen": "", "reason": "budget"}\n{"phase": "completed"}\n'
    )
    raw = Raw("laptop", 0, 1, "/h", "/p", 1, "h", Path("t"), Path("s"), (ran(output),), (), ())
    done = Run("laptop", (), (Outcome("laptop", "import", Status.COMPLETED),), (), (), (), Watch("laptop"))
    assert observe_outcome.quiet(raw)
    found = observe_outcome.reached(done, [raw])
    assert found.outcomes[0].lines == (Lines("x.py", 4, "1-3"), Lines("", 9, "", "budget"))
    (seen,) = coverage(dossier(*found.outcomes))
    assert (seen.lines.of, seen.lines.done) == (9, 3)
    assert seen.lines.why == (("budget", 5), ("not-entered", 1))
