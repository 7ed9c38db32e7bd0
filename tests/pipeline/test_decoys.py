"""What code deletes of its user's is put there for it: which places, and what then is seen."""

from pathlib import Path

import pytest

from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Call
from biopsy.pipeline import Options, analyze, decoys


def said(*texts: str) -> list[Behaviour]:
    return [Behaviour.parse(text) for text in texts]


def test_a_folder_gets_files_such_as_people_keep_and_a_file_itself() -> None:
    seen = said("file.delete ~/Documents/taxes @ a.py:4 (import)", "file.delete ~/plan.docx @ a.py:5 (call)")
    places = decoys.wanted(seen)
    assert [place for place in places if place.startswith("~/Documents/taxes/")] == list(places[:-1])
    assert len(places) == 5
    assert places[-1] == "~/plan.docx"


def test_hidden_passing_and_unknown_places_get_nothing() -> None:
    texts = [
        "~",
        "~/?",
        "~/.ssh/id_rsa",
        "~/x/../../etc/passwd",
        "~/app/node_modules/a",
        "~/work/tmp/x",
        "/etc/passwd",
        "?/x",
    ]
    assert decoys.wanted(said(*(f"file.delete {text} @ a.py:4 (import)" for text in texts))) == ()


def test_what_tests_delete_gets_nothing() -> None:
    assert decoys.wanted(said("file.delete ~/Documents/x @ tests/a.py:4 (test)")) == ()


def test_no_more_than_so_many_places_get_decoys() -> None:
    seen = said(*(f"file.delete ~/Documents/f{n} @ a.py:{n} (import)" for n in range(1, 99)))
    assert len(decoys.wanted(seen)) == decoys.MAX_PLACES * len(decoys.KEPT)


@pytest.mark.sandbox
def test_a_wipe_of_a_folder_that_no_machine_has_is_seen(tmp_path: Path, home: Path) -> None:
    package = tmp_path / "sim" / "sim_wipe"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text("[project]\nname = 'sim-wipe'\nversion = '1.0'\n")
    code = (
        "import os, shutil\nshutil.rmtree(os.path.expanduser('~/Documents/sim_doomed'), ignore_errors=True)\n"
    )
    (package / "__init__.py").write_text(code)
    chosen = Options(home=home, profiles=("github-actions",), phases=("import",), against="none")
    (analysis,) = analyze(str(package.parent), chosen, lambda _text, _done: None)
    (finding,) = (one for one in analysis.findings if one.rule == "destruction/user-files")
    assert sum("/Documents/sim_doomed/" in str(one) for one in finding.evidence) >= 3
    assert analysis.verdict.call is Call.MALICIOUS
