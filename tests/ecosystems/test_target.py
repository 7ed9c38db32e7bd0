from pathlib import Path
from urllib.parse import unquote

import pytest

from biopsy import ecosystems
from biopsy.ecosystems import parse_target
from biopsy.ecosystems.unrun import only_read
from biopsy.errors import UsageError
from biopsy.model.release import Release


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("pkg:pypi/six@1.17.0", Release("pypi", "six", "1.17.0")),
        ("pkg:pypi/Typing_Extensions", Release("pypi", "typing-extensions")),
        ("pypi:six", Release("pypi", "six")),
        ("pypi:six@1.17.0", Release("pypi", "six", "1.17.0")),
        ("pypi:Zope.Interface@5.0", Release("pypi", "zope-interface", "5.0")),
        ("pypi:torch@2.0+cpu", Release("pypi", "torch", "2.0+cpu")),
        ("npm:chalk@5.6.2", Release("npm", "chalk", "5.6.2")),
        ("npm:chalk@latest", Release("npm", "chalk", "latest")),
        ("npm:@scope/name", Release("npm", "@scope/name")),
        ("npm:@scope/name@1.2.3", Release("npm", "@scope/name", "1.2.3")),
        ("pkg:npm/%40scope/name@1.2.3", Release("npm", "@scope/name", "1.2.3")),
        ("pkg:npm/@scope/name@1.2.3", Release("npm", "@scope/name", "1.2.3")),
        ("npm:JSONStream", Release("npm", "JSONStream")),
        (" pypi:six ", Release("pypi", "six")),
    ],
)
def test_a_release_is_read_in_every_spelling(text: str, release: Release) -> None:
    assert parse_target(text) == release


@pytest.mark.parametrize("text", ["npm:@scope/name@1.2.3", "npm:chalk@5.6.2", "pypi:six@1.17.0"])
def test_the_purl_of_a_release_reads_as_that_release(text: str) -> None:
    release = parse_target(text)
    assert isinstance(release, Release)
    assert parse_target(release.purl) == release


def test_a_path_that_exists_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "thing-1.0.tar.gz").touch()
    (tmp_path / "folder").mkdir()
    assert parse_target("thing-1.0.tar.gz") == tmp_path / "thing-1.0.tar.gz"
    assert parse_target("./folder") == tmp_path / "folder"
    assert parse_target("folder") == tmp_path / "folder"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write pypi:NAME"),
        ("six", "pypi:NAME"),
        ("@scope/name", "which ecosystem"),
        ("hex:plug", "there are: cargo, composer"),
        ("pkg:hex/plug", "there are: cargo, composer"),
        ("pkg:pypi", "not a package URL"),
        ("pypi:", "pypi:NAME"),
        ("pypi:six@", "leave the @ out"),
        ("pypi:six==1.0", "pypi:six@VERSION"),
        ("pypi:six@1 0", "not a version"),
        ("pypi:-six", "not a PyPI name"),
        ("npm:a b", "not an npm name"),
        ("npm:@scope", "not an npm name"),
        ("npm:" + "a" * 215, "not an npm name"),
        ("./nothing-1.0.whl", "no such file"),
        ("nothing-1.0.tar.gz", "no such file"),
        ("a" * 5000, "nothing to analyse"),
        ("/dev/null", "neither a file nor a folder"),
        ("x\0y", "nothing to analyse"),
        ("./" + "a" * 1000, "cannot read"),
    ],
)
def test_anything_else_is_refused_in_one_line_that_says_what_is_right(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ecosystems_are_found_by_being_there() -> None:
    run = {"cargo", "composer", "gem", "npm", "pypi"}
    read = {"github", "golang", "maven", "nuget", "vscode-extension"}
    assert {e.type for e in ecosystems.all_ecosystems()} >= run | read
    assert ecosystems.by_type("npm").type == "npm"


@pytest.mark.parametrize(
    ("target", "read"),
    [
        ("nuget:Serilog", True),
        ("pkg:golang/forge.example/x@v1.0.0", True),
        ("maven:a:b", True),
        ("pypi:six", False),
        ("gem:rails", False),
        ("nothing:x", False),
        ("{}/x.vsix", True),
        ("{}/x.jar", True),
        ("{}/x.zip", False),
        ("{}", False),
    ],
)
def test_what_is_only_read_is_told_by_its_name(target: str, read: bool, tmp_path: Path) -> None:
    for name in ("x.vsix", "x.jar", "x.zip"):
        (tmp_path / name).touch()
    assert only_read(target.format(tmp_path)) is read


@pytest.mark.parametrize(
    ("target", "purl"),
    [
        ("go:forge.example/Owner/x@v1.2.0", "pkg:golang/forge.example/Owner/x@v1.2.0"),
        ("crates.io:serde", "pkg:cargo/serde"),
        ("rubygems:rails", "pkg:gem/rails"),
        ("packagist:a/b", "pkg:composer/a/b"),
        ("maven:org.x:y@1", "pkg:maven/org.x/y@1"),
        ("vscode:Ms-Python.Python", "pkg:vscode-extension/ms-python/python"),
        ("pkg:githubactions/Actions/checkout@v4", "pkg:github/actions/checkout@v4"),
        ("github:actions/cache/restore@releases/v1", "pkg:github/actions/cache@releases/v1"),
        ("nuget:Serilog@3.0.0", "pkg:nuget/serilog@3.0.0"),
    ],
)
def test_what_people_write_for_an_ecosystem_is_understood(target: str, purl: str) -> None:
    found = parse_target(target)
    assert isinstance(found, Release)
    assert unquote(found.purl) == purl
