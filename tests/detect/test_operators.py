"""What the operators of the rule language mean."""

import pytest
from made_rules import behaviours, dossier, rule

from biopsy.detect.match import MAX_EVIDENCE, match
from biopsy.detect.pattern import Pattern
from biopsy.model.behaviour import Behaviour, By

DONE = ("install completed", "import completed", "execute completed")
READ, DNS, HTTP = "{file.read: '*/.npmrc'}", "{net.dns: '*'}", "{net.http: 'POST *'}"


def holds(when: str, *seen: str | Behaviour, ended: tuple[str, ...] = DONE, **more: str) -> bool:
    return bool(match([rule(when, **more)], dossier(*seen, ended=ended)))


CASES = {
    "all needs every part": (f"{{all: [{READ}, {DNS}]}}", ["file.read /a/.npmrc @ install#1"], False),
    "all takes any order and place": (
        f"{{all: [{READ}, {DNS}]}}",
        ["net.dns a @ install#1", "file.read /a/.npmrc @ x.py:3"],
        True,
    ),
    "any needs one": (f"{{any: [{READ}, {DNS}]}}", ["net.dns a @ install#1"], True),
    "then needs the order": (
        f"{{then: [{READ}, {DNS}]}}",
        ["net.dns a @ install#1", "file.read /a/.npmrc @ install#2"],
        False,
    ),
    "then goes on through phases": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ install#2", "net.dns a @ import#9"],
        True,
    ),
    "then stays within a profile": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ laptop/install#2", "net.dns a @ runner/import#9"],
        False,
    ),
    "no profile is any": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ install#2", "net.dns a @ runner/import#9"],
        True,
    ),
    "then wants one after the other": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ install#2", "net.dns a @ install#2"],
        False,
    ),
    "then takes the earliest way through": (
        f"{{then: [{READ}, {DNS}, {HTTP}]}}",
        [
            "file.read /a/.npmrc @ install#5",
            "file.read /b/.npmrc @ install#1",
            "net.dns a @ install#3",
            "net.http POST a @ install#4",
        ],
        True,
    ),
    "then goes by lines in a file": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ a.py:3", "net.dns a @ a.py:4"],
        True,
    ),
    "then takes one line of a file either way": (
        f"{{then: [{READ}, {DNS}]}}",
        ["net.dns a @ a.py:4", "file.read /a/.npmrc @ a.py:4"],
        True,
    ),
    "then stays within a file": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ a.py:3", "net.dns a @ b.py:4"],
        False,
    ),
    "then knows no order of a whole file": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ a.py", "net.dns a @ a.py:4"],
        False,
    ),
    "then does not mix reading and running": (
        f"{{then: [{READ}, {DNS}]}}",
        ["file.read /a/.npmrc @ a.py:1", "net.dns a @ install#4"],
        False,
    ),
    "same file": (
        f"{{all: [{READ}, {DNS}], same: file}}",
        ["file.read /a/.npmrc @ a.py:9", "net.dns a @ a.py:4"],
        True,
    ),
    "not the same file": (
        f"{{all: [{READ}, {DNS}], same: file}}",
        ["file.read /a/.npmrc @ a.py:9", "net.dns a @ b.py:4"],
        False,
    ),
    "same line": (
        f"{{all: [{READ}, {DNS}], same: line}}",
        ["file.read ~/.npmrc @ a.js:4 (call)", "net.dns x.example @ a.js:4 (call)"],
        True,
    ),
    "another line, or none": (
        f"{{all: [{READ}, {DNS}], same: line}}",
        ["file.read ~/.npmrc @ a.js:4", "net.dns x.example @ a.js:5", "net.dns y.example @ a.js"],
        False,
    ),
    "the same line of another file": (
        f"{{all: [{READ}, {DNS}], same: line}}",
        ["file.read ~/.npmrc @ a.js:4", "net.dns x.example @ b.js:4"],
        False,
    ),
    "same profile": (
        f"{{all: [{READ}, {DNS}], same: profile}}",
        ["net.dns a @ laptop/install#1", "file.read /a/.npmrc @ laptop/import#2"],
        True,
    ),
    "not the same profile": (
        f"{{all: [{READ}, {DNS}], same: profile}}",
        ["net.dns a @ laptop/install#1", "file.read /a/.npmrc @ runner/import#2"],
        False,
    ),
    "a phase": ("{net.dns: '*', phase: [install, imp*]}", ["net.dns a @ laptop/import#1"], True),
    "another phase": ("{net.dns: '*', phase: install}", ["net.dns a @ import#1"], False),
    "a phase leaves files out": ("{net.dns: '*', phase: install}", ["net.dns a @ a.py:1 (install)"], False),
    "a moment": ("{net.dns: '*', when: install}", ["net.dns a @ a.py:1 (install)"], True),
    "another moment": ("{net.dns: '*', when: install}", ["net.dns a @ a.py:1 (test)"], False),
    "an unknown moment": ("{net.dns: '*', when: install}", ["net.dns a @ a.py:1"], False),
    "a moment leaves runs out": ("{net.dns: '*', when: install}", ["net.dns a @ install#1"], False),
    "a phase and a moment take either": (
        "{net.dns: '*', when: install, phase: install}",
        ["net.dns a @ install#1"],
        True,
    ),
    "a path": ("{net.dns: '*', at: ['*.pth', setup.py]}", ["net.dns a @ x/y.pth:1"], True),
    "another path": ("{net.dns: '*', at: '*.pth'}", ["net.dns a @ x/y.py:1"], False),
    "vendored": ("{net.dns: '*', vendored: true}", ["net.dns a @ x/_vendor/y.py:1 (import, vendored)"], True),
    "not vendored": ("{net.dns: '*', vendored: true}", ["net.dns a @ x/y.py:1 (import)"], False),
    "vendored leaves runs out": ("{net.dns: '*', vendored: true}", ["net.dns a @ import#1"], False),
    "vendored left out": ("{net.dns: '*', vendored: false}", ["net.dns a @ vendor/y.js:1 (call, vendored)"], False),
    "its own": ("{net.dns: '*', vendored: false}", ["net.dns a @ x/y.py:1 (import)"], True),
    "leaving vendored out leaves runs in": ("{net.dns: '*', vendored: false}", ["net.dns a @ import#1"], True),
    "the registry": ("{pkg.release: first}", ["pkg.release first @ registry"], True),
    "the registry is no file": ("{pkg.release: first, at: '*'}", ["pkg.release first @ registry"], False),
    "enough different": ("{net.dns: '*', count: 2}", ["net.dns a @ install#1", "net.dns b @ import#2"], True),
    "twice the same": ("{net.dns: '*', count: 2}", ["net.dns a @ install#1", "net.dns a @ import#2"], False),
    "values left out": ("{net.dns: '*', but: ['a*']}", ["net.dns ab @ install#1"], False),
    "not all left out": ("{net.dns: '*', but: ['a*']}", ["net.dns ab @ install#1", "net.dns b @ install#2"], True),
    "left out before counting": (
        "{net.dns: '*', but: a, count: 2}",
        ["net.dns a @ install#1", "net.dns b @ install#2"],
        False,
    ),
    "then with any and new inside": (
        f"{{then: [{{any: [{READ}, {HTTP}]}}, {{any: [{DNS}, {READ}]}}]}}",
        ["net.http POST x @ install#1", "file.read /a/.npmrc @ install#2"],
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("when", "seen", "expected"), CASES.values(), ids=CASES.keys())
def test_an_operator_means_what_it_says(when: str, seen: list[str], expected: bool) -> None:
    assert holds(when, *seen) is expected


