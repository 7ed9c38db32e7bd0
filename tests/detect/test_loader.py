"""Every mistake in a rule is refused at its file and line, and all of them at once."""

from pathlib import Path

import pytest
from made_rules import WHY, rule_text

from biopsy.detect import load
from biopsy.errors import RuleError

GOOD = rule_text('{file.read: "*/.npmrc"}')
EXAMPLES = """
examples:
  - name: yes
    match: [file.read /home/ada/.npmrc @ install#1]
  - name: no
    no match: [file.read /home/ada/notes @ install#1]
"""


def _load(tmp_path: Path, text: str, name: str = "exfil/made.yml") -> list[str]:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    try:
        load(tmp_path)
    except RuleError as err:
        return [line.removeprefix(f"{tmp_path}/") for line in str(err).splitlines()]
    return []


def test_a_good_rule_is_read(tmp_path: Path) -> None:
    assert _load(tmp_path, GOOD) == []
    (rule,) = load(tmp_path)
    assert (rule.id, rule.category, rule.why) == ("exfil/made", "exfil", WHY)


WRONG = {
    # what is wrong: (line, part of the message, text)
    "unknown key": (2, "unknown key `titel`", GOOD.replace("title:", "titel:")),
    "missing why": (1, "`why` is missing", rule_text('{file.read: "*"}', why="")),
    "why too short": (7, "`why` is a paragraph", rule_text('{file.read: "*"}', why="bad")),
    "duplicate key": (3, "`title` stands twice", GOOD.replace("title:", "title: a\ntitle:", 1)),
    "number for text": (2, "`title` must be text", rule_text('{file.read: "*"}', title="7")),
    "list for text": (2, "`title` must be text, not a list", rule_text('{file.read: "*"}', title="[a]")),
    "no such status": (3, "`status` is `final`", rule_text('{file.read: "*"}', status="final")),
    "no such level": (4, "`severity` is `critical`", rule_text('{file.read: "*"}', severity="critical")),
    "bad technique": (6, "is no ATT&CK technique", rule_text('{file.read: "*"}', attack="[T104]")),
    "no technique": (6, "needs at least 1", rule_text('{file.read: "*"}', attack="[]")),
    "path is not id": (1, "its path says `exfil/made`", GOOD.replace("exfil/made", "exfil/other")),
    "stable without examples": (1, "examples of both kinds", rule_text('{file.read: "*"}', status="stable")),
    "convicts while medium": (9, "only severity high", rule_text('{file.read: "*"}', severity="medium", convicts="true")),
    "convicts is no word": (9, "must be true or false", rule_text('{file.read: "*"}', convicts="yes")),
    "unknown kind": (8, "no such kind of behaviour, nor operator: `file.open`", rule_text('{file.open: "*"}')),
    "two kinds": (8, "one kind of behaviour or one operator, not 2", rule_text('{file.read: "*", net.dns: "*"}')),
    "no kind": (8, "not 0", rule_text("{phase: install}")),
    "two operators": (8, "unknown key `all`", rule_text('{any: [{net.dns: "*"}, {net.dns: a}], all: []}')),
    "constraint on an operator": (8, "unknown key `phase`", rule_text('{any: [{net.dns: "*"}, {net.dns: a}], phase: x}')),
    "all of one": (8, "`all` needs at least 2", rule_text('{all: [{net.dns: "*"}]}')),
    "only not": (8, "could hold without any evidence", rule_text('{not: {net.dns: "*"}}')),
    "maybe only not": (8, "could hold without any evidence", rule_text('{any: [{net.dns: a}, {not: {net.dns: "*"}}]}')),
    "not inside not": (8, "may not stand inside `not`", rule_text("{all: [{net.dns: a}, {not: {all: [{net.dns: b}, {not: {net.dns: c}}]}}]}")),
    "new inside not": (8, "may not stand inside `not`", rule_text("{all: [{net.dns: a}, {not: {new: {net.dns: b}}}]}")),
    "rule inside new": (8, "may not stand inside `new`", rule_text("{new: {rule: exfil/other}}")),
    "not inside then": (8, "in `then` and beside `same`", rule_text("{then: [{net.dns: a}, {not: {net.dns: b}}]}")),
    "all inside same": (8, "in `then` and beside `same`", rule_text("{all: [{net.dns: a}, {all: [{net.dns: b}, {net.dns: c}]}], same: file}")),
    "no such place": (8, "`same` is `process`", rule_text("{all: [{net.dns: a}, {net.dns: b}], same: process}")),
    "by the tool": (8, "`by` says `tool`", rule_text('{net.dns: "*", by: tool}')),
    "no such moment": (8, "`when` says `later`", rule_text('{net.dns: "*", when: later}')),
    "count of one": (8, "`count` must be a whole number from 2", rule_text('{net.dns: "*", count: 1}')),
    "count in words": (8, "`count` must be a whole number", rule_text('{net.dns: "*", count: three}')),
    "vendored in a run": (8, "never both", rule_text('{net.dns: "*", vendored: true, phase: install}')),
    "vendored is no word": (8, "must be true or false", rule_text('{net.dns: "*", vendored: other}')),
    "vendored as an excuse": (8, "may not leave out vendored", rule_text('{net.dns: "*", vendored: false}')),
    "of without a path": (8, "`of` is about paths", rule_text('{net.dns: "*", of: other}')),
    "empty pattern": (8, "is empty", rule_text('{net.dns: ""}')),
    "no patterns": (8, "needs at least 1", rule_text("{net.dns: []}")),
    "bad regex": (8, "not a regular expression", rule_text('{net.dns: "/(/"}')),
    "unfinished regex": (8, "begins like a regular expression", rule_text('{net.dns: "/^a"}')),
    "regex that explodes": (8, "a repeat inside a repeat", rule_text('{net.dns: "/(a+)+$/"}')),
    "regex that branches": (8, "a repeat inside a repeat", rule_text('{net.dns: "/(?:ab|a|b)*$/"}')),
    "regex that creeps": (8, "more than 3 unbounded repeats", rule_text('{net.dns: "/a*b*c*d*/"}')),
    "regex that looks back": (8, "refer back", rule_text(r'{net.dns: "/(a)\\1/"}')),
    "long pattern": (8, "longer than 400", rule_text(f"{{net.dns: {'a' * 401}}}")),
    "reserved name": (8, "keys on `.example`", rule_text('{net.dns: "*.example"}')),
    "reserved name in a regex": (8, "keys on `.test`", rule_text('{net.http: "/collector\\\\.test\\\\//"}')),
    "reserved address": (8, "keys on `203.0.113.`", rule_text('{net.connect: "203.0.113.7:*"}')),
    "reserved in but": (8, "keys on `example.com`", rule_text('{net.connect: "*", but: "example.com:*"}')),
    "unquoted star": (8, "", rule_text("{file.read: */.npmrc}")),
    "alias": (8, "no anchors or aliases", rule_text("{file.read: *npmrc}")),
    "anchor": (8, "no anchors or aliases", rule_text("&a {file.read: x}")),
    "control character": (8, "control character", rule_text('{file.read: "a\\tb"}')),
    "not YAML": (2, "not YAML", "rule: exfil/made\n  title: [\n"),
    "no mapping": (1, "a rule must be a mapping, not a list", "- a\n- b\n"),
    "empty file": (1, "empty", "# nothing\n"),
    "bad behaviour": (11, "not a behaviour", GOOD + "examples:\n  - name: a\n    match: [file.read x]\n"),
    "kind of nothing": (11, "no such kind", GOOD + "examples:\n  - name: a\n    match: [file.open x @ install#1]\n"),
    "other form": (11, "its one form", GOOD + 'examples:\n  - name: a\n    match: ["file.read a\\\\x62 @ install#1"]\n'),
    "both ways": (10, "either `match` or `no match`", GOOD + "examples:\n  - name: a\n    match: []\n    no match: []\n"),
    "same name": (12, "two examples are called", GOOD + "examples:\n  - name: a\n    match: []\n  - name: a\n    no match: []\n"),
    "phase of no name": (12, "is no name of a phase", GOOD + "examples:\n  - name: a\n    match: []\n    unfinished: [In Stall]\n"),
    "deep": (8, "may be 10 deep", rule_text("{any: [{net.dns: a}, " * 12 + "{net.dns: b}" + "]}" * 12)),
    "too long": (1, "longer than", GOOD + "# " + "x" * 70_000),
}  # fmt: skip


