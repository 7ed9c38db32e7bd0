"""The phases of a run of a crate."""

from biopsy.ecosystems.ladder import Rung, climb
from biopsy.model.run import Phase

_RUNGS = (
    Rung("install", "cargo.py", 170, 185.0),
    Rung("import", "cargo.py", 60, 70.0, each=10),
    Rung("scripts", "cargo.py", 60, 70.0, each=5),
    Rung("execute", "cargo.py", 60, 70.0, each=6),
    Rung("tests", "cargo.py", 80, 90.0),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order."""
    return climb(_RUNGS, name)
