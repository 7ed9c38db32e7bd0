"""The phases of a run of a Ruby gem."""

from biopsy.ecosystems.ladder import Rung, climb
from biopsy.model.run import Phase

_RUNGS = (
    Rung("install", "gem.rb", 170, 180.0),
    Rung("start", "gem.rb", 12, 20.0),
    Rung("import", "gem.rb", 60, 75.0, each=10, file=True),
    Rung("scripts", "gem.rb", 15, 25.0, file=True),
    Rung("execute", "gem.rb", 15, 30.0, each=5, file=True),
    Rung("tests", "gem.rb", 20, 30.0, each=8, file=True),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order."""
    return climb(_RUNGS, name)
