"""Policy files: read part by part over what is shipped, and every mistake is said at its line."""

import re
from pathlib import Path

import pytest
import yaml

from biopsy.errors import RuleError, UsageError
from biopsy.pipeline.follow.policy import Policies, Policy, Which, load
from biopsy.pipeline.follow.policy.read import MAX_LINES, PARTS, SHIPPED, WHERE, parse

EVERY = sorted(file.stem for file in SHIPPED.glob("*.yml"))


def _mine(home: Path, ecosystem: str, text: str) -> Path:
    path = home / "policy" / f"{ecosystem}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("ecosystem", EVERY)
def test_each_shipped_policy_is_read_and_gives_its_reasons(ecosystem: str) -> None:
    policy = load(ecosystem)
    lines = (*policy.skip, *policy.static, *policy.priority, *policy.reports)
    assert policy.files == (f"shipped {ecosystem}.yml",)
    assert lines
    assert all(line.because for line in lines)


def test_an_ecosystem_without_a_policy_has_the_one_for_any() -> None:
    assert load("cargo").files == ("shipped any.yml",)


def test_a_part_of_mine_takes_the_place_of_the_shipped_one_and_the_rest_stays(tmp_path: Path) -> None:
    _mine(tmp_path, "npm", "artifacts: install\nskip:\n  - name: ['@mine/*', left-pad]\n    because: known\n")
    mine, shipped = load("npm", tmp_path), load("npm")
    assert mine.which is Which.INSTALL
    assert [line.name for line in mine.skip] == [("@mine/*", "left-pad")]
    assert (mine.priority, mine.reports, mine.static) == (shipped.priority, shipped.reports, shipped.static)
    assert mine.files == (str(tmp_path / "policy/npm.yml"), "shipped npm.yml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("skipp: []", "1: unknown key `skipp`"),
        ("skip:\n  - nam: x", "2: unknown key `nam`"),
        ("priority:\n  - popular: 10", "2: `add` is missing"),
        ("priority:\n  - {add: 0, first: true}", "2: `add` is a whole number from -1000 to 1000"),
        ("priority:\n  - {add: 1001}", "2: `add` is a whole number"),
        ("reports:\n  - {do: shout}", "2: `do` is `shout`, not one of: nothing, draft, wait, publish"),
        ("reports:\n  - {verdict: malicious}", "2: `do` is missing"),
        ("reports:\n  - {do: draft, verdict: [evil]}", "2: `verdict` has no `evil`"),
        ("priority:\n  - {add: 1, resembles: [x]}", "2: `resembles` has no `x`"),
        ("counts as new: soon", "1: `counts as new` is a time such as `36h` or `7d`"),
        ("counts as new: 9999d", "at most 366d"),
        ("artifacts: none", "1: `artifacts` is `none`"),
        ("artifacts at most: 0", "from 1 to 500"),
        ("skip:\n  - name: 12", "must be text: quote `12`"),
        ("skip:\n  - first: maybe", "`first` must be true or false"),
        ("analyse: often", "1: `analyse` must be true or false"),
        ("", "1: empty"),
        ("- a\n- b", "a policy must be a mapping"),
        ("skip: &a []\nstatic only: *a", "no anchors or aliases"),
        ("[" * 5000, "nested"),
        ("skip:\n" + "  - name: x\n" * (MAX_LINES + 1), f"more than {MAX_LINES} lines"),
    ],
)
def test_a_mistake_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text, "mine.yml", Policy("npm"))
    assert said in str(caught.value)
    assert str(caught.value).startswith("mine.yml:")


def test_all_mistakes_are_said_not_just_the_first() -> None:
    with pytest.raises(RuleError) as caught:
        parse("artifacts: none\nanalyse: often\n", "mine.yml", Policy("npm"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_policy_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    _mine(tmp_path, "npm", "").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"cannot read .*npm\.yml"):
        load("npm", tmp_path)


@pytest.mark.parametrize("name", ["../npm", "", "NPM", "a/b", "x" * 99])
def test_what_is_no_name_of_an_ecosystem_reads_no_file(name: str) -> None:
    with pytest.raises(UsageError):
        load(name)


def test_a_policy_is_read_again_when_it_changes_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    policies = Policies(tmp_path)
    assert policies.of("npm").analyse
    path = _mine(tmp_path, "npm", "analyse: false\n")
    assert not policies.of("npm").analyse
    path.write_text("analyse: maybe, yes\n")
    assert not policies.of("npm").analyse
    assert ":1: `analyse` must be" in policies.wrong["npm"]
    path.unlink()
    assert policies.of("npm").analyse
    assert not policies.wrong


def test_a_policy_that_is_wrong_from_the_beginning_is_an_error(tmp_path: Path) -> None:
    _mine(tmp_path, "npm", "analyse: maybe\n")
    with pytest.raises(RuleError):
        Policies(tmp_path).of("npm")


PAGE = Path(__file__).parents[2] / "docs" / "watching.md"


def test_the_policy_of_the_page_is_one_and_names_every_key() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    policy = parse(example, "page.yml", Policy("npm"))
    assert (policy.which, policy.most, policy.since) == (Which.INSTALL, 20, 36 * 3600)
    assert set(yaml.safe_load(example)) == set(PARTS)
    assert all(f"`{key}" in PAGE.read_text() for key in WHERE - {"because"})