@pytest.mark.parametrize(("line", "message", "text"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_rule_is_refused_at_its_line(tmp_path: Path, line: int, message: str, text: str) -> None:
    said = _load(tmp_path, text)
    assert any(one.startswith(f"exfil/made.yml:{line}: ") and message in one for one in said), said


def test_all_mistakes_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    _load(tmp_path, rule_text('{net.dns: "*.example"}', severity="worst"))
    said = _load(tmp_path, rule_text('{file.open: "*"}', name="exfil/two", why=""), "exfil/two.yml")
    assert [one.split(": ")[0] for one in said] == [
        "exfil/made.yml:4",
        "exfil/made.yml:8",
        "exfil/two.yml:1",
        "exfil/two.yml:7",
    ]


@pytest.mark.parametrize("name", ["exfil/made.yaml", "made.yml", "exfil/deep/made.yml", "Exfil/Made.yml"])
def test_a_file_at_a_wrong_place_is_refused(tmp_path: Path, name: str) -> None:
    plain = name.rpartition(".")[0]
    assert _load(tmp_path, rule_text('{net.dns: "*"}', name=plain), name)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "exfil").mkdir()
    (tmp_path / "exfil" / "made.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match=r"made\.yml:1: cannot be read as UTF-8"):
        load(tmp_path)


def test_no_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such folder"):
        load(tmp_path / "nowhere")


def test_looking_at_rules_that_are_not_there_is_refused(tmp_path: Path) -> None:
    said = _load(tmp_path, rule_text("{rule: exfil/none}"))
    assert said == ["exfil/made.yml:8: looks at `exfil/none`, which is no rule here"]


def test_a_circle_of_rules_is_refused(tmp_path: Path) -> None:
    _load(tmp_path, rule_text("{rule: exfil/two}"))
    said = _load(tmp_path, rule_text("{rule: exfil/made}", name="exfil/two"), "exfil/two.yml")
    assert [one.partition(": ")[2] for one in said] == ["looks at itself in a circle"] * 2


def test_a_stable_rule_does_not_stand_on_a_draft(tmp_path: Path) -> None:
    _load(tmp_path, GOOD)
    text = rule_text("{rule: exfil/made}", name="exfil/two", status="stable") + EXAMPLES
    assert "which is draft" in _load(tmp_path, text, "exfil/two.yml")[0]


@pytest.mark.parametrize(("severity", "refused"), [("medium", True), ("low", False)])
def test_no_verdict_rests_on_a_rule_that_leaves_out_vendored_code(
    tmp_path: Path, severity: str, refused: bool
) -> None:
    _load(
        tmp_path, rule_text('{net.dns: "*", vendored: false}', "exfil/fact", severity="low"), "exfil/fact.yml"
    )
    said = _load(tmp_path, rule_text("{rule: exfil/fact}", severity=severity))
    assert any("may not leave out vendored" in one for one in said) is refused


def test_very_deep_yaml_is_a_mistake_and_not_a_crash(tmp_path: Path) -> None:
    assert _load(tmp_path, "rule: " + "[" * 30_000) == [
        "exfil/made.yml:1: brackets nested more than 100 deep"
    ]
