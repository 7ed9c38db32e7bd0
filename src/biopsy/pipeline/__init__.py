"""The order of the stages: target → release → artifact → tree → behaviours → dossier → findings → verdict.

The only place, beside `cli`, that knows every stage, and the one that catches what a stage raises.
"""

from biopsy.pipeline.analyze import Options, analyze, show
from biopsy.pipeline.compare import Pair, compare

__all__ = ["Options", "Pair", "analyze", "compare", "show"]
