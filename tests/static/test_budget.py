"""What is read is decided by counting, and by what names say, not by a clock."""

import itertools
import tempfile
from pathlib import Path

import pytest
from reading import package, short

from biopsy import static
from biopsy.model.behaviour import When
from biopsy.model.release import Tree, TreeFile
from biopsy.static import budget, read
from biopsy.static.code.interest import Interest
from biopsy.static.python import reading
from biopsy.static.sight import Package

SINK = "import os\ndef run(text):\n    os.system(text)\ndef size(text):\n    return len(text)\n"


def interest(files: dict[str, str]) -> Interest:
    held = {path: text.encode() for path, text in files.items()}
    return reading.interest(Package(frozenset(held), load=held.get))


@pytest.mark.parametrize(
    ("user", "worth"),
    [
        ("from .sink import size\nsize('x')\n", False),
        ("from .sink import run\nrun('id')\n", True),
        ("from .sink import run\n", False),
        ("from .sink import *\nrun('id')\n", True),
        ("from .sink import *\nsize('x')\n", False),
        ("from . import sink\nsink.run('id')\n", True),
        ("from . import sink\nsink.size('x')\n", False),
        ("from . import sink\ngo(sink)\n", True),
        ("import pkg.sink\npkg.sink.run('id')\n", True),
        ("import pkg.sink\npkg.sink.size('id')\n", False),
        ("from .sink import run as r\nclass A:\n    def f(self):\n        r('id')\n", True),
        ("try:\n    from .sink import run\nexcept ImportError:\n    run = None\nrun('id')\n", True),
        ("from pkg.hand import on\non('id')\n", True),
        ("from pkg.far import far\nfar('id')\n", True),
        ("from pkg.far import near\nnear('id')\n", False),
        ("x = [1]\nx.remove(1)\nre.compile('a')\ngetattr(x, 'y')\n", False),
    ],
)
def test_a_file_is_worth_running_for_the_names_it_does_something_with(user: str, worth: bool) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/sink.py": SINK,
        "pkg/hand.py": "from .sink import run as on\n",
        "pkg/far.py": "from . import hand\ndef far(x):\n    deep(x)\ndef deep(x):\n    hand.on(x)\ndef near(x):\n    return x\n",
        "pkg/user.py": user,
    }
    assert interest(files).worthy("pkg/user.py") is worth


def test_a_column_0_line_inside_a_text_does_not_hide_the_name_around_it() -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/a.py": 'import os\ndef go(x):\n    y = """\nz = 1\n"""\n    os.system(x)\n',
        "pkg/b.py": "from .a import go\ngo('id')\n",
    }
    assert interest(files).worthy("pkg/b.py")


def test_what_only_uses_others_is_run_with_what_it_gives_them() -> None:
    files = {"pkg/__init__.py": "from .a import go\ngo('i' + 'd')\n", "pkg/a.py": SINK.replace("run", "go")}
    assert "process.exec id @ pkg/a.py:3 (import)" in package(files)


def _tree(root: Path) -> Tree:
    files = {
        f"pkg/m{n}.py": f"import os\ndef f():\n    os.system('m{n}')\n" + "x = 1 + 2\n" * 300
        for n in range(40)
    }
    files["setup.py"] = "import os\nos.system('id')\n"
    listed = []
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
        listed.append(TreeFile(name, len(text), ""))
    return Tree(root, tuple(listed))


def test_a_slow_machine_sees_the_same_of_a_package_that_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "Budget", lambda: budget.Budget(left=20_000))
    moments = {"setup.py": When.INSTALL}
    with tempfile.TemporaryDirectory() as folder:
        tree = _tree(Path(folder))
        slow = itertools.count(0, 0.05)
        runs = [
            [str(b) for b in read(tree, moments, clock)] for clock in (lambda: 0.0, lambda: float(next(slow)))
        ]
    assert runs[0] == runs[1]
    assert any("not read: out-of-time" in line for line in runs[0])
    assert "process.exec id" in short(runs[0])


def test_files_that_only_use_others_wait_and_those_that_do_so_when_imported_come_first() -> None:
    held = budget.Budget(left=1000, hearsay=100)
    for name in ("a", "b", "c"):
        assert not held.takes(name, "python")
    held.sooner.add("b")
    turns = held.last()
    assert next(turns) == ("b", "python")
    assert held.takes("b", "python")
    assert next(turns) == ("a", "python")
    held.left -= 200
    assert next(turns, None) is None
    assert list(held.waiting) == ["c"]
