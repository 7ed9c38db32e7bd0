"""How much there is of it at all."""

from collections.abc import Iterator
from datetime import date

from biopsy.ecosystems.facts.subject import Subject
from biopsy.ecosystems.reading import aside
from biopsy.model.behaviour import Behaviour, Kind

TRIVIAL = 600
"""Code of fewer bytes, in one file or none, does nothing that needs a package."""


def facts(it: Subject, today: date) -> Iterator[Behaviour]:  # noqa: ARG001
    """Yield `pkg.manifest trivial …` where there is next to no code, the build script left out."""
    endings = it.ecosystem.habits.code
    code = [
        file
        for file in it.tree.files
        if file.path.lower().endswith(endings) and aside(file.path) is None and file.path != "setup.py"
    ]
    size = sum(file.size for file in code)
    if it.tree.files and len([f for f in code if f.size]) <= 1 and size <= TRIVIAL:
        yield it.say(Kind.PKG_MANIFEST, f"trivial {size} bytes of code")