NEITHER = "{all: [{net.dns: '*'}, {not: {file.read: '*/.npmrc', phase: install}}]}"


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (("install completed", "import completed"), True),
        (("install completed", "import timeout"), True),
        (("laptop/install completed", "runner/install failed"), False),
        (("install timeout",), False),
        (("install crashed",), False),
        (("install skipped left-out",), False),
        (("install skipped no-scripts",), True),
        (("import completed",), False),
        ((), False),
    ],
)
def test_not_never_holds_over_a_phase_that_did_not_finish(ended: tuple[str, ...], expected: bool) -> None:
    assert holds(NEITHER, "net.dns a @ import#1", ended=ended) is expected


def test_not_does_not_hold_over_what_is_there() -> None:
    assert not holds(NEITHER, "net.dns a @ import#1", "file.read /x/.npmrc @ install#1")


@pytest.mark.parametrize(
    "part", ["{pkg.hook: 'npm:*'}", "{net.dns: b, when: install}", "{code.obfuscated: '*'}"]
)
def test_not_over_what_only_files_show_needs_no_run(part: str) -> None:
    assert holds(f"{{all: [{{net.dns: a}}, {{not: {part}}}]}}", "net.dns a @ setup.py:1", ended=())


def test_not_over_anything_else_needs_every_phase() -> None:
    when = "{all: [{net.dns: a}, {not: {net.dns: b}}]}"
    assert holds(when, "net.dns a @ install#1", ended=("install completed", "import completed"))
    assert not holds(when, "net.dns a @ install#1", ended=("install completed", "import timeout"))


