"""`python -m biopsy.cli`, for where the command itself is not on the path (as under sudo)."""

from biopsy.cli import run

run()
