"""What the repository promises about itself: sizes, docstrings, names, and documents that do not rot."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "biopsy").rglob("*.py"))
OURS = [p for p in SOURCES if "drivers" not in p.parts]
MAX_LINES = 400
MAX_FUNCTION = 60
VAGUE = {"utils", "helpers", "common", "base", "misc"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def _looked_at() -> tuple[list[str], list[str]]:
    """What is too long, and what has no docstring: each file is parsed once."""
    long, bare = [], []
    for path in OURS:
        tree = ast.parse(path.read_text())
        long += [f"{_name(path)}: {what}" for what in _long(tree)]
        bare += [f"{_name(path)}: {what}" for what in _undocumented(tree)]
    return long, bare


def _long(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        lines = (node.end_lineno or 0) - node.lineno + 1 if isinstance(node, FUNCTIONS) else 0
        if isinstance(node, FUNCTIONS) and lines > MAX_FUNCTION:
            yield f"{node.name}: {lines}"


def _undocumented(tree: ast.Module) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield "module"
    for node in tree.body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, FUNCTIONS)
                and not inner.name.startswith("_")
                and not ast.get_docstring(inner)
            )


def test_no_module_is_too_long() -> None:
    lines = {_name(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_no_function_is_too_long() -> None:
    assert _looked_at()[0] == []


def test_everything_public_has_a_docstring() -> None:
    assert _looked_at()[1] == []


def test_no_module_has_a_vague_name() -> None:
    assert [_name(p) for p in SOURCES if VAGUE & {p.stem, p.parent.name}] == []


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


def test_no_registry_host_stands_in_the_source() -> None:
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "deb\\." + "debian"))
    )
    told = [
        _name(p) for p in _tracked() if p.suffix in {".py", ".mjs", ".yml", ".toml", ".sh", ".lock", ".md"}
    ]
    assert [name for name in told if hosts.search((ROOT / name).read_text(errors="replace"))] == []


def test_links_in_documents_lead_somewhere() -> None:
    dead = [
        f"{_name(page)}: {link}"
        for page in _tracked()
        if page.suffix == ".md"
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert dead == []