NEW = rule("{new: {net.dns: '*', phase: install}}")


def _new(now: str, before: str | None, ended: tuple[str, ...] = DONE, was: tuple[str, ...] = DONE) -> bool:
    previous = None if before is None else dossier(*filter(None, [before]), ended=was)
    return bool(match([NEW], dossier(now, ended=ended), previous))


def test_new_is_what_the_previous_release_did_not_do() -> None:
    assert _new("net.dns a @ install#1", "net.dns b @ install#1")
    assert not _new("net.dns a @ install#1", "net.dns a @ laptop/import#7")


def test_what_was_only_done_when_called_is_new_where_nobody_asks_for_it() -> None:
    assert _new("net.dns a @ install#1", "net.dns a @ laptop/execute#7")


def test_first_is_what_the_previous_release_had_nothing_like() -> None:
    rules = [rule("{first: {code.native: 'ELF *'}}")]
    now = dossier("code.native ELF b.so @ b.so", ended=())
    assert match(rules, now, dossier("env.read A @ a.py:1", ended=()))
    assert not match(rules, now, dossier("code.native ELF a.so @ a.so", ended=()))
    assert not match(rules, now, None)


def test_nothing_is_new_without_a_previous_release() -> None:
    assert not _new("net.dns a @ install#1", None)


@pytest.mark.parametrize("ended", ["install timeout", "install failed", "install skipped left-out"])
def test_new_never_holds_over_a_phase_that_the_previous_release_did_not_finish(ended: str) -> None:
    assert not _new("net.dns a @ install#1", "", was=(ended,))
    assert not _new("net.dns a @ install#1", "", was=())


def test_hanging_now_hides_nothing_that_is_new() -> None:
    assert _new("net.dns a @ install#1", "", ended=("install timeout",))


def test_new_in_files_needs_no_run() -> None:
    rules = [rule("{new: {pkg.hook: 'npm:*'}}")]
    now = dossier("pkg.hook npm:postinstall node x.js @ package.json:5 (install)", ended=())
    assert match(rules, now, dossier(ended=()))
    assert not match(rules, now, dossier("pkg.hook npm:postinstall node x.js @ package.json:9", ended=()))


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("process.exec /tmp/pip-install-x1/a/run @ install#1", "process.exec /tmp/pip-install-zz/a/run @ install#1"),
        ("file.read /x/thing-1.2.3.dist-info/RECORD @ install#1", "file.read /x/thing-1.2.10.dist-info/RECORD @ install#1"),
        ("file.write /x/3f9a7c21d0/y @ install#1", "file.write /x/0c11aa90ff42/y @ install#1"),
    ],
)  # fmt: skip
def test_versions_and_temporary_names_make_nothing_new(now: str, before: str) -> None:
    rules = [rule("{new: {any: [{file.read: '*'}, {file.write: '*'}, {process.exec: '*'}]}}")]
    assert not match(rules, dossier(now), dossier(before))


def test_another_number_in_an_address_is_new() -> None:
    rules = [rule("{new: {net.connect: '*'}}")]
    assert match(rules, dossier("net.connect 203.0.113.5:80 @ install#1"), dossier("net.connect 203.0.113.6:80 @ install#1"))  # fmt: skip


def test_a_rule_looks_at_another_wherever_it_stands() -> None:
    first = rule("{all: [{rule: exfil/second}, {net.dns: '*'}]}", "exfil/first")
    second = rule(READ, "exfil/second")
    seen = dossier("file.read /a/.npmrc @ install#1", "net.dns a @ install#2")
    found = match([first, second], seen)
    assert [one.rule for one in found] == ["exfil/first", "exfil/second"]
    assert found[0].evidence == seen.behaviours
    assert [one.rule for one in match([first], seen)] == []


def test_retired_rules_find_nothing_and_drafts_do() -> None:
    seen = dossier("net.dns a @ install#1")
    assert not match([rule(DNS, status="retired")], seen)
    assert match([rule(DNS, status="draft")], seen)[0].status == "draft"


