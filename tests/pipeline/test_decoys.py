"""What code deletes of its user's is put there for it: which places, when, and what then is seen."""

from pathlib import Path

from biopsy.model.behaviour import Behaviour
from biopsy.model.release import Tree, TreeFile
from biopsy.model.run import Disk, Phase
from biopsy.pipeline import decoys, suiting, waiting

INSTALL = Phase("install", "pypi.py", installs=True)
IMPORT = Phase("import", "pypi.py", ("import", "--budget", "45"))


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


def test_what_an_install_deletes_is_there_when_it_is_installed_once_more() -> None:
    seen = said("file.delete ~/Documents/x @ setup.py:4 (install)")
    assert decoys.wanted(seen) == ()
    assert decoys.wanted(seen, install=True)


def test_a_go_over_the_installed_disk_begins_with_them(tmp_path: Path) -> None:
    text = b"import shutil\n"
    (tmp_path / "a.py").write_bytes(text)
    tree = Tree(tmp_path, (TreeFile("a.py", len(text), ""),))
    goes = waiting.more(tree, (INSTALL, IMPORT), seen=said("file.delete ~/Documents/x @ a.py:4 (import)"))
    (go,) = goes
    assert (go.name, go.again, go.disk) == ("import", suiting.LABEL, Disk.INSTALLED)
    assert all(plant.startswith("~/Documents/x/") for plant in go.plants)
