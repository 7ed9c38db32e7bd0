"""Journals against the trace: who evaluated what is decided here, and nobody can put words into others' mouths."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from made_traces import SUBJECT, Story, install

from biopsy.model.behaviour import Kind
from biopsy.model.run import Run
from biopsy.sandbox import observe_heard
from biopsy.sandbox.inside import journal
from biopsy.sandbox.inside.prepare import JOURNAL, JOURNALLING
from biopsy.sandbox.observe import observe

SETUP = "/tmp/pip-req-build-1a2b3c4d/setup.py"
SITE = "/opt/venv/lib/python3.11/site-packages"


def netstring(data: bytes) -> bytes:
    return b"%d:%s," % (len(data), data)


def entry(
    code: str, caller: str = SETUP, number: str = "4.1", parent: str = "", evaluator: str = "exec"
) -> bytes:
    fields = [
        "text",
        "1",
        "4",
        number,
        parent,
        evaluator,
        "<string>",
        caller,
        "3",
        "",
        str(len(code)),
        code,
        "python",
    ]
    return netstring(b"".join(netstring(one.encode()) for one in fields)) + b"\n"


Heard = Callable[..., Run]


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    """Observe a story with these journals: name -> content; each was opened by whom and how often the story says."""

    def run(story: Story, **journals: bytes) -> Run:
        kept = tuple(
            journal.Journal(f"{JOURNAL}/{name[1:]}", data, len(data)) for name, data in journals.items()
        )
        (tmp_path / "heard").write_bytes(msgspec.msgpack.encode(journal.Heard(kept)))
        return observe(story.told(tmp_path, heard=tmp_path / "heard"), SUBJECT, None)

    return run


def wrote(story: Story, pid: int, name: str = "a" * 24, times: int = 1, **more: object) -> Story:
    for _ in range(times):
        story.open(pid, f"{JOURNAL}/{name}", flags=JOURNALLING, **more)  # type: ignore[arg-type]
    return story


def tricks(run: Run) -> list[str]:
    return [b.value for b in run.behaviours if b.kind is Kind.EVASION_TRACER]


A, B = "_" + "a" * 24, "_" + "b" * 24


def test_what_the_package_evaluates_is_a_behaviour_at_its_place(heard: Heard) -> None:
    run = heard(wrote(install(), 4), **{A: entry("x = 1")})
    (one,) = run.evaluated
    (told,) = [b for b in run.behaviours if b.kind is Kind.CODE_EVAL]
    assert (one.text, one.caller, one.phase) == ("x = 1", f"{SETUP}:3", "install")
    assert (told.value, told.where.seq, told.detail) == ("exec", one.seq, f"{one.id}: x = 1")  # type: ignore[union-attr]
    assert tricks(run) == []
    assert not any(JOURNAL in b.value for b in run.behaviours)


@pytest.mark.parametrize(
    "caller",
    [
        f"{SITE}/attr/_make.py",
        f"{SITE}/setuptools/build_meta.py",
        "/usr/lib/python3/dist-packages/pip/_internal/cli/main.py",
        "/usr/local/lib/node_modules/npm/lib/npm.js",
        "/usr/local/lib/project-tools/pymodules.py",
    ],
)
def test_what_tools_dependencies_and_drivers_evaluate_is_not_the_packages(heard: Heard, caller: str) -> None:
    run = heard(wrote(install(), 4), **{A: entry("x = 1", caller)})
    assert (run.evaluated, [b for b in run.behaviours if b.kind is Kind.CODE_EVAL]) == ((), [])


def test_what_a_tools_text_evaluates_is_the_packages(heard: Heard) -> None:
    data = entry("setup()", f"{SITE}/setuptools/build_meta.py") + entry(
        "payload = 1", "<string>", "4.2", "4.1"
    )
    run = heard(wrote(install(), 4, times=2), **{A: data})
    assert [(one.text, one.parent) for one in run.evaluated] == [("payload = 1", "")]


def test_a_journal_that_nobody_was_seen_writing_is_nobodys(heard: Heard) -> None:
    run = heard(wrote(install(), 4), **{A: entry("x = 1"), B: entry("forged = 1")})
    assert [one.text for one in run.evaluated] == ["x = 1"]


def test_a_journal_that_is_gone_cut_or_read_is_told(heard: Heard) -> None:
    gone = heard(wrote(install(), 4))
    cut = heard(wrote(install(), 4, times=5), **{A: entry("x = 1")})
    read = heard(wrote(install(), 4).open(4, f"{JOURNAL}/{'a' * 24}"), **{A: entry("x = 1")})
    written = heard(wrote(install(), 4).write(4, f"{JOURNAL}/{'a' * 24}"), **{A: entry("x = 1")})
    damaged = heard(wrote(install(), 4), **{A: entry("x = 1")[:-9]})
    refused = heard(wrote(install(), 4, error=24))
    assert [tricks(one) for one in (gone, cut, read, written, damaged, refused)] == [
        ["journal deleted"],
        ["journal altered"],
        ["journal read"],
        ["journal written"],
        ["journal altered"],
        ["journal refused"],
    ]


def test_a_look_at_the_folder_alone_is_no_trick(heard: Heard) -> None:
    assert tricks(heard(install().open(4, JOURNAL, flags=0o200000, error=13))) == []


def test_of_too_many_texts_those_that_do_something_are_kept(heard: Heard) -> None:
    data = b"".join(entry(f"x = {n}", number=f"4.{n}") for n in range(observe_heard.MAX_TEXTS + 50))
    data += entry("import os; os.system('id')", number="4.999")
    run = heard(wrote(install(), 4, times=2), **{A: data})
    assert len(run.evaluated) == observe_heard.MAX_TEXTS
    assert "import os; os.system('id')" in [one.text for one in run.evaluated]
    assert any("evaluated texts more" in note for note in run.watch.notes)


def test_texts_that_name_each_other_as_parents_end(heard: Heard) -> None:
    data = entry("a = 1", "<string>", "4.1", "4.2") + entry("b = 1", "<string>", "4.2", "4.1")
    run = heard(wrote(install(), 4, times=2), **{A: data})
    assert {one.text for one in run.evaluated} == {"a = 1", "b = 1"}


def test_a_text_without_unicode_is_shown_and_cut_at_its_limit(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe_heard, "MAX_TEXT", 10)
    run = heard(wrote(install(), 4), **{A: entry("é" * 40)})
    (one,) = run.evaluated
    assert (one.text, one.complete) == ("é" * 10, False)
