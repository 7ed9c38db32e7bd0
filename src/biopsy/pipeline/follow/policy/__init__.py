"""Policy: what becomes of what a feed says: skipped, read or run, sooner or later, and then reported or not.

A policy is data: a file for each ecosystem, shipped, and changed part by part in `BIOPSY_HOME/policy`.
"""

from biopsy.pipeline.follow.policy.deciding import Policies, Skipped
from biopsy.pipeline.follow.policy.lines import Do, Line, Policy, Subject, Which
from biopsy.pipeline.follow.policy.read import load

__all__ = ["Do", "Line", "Policies", "Policy", "Skipped", "Subject", "Which", "load"]
