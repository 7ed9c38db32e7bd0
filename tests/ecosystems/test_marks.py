"""What an ecosystem's packages are known by, before anybody asks it."""

from pathlib import Path

import pytest

from biopsy import ecosystems
from biopsy.model.release import Tree, TreeFile

MARKED = [
    ("cargo", "Cargo.toml", '[package]\nname = "a"\nversion = "1.0.0"\n', "x/"),
    ("cargo", "lib.rs", "", "a-1.0.0.crate"),
    ("composer", "composer.json", '{"name": "a/b", "autoload": {"psr-4": {"A\\\\": "src"}}}', "x.zip"),
    ("gem", "a.gemspec", "Gem::Specification.new do |s|\n  s.name = 'a'\nend\n", "x/"),
    ("gem", ".gem/metadata.yml", "name: a\n", "a-1.gem"),
    ("github", "action.yaml", "name: a\nruns: {using: node20, main: a.js}\n", "a.tar.gz"),
    ("golang", "go.mod", "module example.com/a\n", "x/"),
    ("maven", "pom.xml", "<project><groupId>a</groupId><artifactId>b</artifactId></project>", "x/"),
    ("maven", "A.class", "", "a-1.0.jar"),
    ("npm", "package.json", '{"name": "a", "version": "1.0.0"}', "a-1.0.0.tgz"),
    ("pypi", "setup.py", "", "a-1.0.tar.gz"),
]


def tree(root: Path, files: dict[str, str]) -> Tree:
    """Write files, and give their tree."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Tree(root, tuple(TreeFile(path, len(text), "0" * 64) for path, text in files.items()))


@pytest.mark.parametrize(("type_", "path", "text", "name"), MARKED)
def test_who_says_what_its_packages_are_known_by_is_asked_of_them(
    type_: str, path: str, text: str, name: str, tmp_path: Path
) -> None:
    found = ecosystems.identify(tree(tmp_path, {path: text}), name)
    assert found is not None
    assert found[0].type == type_


def test_a_go_module_is_known_by_the_folder_around_it(tmp_path: Path) -> None:
    root = tmp_path / "tree-1" / "example.com" / "a@v1.2.3"
    found = ecosystems.identify(tree(root, {"a.go": "package a\n"}), "v1.2.3.zip")
    assert found is not None
    assert str(found[1].version) == "v1.2.3"


@pytest.mark.parametrize("files", [{"a.txt": ""}, {"sub/Cargo.toml": "[package]"}, {"src/a.gemspec": "x"}])
@pytest.mark.parametrize("name", ["x.zip", "x/", "a.whl"])
def test_what_has_no_mark_is_not_of_those_that_have_marks(
    files: dict[str, str], name: str, tmp_path: Path
) -> None:
    held = tree(tmp_path, files)
    for one in ecosystems.all_ecosystems():
        marks = Path(ecosystems.__file__).parent / one.type.replace("-", "_") / "marks.txt"
        assert not marks.is_file() or one.identify(held, name) is None
