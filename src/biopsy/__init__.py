"""biopsy takes open-source packages apart, says what they do, and shows the evidence."""

__version__ = "0.1.0"
"""Stands here, and packaging reads it: to ask what is installed would cost every start 20 ms."""
