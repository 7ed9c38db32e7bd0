"""When the code of a jar runs.

A class's static code runs when the class is first used: that is import, and its reader tells what is static
from what somebody calls. Processors run in every compiler that has the jar on its path, agents before `main`.
"""

from collections.abc import Mapping

from biopsy.ecosystems.maven import jar
from biopsy.ecosystems.reading import aside
from biopsy.model.behaviour import When
from biopsy.model.release import Tree

_CODE = (".class", ".java", ".kt", ".groovy", ".scala", ".so", ".dll", ".dylib", ".dex")
_SOURCES = ("src/main/java/", "src/main/kotlin/", "src/main/groovy/", "src/main/scala/", "classes/", "")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each class and source file."""
    found: dict[str, When] = {}
    for file in tree.files:
        if file.path.endswith(_CODE):
            found[file.path] = (aside(file.path) if file.path.startswith("src/") else None) or When.IMPORT
    said = jar.headers(tree)
    for key in ("Premain-Class", "Agent-Class", "Launcher-Agent-Class"):
        for path in _paths(said.get(key, ""), found):
            found[path] = When.START
    for interface, name, _ in jar.services(tree):
        if interface == jar.PROCESSOR:
            for path in _paths(name, found):
                found[path] = When.INSTALL
    return found


def _paths(name: str, known: Mapping[str, When]) -> list[str]:
    """Give the files of a class: its own, and the nested ones that the compiler made of it."""
    stem = name.replace(".", "/")
    if not stem:
        return []
    exact = [f"{base}{stem}{end}" for base in _SOURCES for end in (".class", ".java", ".kt", ".groovy")]
    nested = [path for path in known if path.startswith(f"{stem}$")] if len(known) < 50_000 else []
    return [path for path in (*exact, *nested) if path in known]
