"""The phases of a run of a Python package."""

from biopsy.ecosystems.ladder import Rung, climb
from biopsy.model.run import Phase

_RUNGS = (
    Rung("install", "pypi.py", 170, 180.0),
    Rung("start", "pypi.py", 12, 20.0),
    Rung("import", "pymodules.py", 165, 180.0, each=10, file=True),
    Rung("scripts", "pypi.py", 15, 25.0, file=True),
    Rung("execute", "pymodules.py", 12, 25.0, each=6, file=True),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order."""
    return climb(_RUNGS, name)
