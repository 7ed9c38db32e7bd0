"""The phases of a run of an npm package."""

from biopsy.ecosystems.ladder import Rung, climb
from biopsy.model.run import Phase

_RUNGS = (
    Rung("install", "npm.mjs", 170, 180.0),
    Rung("import", "npm.mjs", 45, 60.0, each=10),
    Rung("scripts", "npm.mjs", 15, 25.0),
    Rung("execute", "npm.mjs", 12, 25.0, each=4),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order."""
    return climb(_RUNGS, name)
