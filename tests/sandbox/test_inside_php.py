"""What is written down of what PHP evaluates, tried on scripts of ours in this machine's PHP, without a sandbox."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from biopsy.sandbox.inside import journal, prepare

PHP = shutil.which("php")
pytestmark = pytest.mark.skipif(
    not PHP or not shutil.which("gcc"),
    reason="no php and no gcc on this machine; in the sandbox it is tried too",
)

Heard = Callable[..., tuple[list[journal.Entry], str]]

WRAPPER = """
class W {
  public $context; private $text = '<?php $found = 1;'; private $at = 0;
  function stream_open($path, $mode, $options, &$opened) { return true; }
  function stream_read($count) { $part = substr($this->text, $this->at, $count); $this->at += strlen($part); return $part; }
  function stream_eof() { return $this->at >= strlen($this->text); }
  function stream_stat() { return []; }
  function stream_set_option($option, $one, $two) { return false; }
}
stream_wrapper_register("var", "W"); include "var://x";
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "out").mkdir()
    source = prepare._part("engine_php.c").replace("@PLACE@", str(folder / "out"))
    (folder / "engine.c").write_text(source)
    command = [
        "gcc",
        "-O1",
        "-shared",
        "-fPIC",
        "-o",
        str(folder / "engine.so"),
        str(folder / "engine.c"),
    ]
    subprocess.run(command, check=True)
    return folder / "engine.so"


@pytest.fixture
def heard(library: Path, tmp_path: Path) -> Heard:
    """Run a script; give what it evaluated, and what it printed."""

    def run(script: str, *options: str, by: str = "file") -> tuple[list[journal.Entry], str]:
        for file in (library.parent / "out").iterdir():
            file.unlink()
        path = tmp_path / "script.py"
        path.write_text(script)
        named = {"file": [str(path)], "-r": ["-r", script], "input": []}[by]
        done = subprocess.run(
            [str(PHP), *options, *named],
            input=script if by == "input" else None,
            env={"LD_PRELOAD": str(library), "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        entries = []
        for file in (library.parent / "out").iterdir():
            page = journal.read(file.read_bytes())
            assert page.whole
            entries += [one for one in page.records if isinstance(one, journal.Entry)]
        return entries, done.stdout + done.stderr

    return run


def test_text_in_text_is_a_chain_with_the_file_at_its_end(heard: Heard, tmp_path: Path) -> None:
    (outer, inner), _ = heard("<?php\neval('$x = 1;\n eval(\"echo 2;\");');")
    assert (outer.evaluator, outer.language, outer.caller, outer.line) == (
        "eval",
        "php",
        str(tmp_path / "script.py"),
        2,
    )
    assert (inner.text, inner.parent, inner.line) == (b"echo 2;", outer.number, 2)
    assert inner.caller == str(tmp_path / "script.py")


@pytest.mark.parametrize("options", [(), ("-n",), ("-d", "disable_functions=eval")])
def test_no_setting_keeps_it_from_hearing(heard: Heard, options: tuple[str, ...]) -> None:
    (one,), _ = heard("<?php eval('$y = 5;');", *options)
    assert one.text == b"$y = 5;"


def test_what_is_included_from_a_stream_is_evaluated(heard: Heard) -> None:
    (one,), _ = heard("<?php include 'data:text/plain,<?php $z = 7;';", "-d", "allow_url_include=1")
    assert (one.evaluator, one.text) == ("include", b"<?php $z = 7;")


def test_a_wrapper_of_ones_own_is_no_file(heard: Heard) -> None:
    (one,), _ = heard(f"<?php {WRAPPER}")
    assert (one.evaluator, one.filename, one.text) == ("include", "var://x", b"<?php $found = 1;")


@pytest.mark.parametrize("by", ["-r", "input"])
def test_a_program_that_is_no_file_is_told_and_so_is_what_it_evaluates(heard: Heard, by: str) -> None:
    entries, _ = heard(("" if by == "-r" else "<?php ") + "eval('$a = 1;');", by=by)
    assert [(one.evaluator, one.text[-8:]) for one in entries] == [
        ("program", b" = 1;');"),
        ("eval", b"$a = 1;"),
    ]
    assert entries[1].parent == entries[0].number


def test_what_does_not_parse_was_evaluated_all_the_same(heard: Heard) -> None:
    (one,), _ = heard("<?php try { eval('((('); } catch (ParseError $e) {}")
    assert one.text == b"((("


def test_a_fork_keeps_a_journal_of_its_own(heard: Heard) -> None:
    entries, _ = heard(
        "<?php eval('$f = pcntl_fork();'); if (!$f) { eval('$in = 1;'); exit; } pcntl_wait($s);"
    )
    assert sorted(one.text for one in entries) == [b"$f = pcntl_fork();", b"$in = 1;"]


def test_no_list_that_a_script_can_ask_for_has_a_word_of_it(heard: Heard) -> None:
    _, said = heard(
        "<?php echo implode(' ', array_merge(get_loaded_extensions(true), get_loaded_extensions(), "
        "array_keys(ini_get_all())), ' '), php_ini_scanned_files();"
    )
    assert "engine" not in said
    assert "journal" not in said


def test_a_flood_is_counted_and_not_kept(heard: Heard) -> None:
    entries, _ = heard("<?php for ($i = 0; $i < 3100; $i++) eval('$n = ' . $i . ';');")
    assert len(entries) == 3000
