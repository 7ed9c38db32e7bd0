"""What is written down of what Ruby evaluates, tried on scripts of ours in this machine's Ruby, without a sandbox."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from biopsy.sandbox.inside import journal, prepare

RUBY = shutil.which("ruby")
pytestmark = pytest.mark.skipif(not RUBY, reason="no ruby on this machine; in the sandbox it is tried too")

Run = Callable[..., list[journal.Entry | journal.Oddity]]


@pytest.fixture
def heard(tmp_path: Path) -> Run:
    """Run a script; give what is written in the journals of its processes."""
    out = tmp_path / "out"
    out.mkdir()
    listener = tmp_path / "rubygems.rb"
    listener.write_text(prepare._part("listen.rb").replace("@PLACE@", str(out)))

    def run(script: str, *, by: str = "file") -> list[journal.Entry | journal.Oddity]:
        path = tmp_path / "script.rb"
        path.write_text(script)
        how = {"file": [str(path)], "-e": ["-e", script]}[by]
        command = [str(RUBY), "-r", str(listener), *how]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        pages = [journal.read(file.read_bytes()) for file in sorted(out.iterdir())]
        assert all(page.whole for page in pages)
        return [one for page in pages for one in page.records if not isinstance(one, journal.Slept)]

    return run


EVALUATED = (
    ("eval('1 + 1')", "eval", "1 + 1"),
    ("Kernel.send(:eval, '2')", "eval", "2"),
    ("method(:eval).to_proc.call('3')", "eval", "3"),
    ("binding.eval('4')", "eval", "4"),
    ("Object.new.instance_eval('5')", "instance_eval", "5"),
    ("String.class_eval('def a1; end')", "class_eval", "def a1; end"),
    ("Kernel.module_eval('def a2; end')", "module_eval", "def a2; end"),
    ("self.class.alias_method(:again, :eval); again('6')", "eval", "6"),
    ("RubyVM::InstructionSequence.compile('7').eval", "compile", "7"),
    ("RubyVM::InstructionSequence.new('8').eval", "compile", "8"),
    ("require 'erb'; ERB.new('<%= `true` %>').result", "erb", "`true`"),
    ("S = RubyVM::InstructionSequence; B = S.new('puts ENV[%q(A)]').to_binary", "compile", "ENV"),
    ("S.load_from_binary(B)", "load_from_binary", "puts(ENV"),
)


def test_what_is_evaluated_is_told_by_whom_and_where(heard: Run) -> None:
    entries = [one for one in heard("\n".join(row[0] for row in EVALUATED)) if isinstance(one, journal.Entry)]
    assert [(one.evaluator, one.line, one.language) for one in entries] == [
        (evaluator, line, "ruby") for line, (_, evaluator, _) in enumerate(EVALUATED, 1)
    ]
    assert all(text in one.text.decode() for one, (_, _, text) in zip(entries, EVALUATED, strict=True))
    assert {Path(one.caller).name for one in entries} == {"script.rb"}


def test_a_payload_in_a_payload_is_tied_to_it(heard: Run) -> None:
    outer, inner = heard("eval(%q(eval('1 + 2')))")
    assert isinstance(outer, journal.Entry)
    assert isinstance(inner, journal.Entry)
    assert (outer.parent, inner.parent, inner.caller) == ("", outer.number, "(eval)")


def test_what_a_fork_evaluates_is_in_a_journal_of_its_own(heard: Run) -> None:
    texts = {
        one.text
        for one in heard("eval('1')\nfork { eval('2') }\nProcess.wait")
        if isinstance(one, journal.Entry)
    }
    assert texts == {b"1", b"2"}


def test_a_program_on_the_command_line_is_told(heard: Run) -> None:
    (entry,) = heard("puts 1", by="-e")
    assert isinstance(entry, journal.Entry)
    assert (entry.evaluator, entry.text) == ("program", b"puts 1")


def test_a_file_that_was_dropped_is_told_with_its_text(heard: Run) -> None:
    script = "File.write('dropped.rb', '40 + 2')\nload './dropped.rb'"
    (entry,) = heard(script)
    assert isinstance(entry, journal.Entry)
    assert (entry.evaluator, entry.text) == ("load", b"40 + 2")


def test_what_ruby_does_for_itself_is_not_told(heard: Run) -> None:
    script = (
        "require 'json'\nrequire 'set'\nrequire 'forwardable'\nrequire 'ostruct'\nJSON.parse('{}')\n"
        "class A\n  extend Forwardable\n  def_delegators :@b, :size\nend\nOpenStruct.new(a: 1).a\n"
        "Marshal.load(Marshal.dump([1, Gem::Version.new('1')]))"
    )
    assert heard(script) == []


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("ObjectSpace.each_object(TracePoint).each(&:disable)\neval('1')", "TracePoint#disable"),
        (
            "eval('1', binding, Gem.method(:dir).source_location[0])",
            "code under the name of the standard library",
        ),
    ],
)
def test_what_is_done_to_the_listener_is_told_and_it_goes_on(heard: Run, script: str, what: str) -> None:
    found = heard(script)
    assert journal.Oddity(what) in found
    assert any(isinstance(one, journal.Entry) and one.text == b"1" for one in found)


def test_there_is_an_end_to_what_is_written(heard: Run) -> None:
    found = heard("4_500.times { |n| eval(\"system('true') if #{n} < 0\") }")
    assert sum(isinstance(one, journal.Entry) for one in found) == 3000
    assert any(isinstance(one, journal.Oddity) and one.lost >= 1000 for one in found)
