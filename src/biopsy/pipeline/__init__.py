"""The order of the stages: target → release → artifact → tree → behaviours → dossier → findings → verdict.

The only place, beside `cli`, that knows every stage, and the one that catches what a stage raises. What reads
and runs packages is imported when it is asked for: `check`, which only looks names up, does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biopsy.pipeline.analyze import Options, analyze, show
    from biopsy.pipeline.compare import Pair, compare

__all__ = ["Options", "Pair", "analyze", "compare", "show"]


def __getattr__(name: str) -> Any:
    """All of `__all__` at once: two of the names are those of their modules, too, and the functions win."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    first = import_module("biopsy.pipeline.analyze")
    second = import_module("biopsy.pipeline.compare")
    for one in __all__:
        globals()[one] = getattr(first, one, None) or getattr(second, one)
    return globals()[name]
