"""The order of the stages: target → release → artifact → tree → behaviours → dossier → findings → verdict.

The only place, beside `cli`, that knows every stage, and the one that catches what a stage raises.
"""

from biopsy.pipeline.analyze import Options, analyze, show

__all__ = ["Options", "analyze", "show"]
