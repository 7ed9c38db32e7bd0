"""Two dossiers beside each other: what is new, gone and changed, and what cannot be told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rules import behaviours, dossier
from msgspec.structs import replace

from biopsy.detect import compare
from biopsy.model.behaviour import Behaviour, By, InFile, InTrace, Kind, When
from biopsy.model.comparison import Comparison, Facet
from biopsy.model.dossier import Dossier, Tool
from biopsy.model.run import Outcome, Status

RAN = tuple(
    f"{who}/{phase} completed" for who in ("laptop", "runner") for phase in ("install", "import", "execute")
)


def beside(
    before: list[str], after: list[str], ended: tuple[str, ...] = RAN, was: tuple[str, ...] = RAN
) -> Comparison:
    earlier = dossier(*before, ended=was)
    later = dossier(*after, ended=ended)
    return compare(
        replace(earlier, artifact=replace(earlier.artifact, sha256="1" * 64)),
        replace(later, release=replace(later.release, version="1.0.1")),
    )


def told(comparison: Comparison) -> list[tuple[str, str, str]]:
    return [
        (sign, one.facet.value, one.what)
        for sign, found in (("+", comparison.new), ("-", comparison.gone), ("~", comparison.changed))
        for one in found
    ]


SAME = [
    ("file.write /home/ada/projects/billing/out.js @ laptop/import#3", "file.write /home/kim/projects/shop/out.js @ laptop/import#9"),
    ("file.read /home/ada/.npmrc @ laptop/import#3", "file.read /home/kim/.npmrc @ laptop/import#9"),
    ("file.read /home/runner/work/a/a/x @ runner/import#3", "file.read /home/runner/work/b/b/x @ runner/import#3"),
    ("process.exec /home/ada/projects/a/node_modules/x/bin/go --ping @ laptop/install#3", "process.exec /home/kim/projects/b/node_modules/x/bin/go --ping @ laptop/install#4"),
    ("process.exec node /tmp/build-a1b2c3/x.js @ laptop/install#3", "process.exec node /tmp/build-z9y8x7/x.js @ laptop/install#4"),
    ("process.exec pip install core==1.0.0 @ laptop/install#3", "process.exec pip install core==1.0.1 @ laptop/install#3"),
    ("net.connect 127.0.0.1:43811 @ laptop/import#2", "net.connect 127.0.0.1:51123 @ laptop/import#2"),
    ("net.listen 0.0.0.0:40001 @ laptop/import#2", "net.listen 0.0.0.0:50301 @ laptop/import#2"),
    ("net.dns mfrggzdfmztwq2lknnwg1.t.x.example @ laptop/import#2", "net.dns bnbw2x3tnfwxk3dborswi.t.x.example @ laptop/import#2"),
    ("net.http GET https://x.example/v1.0.0/a @ laptop/import#2", "net.http GET https://x.example/v1.0.1/b @ laptop/import#2"),
    ("net.url https://x.example/a @ a.js:3 (import)", "net.url https://x.example/b @ b.js:9 (import)"),
    ("evasion.fingerprint /proc/41/cgroup @ laptop/import#1", "evasion.fingerprint /proc/377/cgroup @ laptop/import#1"),
    ("code.native ELF lib/libblas-32a4b2a6.so @ lib/libblas-32a4b2a6.so", "code.native ELF lib/libblas-9f8e7d6c.so @ lib/libblas-9f8e7d6c.so"),
    ("code.native ELF a/x.so @ a/x.so", "code.native ELF a/x.so @ b/x.so"),
    ("code.eval exec @ a.py:3 (import)", "code.eval exec @ other/b.py:300 (import)"),
    ("pkg.dependency @thing/linux@1.0.0 @ package.json", "pkg.dependency @thing/linux@1.0.1 @ package.json"),
    ("pkg.release newest @ registry", "pkg.version jump 1.0.0 > 1.0.1 @ registry"),
    ("net.url https://a.example/ @ README.md:3 (docs)", "net.url https://b.example/ @ tests/x.js:3 (test)"),
    ("process.exec node - thing/lib 0 @ laptop/execute#1", "process.exec node - thing/other 4 @ laptop/execute#1"),
    ("file.read /home/ada/projects/a/ctx @ laptop/execute#1", "file.read /home/kim/samples/notes.txt @ laptop/execute#1"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SAME)
def test_what_is_the_same_but_for_names_of_the_day_is_no_difference(before: str, after: str) -> None:
    comparison = beside([before], [after])
    assert told(comparison) == []
    assert comparison.untold == ()


DIFFERENT = [
    ([], ["net.dns x.example @ laptop/import#1"], [("+", "host", "x.example")]),
    ([], ["net.http POST https://x.example/a @ x.js:3 (install)"], [("+", "host", "x.example")]),
    ([], ["canary.read npm-token @ laptop/import#1"], [("+", "secret", "opens npm-token")]),
    ([], ["file.read /home/ada/.ssh/id_rsa @ laptop/import#1"], [("+", "secret", "reads ~/.ssh/id_rsa")]),
    ([], ["env.read NPM_TOKEN @ x.js:1 (import)"], [("+", "secret", "$NPM_TOKEN")]),
    ([], ["env.read NO_COLOR @ x.js:1 (import)"], [("+", "environment", "$NO_COLOR")]),
    ([], ["file.write /home/ada/.bashrc @ laptop/install#1"], [("+", "persistence", "writes ~/.bashrc")]),
    ([], ["code.obfuscated string-array @ x.js:1 (import)"], [("+", "obfuscation", "obfuscated string-array")]),
    ([], ["code.native ELF x.so @ x.so"], [("+", "native-code", "ELF x.so")]),
    ([], ["process.exec curl x @ laptop/install#1"], [("+", "command", "curl x")]),
    ([], ["pkg.hook npm:postinstall node x.js @ package.json:3 (install)"], [("+", "hook", "npm:postinstall node x.js")]),
    (["pkg.hook npm:postinstall node x.js @ package.json"], ["pkg.hook npm:postinstall node y.js @ package.json"], [("~", "hook", "npm:postinstall node y.js")]),
    (["pkg.dependency left@^1.0.0 @ package.json"], ["pkg.dependency left@^2.0.0 @ package.json"], [("~", "dependency", "left@^2.0.0")]),
    (["pkg.dependency left>=1 @ PKG-INFO"], [], [("-", "dependency", "left>=1")]),
    (["code.native ELF a/x.so @ a/x.so"], ["code.native ELF b/x.so @ b/x.so"], [("~", "native-code", "ELF b/x.so")]),
    (["process.exec git rev-parse HEAD @ x.py:1 (import)"], ["process.exec git rev-parse --short HEAD @ x.py:1 (import)"], [("~", "command", "git rev-parse --short HEAD")]),
    (["net.url https://x.example/ @ x.js:3 (import)"], ["net.dns x.example @ laptop/import#1"], [("~", "host", "x.example")]),
    (["net.http GET https://x.example/ @ x.js:3 (call)"], ["net.http GET https://x.example/ @ x.js:3 (import)"], [("~", "host", "x.example")]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "differences"), DIFFERENT)
def test_what_differs_is_told_by_class(
    before: list[str], after: list[str], differences: list[tuple[str, str, str]]
) -> None:
    assert told(beside(before, after)) == differences


def test_evidence_and_moment_of_what_is_new_are_told() -> None:
    (one,) = beside([], ["net.dns x.example @ laptop/import#1", "net.dns x.example @ runner/execute#4"]).new
    assert (one.now, one.was, one.unasked) == ("contacted at import", "", True)
    assert [str(b.where) for b in one.evidence] == ["laptop/import#1", "runner/execute#4"]


@pytest.mark.parametrize(
    "ended", ["laptop/import timeout", "laptop/import failed x", "laptop/import skipped not-asked"]
)
def test_what_the_earlier_run_had_no_chance_to_show_is_untold_and_not_new(ended: str) -> None:
    comparison = beside([], ["net.dns x.example @ laptop/import#1"], was=(ended,))
    assert comparison.new == ()
    assert comparison.untold


def test_a_profile_that_was_not_run_tells_nothing_of_another() -> None:
    assert beside([], ["net.dns x.example @ runner/import#1"], was=("laptop/import completed",)).new == ()


def test_what_was_only_read_is_compared_as_far_as_reading_goes() -> None:
    after = ["net.dns x.example @ laptop/import#1", "code.native ELF x.so @ x.so"]
    comparison = beside([], after, was=("run skipped static-only",))
    assert told(comparison) == [("+", "native-code", "ELF x.so")]
    assert comparison.untold == (
        "the earlier release was read and not run: what running shows could not be compared",
    )


def test_a_file_that_was_not_read_makes_nothing_new() -> None:
    late = "pkg.malformed lib/b.js and 3 more not read: out-of-time @ lib/b.js (import)"
    after = ["code.eval exec @ lib/c.js:3 (import)", "pkg.hook npm:install x @ package.json:2 (install)"]
    assert told(beside([late], after)) == [("+", "hook", "npm:install x")]


def test_a_file_too_large_to_be_read_makes_nothing_of_it_new() -> None:
    large = "pkg.malformed a.js too-large @ a.js (import)"
    assert told(beside([large], [large, "code.eval exec @ a.js:3 (import)"])) == []


def test_the_same_bytes_are_not_compared_at_all() -> None:
    one = dossier("net.dns x.example @ laptop/import#1")
    assert compare(one, one).identical


def test_what_tools_do_is_nobodys_change() -> None:
    tool = behaviours("net.dns x.example @ laptop/install#1", by=By.TOOL, owner="npm")
    assert told(beside([], list(tool))) == []  # type: ignore[arg-type]


def test_a_dependency_is_told_from_the_package() -> None:
    (seen,) = behaviours("net.dns x.example @ laptop/install#1", by=By.DEPENDENCY, owner="left")
    (one,) = beside([], [seen]).new  # type: ignore[list-item]
    assert one.now == "contacted at install by left"


def test_other_readers_see_other_things_and_that_is_said() -> None:
    one = dossier(ended=RAN)
    other = replace(one, tool=Tool("0", readers="other"), artifact=replace(one.artifact, sha256="1" * 64))
    assert any("different versions of biopsy" in untold for untold in compare(one, other).untold)


def test_the_gravest_comes_first() -> None:
    after = ["env.read A @ x.js:1 (import)", "net.dns x.example @ laptop/import#1", "canary.read npm-token @ laptop/import#2", "code.native ELF x.so @ x.so"]  # fmt: skip
    assert [one.facet for one in beside([], after).new] == [
        Facet.SECRET,
        Facet.HOST,
        Facet.ENVIRONMENT,
        Facet.NATIVE,
    ]


words = st.text(st.sampled_from("ab/.~ 1:@>=?*\x00\u202e"), max_size=14)
wheres = st.builds(InTrace, st.sampled_from(["install", "import", "execute"]), st.integers(0, 9), st.sampled_from(["", "laptop", "runner"])) | st.builds(InFile, words.filter(bool), st.integers(0, 9), st.sampled_from(When))  # fmt: skip
things = st.builds(Behaviour, st.sampled_from(Kind), words, wheres, by=st.sampled_from(By))
phases = st.builds(Outcome, st.sampled_from(["laptop", "runner"]), st.sampled_from(["install", "import", "execute"]), st.sampled_from(Status))  # fmt: skip
dossiers = st.builds(lambda seen, ended: replace(dossier(), behaviours=tuple(seen), outcomes=tuple(ended)), st.lists(things, max_size=12), st.lists(phases, max_size=6))  # fmt: skip


@given(dossiers, st.randoms(use_true_random=False))
def test_a_dossier_beside_itself_in_another_order_is_no_different(
    one: Dossier, chance: random.Random
) -> None:
    shuffled = list(one.behaviours)
    chance.shuffle(shuffled)
    other = replace(one, behaviours=tuple(shuffled), artifact=replace(one.artifact, sha256="1" * 64))
    assert compare(one, other).empty


@given(dossiers, dossiers)
def test_new_one_way_is_gone_the_other_way(one: Dossier, other: Dossier) -> None:
    other = replace(other, artifact=replace(other.artifact, sha256="1" * 64))
    there, back = compare(one, other), compare(other, one)
    seen = {(d.facet, d.what) for d in there.new}
    returned = {(d.facet, d.what) for d in (*back.gone, *back.changed)}
    assert seen <= returned | {(d.facet, d.was) for d in back.changed}
