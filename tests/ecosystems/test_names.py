import gzip
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.ecosystems import all_ecosystems, by_type
from biopsy.ecosystems.names import Names, Resemblance, listed, load, mark, resemblances
from biopsy.ecosystems.names.look import latin, skeleton
from biopsy.ecosystems.names.taken import taken
from biopsy.errors import UsageError

HERE = {"pypi": by_type("pypi"), "npm": by_type("npm")}


def resemble(kind: str, name: str) -> tuple[Resemblance, ...]:
    others = tuple(load(other) for other in HERE if other != kind)
    return resemblances(name, load(kind), HERE[kind].habits, others)


SQUATS = [
    ("pypi", "reqeusts", "typosquat requests"),  # two letters exchanged
    ("pypi", "reqests", "typosquat requests"),  # left out
    ("pypi", "requestts", "typosquat requests"),  # doubled
    ("pypi", "rewuests", "typosquat requests"),  # a neighbouring key
    ("pypi", "matplotlb", "typosquat matplotlib"),
    ("pypi", "beautifulsuop44", "typosquat beautifulsoup4"),  # two slips in a long name
    ("pypi", "djang0", "homoglyph django"),
    ("pypi", "tensorfiow", "homoglyph tensorflow"),
    ("npm", "rnoment", "homoglyph moment"),
    ("npm", "crossenv", "typosquat cross-env"),  # a separator left out
    ("npm", "lodahs", "typosquat lodash"),
    ("npm", "types-node", "scope @types/node"),
    ("npm", "babelcore", "scope @babel/core"),
    ("npm", "@bable/core", "typosquat @babel/core"),
    ("npm", "@typess/node", "typosquat @types/node"),
    ("pypi", "requests-py", "combosquat requests"),
    ("npm", "expre55", "homoglyph express"),
    ("pypi", "python-requests", "combosquat requests"),
    ("pypi", "openai-python", "combosquat openai"),
    ("pypi", "numpy-sdk", "combosquat numpy"),
    ("pypi", "py-dateutil", "combosquat python-dateutil"),
    ("npm", "chalk-next", "combosquat chalk"),
    ("npm", "node-express", "combosquat express"),
    ("npm", "parser-body", "combosquat body-parser"),
    ("pypi", "lodash", "other-ecosystem npm:lodash"),
    ("npm", "acme-internal-auth", "internal acme-internal-auth"),
]


@pytest.mark.parametrize(("kind", "name", "value"), SQUATS)
def test_a_squat_is_seen_for_what_it_squats_on(kind: str, name: str, value: str) -> None:
    assert value in {found.value for found in resemble(kind, name)}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("pypi", "requests"),
        ("npm", "preact"),
        ("npm", "@babel/some-new-plugin"),
        ("npm", "@somebody/lodash"),
        ("pypi", "boto4"),
        ("pypi", "gardening-diary"),
        ("npm", "left"),
    ],
)
def test_a_name_in_wide_use_a_scope_of_one_owner_and_an_ordinary_name_resemble_nothing(
    kind: str, name: str
) -> None:
    assert resemble(kind, name) == ()


def test_a_letter_of_another_script_is_folded() -> None:
    assert latin("rеquеsts") == "requests"
    assert latin("ｎｕｍｐｙ") == "numpy"
    assert latin("nu\u200bmpy") == "numpy"
    assert next(found.word for found in resemble("pypi", "rеquests")) == "homoglyph"


def test_few_ordinary_names_resemble_another() -> None:
    """Ranks 10001 to 10500 against the list without them: real names that are not quite popular."""
    known = load("pypi")
    middling = known.ordered[10_000:10_500]
    upper = Names("pypi", "", "".join(f"{name}\n" for name in known.ordered[:10_000]))
    hits = sum(bool(resemblances(name, upper, HERE["pypi"].habits)) for name in middling)
    assert hits / len(middling) <= 0.04


def test_a_check_takes_less_than_a_blink() -> None:
    resemble("pypi", "warm-up")
    began = time.perf_counter()
    for number in range(20):
        resemble("pypi", f"some-ordinary-name{number}")
    assert (time.perf_counter() - began) / 20 < 0.05  # 2 ms on an idle machine


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_checked(name: str) -> None:
    for kind in HERE:
        assert len(resemble(kind, name)) <= 8
    skeleton(name)


