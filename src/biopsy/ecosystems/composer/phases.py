"""The phases of a run of a PHP package."""

from biopsy.ecosystems.ladder import Rung, climb
from biopsy.model.run import Phase

_RUNGS = (
    Rung("install", "composer.py", 170, 180.0),
    Rung("start", "composer.py", 12, 20.0),
    Rung("import", "composer.py", 165, 180.0, each=10),
    Rung("scripts", "composer.py", 15, 25.0),
    Rung("execute", "composer.py", 20, 30.0, each=6),
    Rung("tests", "composer.py", 15, 25.0, each=6),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order."""
    return climb(_RUNGS, name)
