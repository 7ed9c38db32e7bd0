"""Watch lists, and which feeds are followed."""

from pathlib import Path

import pytest

from biopsy.errors import UsageError
from biopsy.pipeline.follow import chosen
from biopsy.pipeline.follow.chosen import MAX_LIST, MAX_NAMES, Watched, choose, parse_list, read_list


def test_a_list_has_purls_short_forms_and_comments() -> None:
    lines = [
        "# ours",
        "",
        "pkg:pypi/Requests",
        "npm:@Scope/name@1.2.3   # a version is not looked at",
        "pypi:requests",
        "pkg:npm/%40scope/other",
    ]
    found = parse_list(lines, "list")
    assert found.names == {"pypi": ("requests",), "npm": ("@Scope/name", "@scope/other")}
    assert found.count == 3


def test_bare_names_are_of_the_ecosystem_that_was_named() -> None:
    assert parse_list(["Flask_Cors", "six"], "list", "pypi").names == {"pypi": ("flask-cors", "six")}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["six"], "list:1: which ecosystem is 'six' of?"),
        (["npm:ok", "npm:/bad/"], "list:2: not an npm name"),
        (["zip:x"], "list:1: no ecosystem 'zip'"),
        (["# nothing"], "no package in it"),
        (["pkg:"], "list:1: not a package URL"),
        (["npm:x" * 1000], "list:1: "),
    ],
)
def test_a_wrong_line_is_said_by_number(lines: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_list(lines, "list")
    assert said in str(caught.value)


def test_a_list_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at most"):
        parse_list((f"npm:p{n}" for n in range(MAX_NAMES + 1)), "list")
    path = tmp_path / "list"
    path.write_bytes(b"#" * (MAX_LIST + 1))
    with pytest.raises(UsageError, match="longer than"):
        read_list(path)
    with pytest.raises(UsageError, match="cannot read"):
        read_list(tmp_path / "none")


def test_without_a_word_the_main_feed_of_each_ecosystem_that_has_one_is_followed() -> None:
    followed = {"npm", "pypi", "gem", "cargo", "composer", "golang", "nuget", "maven"}
    assert sorted(feed.ecosystem for feed in choose(())) == sorted(followed)
    assert all(feed.main for feed in choose(()))
    with pytest.raises(UsageError, match="no feed 'github'; there are:"):
        choose(("github",))


def test_feeds_are_named_by_ecosystem_or_by_name_each_once() -> None:
    assert [feed.name for feed in choose(("pypi", "pypi/changelog", "pypi/rss"))] == [
        "pypi/changelog",
        "pypi/rss",
    ]
    with pytest.raises(UsageError, match="no feed 'pypi/nothing'; there are:"):
        choose(("pypi/nothing",))


def test_a_watch_list_is_followed_by_name_and_cut_to_the_ecosystems_named() -> None:
    listed = Watched({"pypi": ("six",), "npm": ("left-pad",)})
    assert [feed.name for feed in choose((), listed)] == ["npm/watched", "pypi/watched"]
    assert [feed.name for feed in choose(("npm",), listed)] == ["npm/watched"]
    with pytest.raises(UsageError, match="no package of 'gem'"):
        choose(("gem",), listed)


def test_the_limits_are_those_of_the_page() -> None:
    page = (Path(chosen.__file__).parents[4] / "docs" / "watching.md").read_text()
    assert f"{MAX_NAMES:,} packages" in page
