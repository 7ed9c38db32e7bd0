"""Modules that a package could import from what it fetches are read off its own texts."""

from biopsy.pipeline import imported

FETCHES = """
import sys
PARTS = {"a": "atlas_outline", "b": "atlas_words.names:run"}
def go(place):
    sys.path.insert(0, place)
    import late_part
    from helper import thing
    import json
"""


def test_names_stand_in_the_code_as_texts_or_in_functions() -> None:
    assert imported.names([("pkg/__init__.py", FETCHES), ("pkg/helper.py", "")]) == (
        "late_part",
        "atlas_outline",
        "atlas_words.names",
    )


def test_what_imports_from_no_other_place_names_nothing() -> None:
    assert imported.names([("pkg/__init__.py", 'NAMES = ["some_word"]\n')]) == ()


def test_a_flood_of_words_is_bounded() -> None:
    text = "import zipimport\n" + "\n".join(f'"word_{number}"' for number in range(5_000))
    assert len(imported.names([("a.py", text)])) == imported.MAX_NAMES
    assert imported.names([("a.py", "sys.path\n'" + "a" * 500 + "'")]) == ()
