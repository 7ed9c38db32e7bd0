"""How often tests repeat themselves: usually as often as a change needs, with BIOPSY_TESTS=whole as ever."""

import os

WHOLE = os.environ.get("BIOPSY_TESTS") == "whole"
"""Set by `make test-whole`: the large numbers, the long commands, every example."""


def often(usual: int, whole: int) -> int:
    """Return how often something is tried; both must prove the same, the second with more luck."""
    return whole if WHOLE else usual