def test_what_tools_do_is_nobodys_fault() -> None:
    tool = behaviours("net.dns a @ install#1", by=By.TOOL)
    dependency = behaviours("net.dns b @ install#2", by=By.DEPENDENCY, owner="left-pad")
    assert [f.evidence for f in match([rule(DNS)], dossier(*tool, *dependency))] == [dependency]
    assert not match([rule("{net.dns: '*', by: package}")], dossier(*tool, *dependency))


def test_evidence_is_told_once_in_order_and_the_rest_is_counted() -> None:
    many = behaviours(*(f"net.dns n{n} @ install#{n}" for n in range(MAX_EVIDENCE + 7)))
    (found,) = match([rule("{any: [{net.dns: '*'}, {net.dns: 'n*'}]}")], dossier(*many, *many[:3]))
    assert found.evidence == many[:MAX_EVIDENCE]
    assert found.more == 7


OWNERS = [
    # by, owner, path, whose
    (By.PACKAGE, "", "/p/node_modules/thing/a.js", "own"),
    (By.PACKAGE, "", "/p/node_modules/thing/node_modules/inner/a.js", "own"),
    (By.PACKAGE, "", "/p/node_modules/thing-two/a.js", "other"),
    (By.PACKAGE, "", "/p/node_modules/@acme/core/a.js", "other"),
    (By.DEPENDENCY, "esbuild", "/p/node_modules/esbuild/bin/a.js", "own"),
    (By.DEPENDENCY, "esbuild", "/p/node_modules/thing/a.js", "other"),
    (By.DEPENDENCY, "@acme/core", "/p/node_modules/@acme/linux/a.js", "own"),
    (By.PACKAGE, "", "/p/node_modules/.cache/a.js", ""),
    (By.PACKAGE, "", "/p/node_modules/.bin/a", ""),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/thing/a.py", "own"),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/Thing-1.0.dist-info/RECORD", "own"),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/thing.py", "own"),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/shown/a.py", "own"),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/requests/api.py", "other"),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/__pycache__/six.pyc", ""),
    (By.PACKAGE, "", "/v/lib/python3.11/site-packages/x.pth", ""),
    (By.PACKAGE, "", "/tmp/pip-build-env-1/lib/python3.11/site-packages/requests/api.py", ""),
    (By.PACKAGE, "", "/home/ada/notes.js", ""),
    (By.DEPENDENCY, "acme/core", "/p/vendor/acme/words/src/a.php", "own"),
    (By.DEPENDENCY, "acme/core", "/p/vendor/monolog/monolog/a.php", "other"),
    (By.DEPENDENCY, "acme/core", "/p/vendor/composer/installed.php", ""),
    (By.PACKAGE, "", "/p/vendor/monolog/monolog/a.php", ""),
]


@pytest.mark.parametrize(("by", "owner", "path", "whose"), OWNERS)
def test_whose_installed_file_a_path_is(by: By, owner: str, path: str, whose: str) -> None:
    (seen,) = behaviours(f"file.write {path} @ install#1", by=by, owner=owner)
    shown = Behaviour.parse("code.eval exec @ src/shown/__init__.py:3")
    rules = [rule(f"{{file.write: '*', of: {which}}}", f"exfil/{which}") for which in ("other", "own")]
    assert [f.rule for f in match(rules, dossier(seen, shown))] == ([f"exfil/{whose}"] if whose else [])


GLOBS = [
    ("*", "", True),
    ("*", "a\nb", True),
    ("a", "a", True),
    ("a", "ab", False),
    ("a*", "a/b/c", True),
    ("*/.npmrc", "/home/ada/.npmrc", True),
    ("*/.npmrc", "/home/ada/.npmrc.bak", False),
    ("*a*b", "xaxbxb", True),
    ("*ab*ab*", "ab", False),
    ("*ab*ab*", "abab", True),
    ("a?c", "a/c", True),
    ("a?c", "ac", False),
    ("[a]", "a", False),
    ("[a]", "[a]", True),
    ("a.c", "abc", False),
    ("a\\", "a\\", True),
    ("/a+b/", "xaaby", True),
    ("/^a$/", "a\n", True),
    ("/a/", "b", False),
    ("/", "/", True),
    ("//", "//", True),
]


@pytest.mark.parametrize(("text", "value", "expected"), GLOBS)
def test_a_pattern_matches_what_it_should(text: str, value: str, expected: bool) -> None:
    assert Pattern.of(text).matches(value) is expected


def test_a_hostile_value_does_not_stop_a_glob() -> None:
    import time

    began = time.perf_counter()
    assert not Pattern.of("*" + "a*" * 60 + "b").matches("a" * 4096)
    assert time.perf_counter() - began < 0.5