def test_the_shipped_lists_are_of_a_day_and_hold_what_everybody_installs() -> None:
    assert set(listed.shipped()) == {ecosystem.type for ecosystem in all_ecosystems()}
    for kind, name in (("pypi", "requests"), ("npm", "lodash")):
        names = load(kind)
        assert names.date.startswith("20")
        assert names.source == "shipped"
        assert len(names) > 14_000
        assert 0 < names.rank(name) < 500
    assert load("pypi").describes("PYTHON HTTP for humans") == "requests"
    assert load("nothing") == Names("nothing", "", source="none")


KNOWN = {
    "gem": "rails",
    "cargo": "serde",
    "composer": "laravel/framework",
    "golang": "github.com/spf13/cobra",
    "nuget": "newtonsoft.json",
    "maven": "com.google.guava/guava",
    "vscode-extension": "ms-python/python",
    "github": "actions/checkout",
}


@pytest.mark.parametrize("kind", KNOWN)
def test_every_ecosystem_has_a_list_in_its_own_spelling(kind: str) -> None:
    names, ecosystem = load(kind), by_type(kind)
    assert KNOWN[kind] in names
    assert len(names) > 250
    assert [name for name in names.ordered if ecosystem.normalise(name) != name] == []


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        ("golang", "github.com/spf13/cobro", []),  # of the same owner
        ("golang", "github.com/sipf13/cobra", ["typosquat github.com/spf13/cobra"]),
        ("golang", "github.com/boltdb-go/bolt", ["combosquat github.com/boltdb/bolt"]),
        ("maven", "com.google.guava/guavas", []),
        ("maven", "com.google.guavaa/guava", ["typosquat com.google.guava/guava"]),
        ("nuget", "newtonsof.json", ["typosquat newtonsoft.json"]),
        ("vscode-extension", "ms-pyhton/python", ["typosquat ms-python/python"]),
        ("github", "action/checkout", ["typosquat actions/checkout"]),
        ("gem", "nokogirl", ["homoglyph nokogiri"]),
        ("cargo", "serde_jsno", ["typosquat serde_json"]),
        ("composer", "monolog/monolg", []),
    ],
)
def test_slips_are_seen_and_families_are_not(kind: str, name: str, found: list[str]) -> None:
    alike = resemblances(name, load(kind), by_type(kind).habits)
    assert [one.value for one in alike][:1] == found


def test_a_refreshed_list_goes_before_the_shipped_one_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    path = listed.kept("pypi", tmp_path)
    path.parent.mkdir()
    path.write_bytes(
        listed.write("pypi", "2031-01-02", [("alpha", "Counts all the words there are"), ("beta", "")])
    )
    names = load("pypi", tmp_path)
    assert (names.date, names.ordered, names.source) == ("2031-01-02", ["alpha", "beta"], str(path))
    assert names.describes("counts, all the words: there are!") == "alpha"
    for damaged in (b"", b"\x1f\x8b\x08", gzip.compress(b"biopsy-names\tnpm\t2031-01-02\nx\n"), b"x" * 100):
        path.write_bytes(damaged)
        assert load("pypi", tmp_path).source == "shipped"


def test_the_same_list_is_the_same_bytes() -> None:
    pairs = [("alpha", "Counts all the words there are"), ("alpha", "again"), ("beta", "")]
    assert listed.write("pypi", "2031-01-02", pairs) == listed.write("pypi", "2031-01-02", pairs)


def test_a_short_sentence_is_nobodys() -> None:
    assert mark("A simple library") == ""
    assert len(mark("A simple library for words")) == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# the best\nBeta_X\n\nalpha  5\n", ["beta-x", "alpha"]),
        ("name\tdownloads\tsummary\nalpha\t5\ta\nbeta\t70\tb\nnone\t\t\n", ["beta", "alpha"]),
        ('"rank","project"\n2,"alpha"\n1,"beta"\n', ["beta", "alpha"]),
        ('["beta", "alpha", "../x"]', ["beta", "alpha"]),
        (
            '{"rows": [{"project": "alpha", "download_count": 5}, {"project": "beta", "download_count": 70}]}',
            ["beta", "alpha"],
        ),
        ('{"alpha": 5, "beta": 70}', ["beta", "alpha"]),
    ],
)
def test_lists_are_taken_as_they_come(text: str, names: list[str]) -> None:
    assert [name for name, _ in taken(text.encode(), HERE["pypi"].normalise)] == names


@pytest.mark.parametrize("data", [b"", b"[", b"[1, 2]", b"{}", b"\xff\xfe\n\x00", b"name\n", b"[" * 5000])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        taken(data, HERE["pypi"].normalise)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading_of_a_list(data: bytes) -> None:
    try:
        taken(data, HERE["npm"].normalise)
        listed.parse(data, "npm")
    except UsageError:
        pass
