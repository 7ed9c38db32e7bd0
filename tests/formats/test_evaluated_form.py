"""The code that was evaluated, in every form: chains together, words escaped, what reading it showed beside it."""

import json

import pytest
from msgspec.structs import replace
from sample import behaviour, benign, malicious

from biopsy.formats import html, text
from biopsy.formats import json as as_json
from biopsy.formats.views.evaluated import layers
from biopsy.model.dossier import Analysis
from biopsy.model.run import Evaluated
from biopsy.warehouse.wire import Stored, restore, store


def one(identity: str, code: str, parent: str = "", **more: object) -> Evaluated:
    return Evaluated(
        identity * 16, "exec", code, True, None, "import", "laptop", 7, parent=parent * 16, **more
    )


INNER = one("c", "import os  # <script>alert(1)</script>\nos.system('id')", "b")
TEXTS = (one("a", "x = 1"), one("b", "exec(decoded)"), INNER)


@pytest.fixture
def analysis() -> Analysis:
    given = malicious()
    told = behaviour("process.exec", "id", f"{INNER.path}:2 (import)")
    dossier = replace(given.dossier, evaluated=TEXTS, behaviours=(*given.dossier.behaviours, told))
    return replace(given, dossier=dossier)


def test_a_chain_in_which_something_is_done_comes_first_and_stays_together(analysis: Analysis) -> None:
    found = layers(analysis.dossier)
    assert [(one.evaluated.id[0], one.depth, len(one.seen)) for one in found] == [
        ("b", 0, 0),
        ("c", 1, 1),
        ("a", 0, 0),
    ]


def test_texts_that_name_each_other_are_shown_once(analysis: Analysis) -> None:
    circle = (one("a", "1", "b"), one("b", "2", "a"), one("d", "3", "d"), one("a", "1"))
    dossier = replace(analysis.dossier, evaluated=circle)
    assert sorted(layer.evaluated.id[0] for layer in layers(dossier)) == ["a", "b", "d"]


def test_the_screen_shows_how_texts_begin(analysis: Analysis) -> None:
    screen = text.render(analysis)
    assert "Evaluated while it ran  3 texts" in screen
    assert "↳ exec  import os" in screen


def test_the_page_shows_all_of_it_and_runs_none(analysis: Analysis) -> None:
    page = html.render(analysis)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert '<b class="t-w">import</b> os' in page


def test_no_section_where_nothing_was_evaluated() -> None:
    assert "Evaluated while it ran" not in html.render(benign()) + text.render(benign())


def test_json_and_the_store_keep_every_text(analysis: Analysis) -> None:
    document = json.loads(as_json.render(analysis))
    assert [(e["text"], e["path"], e["parent"]) for e in document["evaluated"]] == [
        (e.text, e.path, e.parent) for e in TEXTS
    ]
    stored = store(analysis.dossier)
    assert isinstance(stored, Stored)
    assert restore(stored).evaluated == TEXTS
