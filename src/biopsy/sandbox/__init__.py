"""Run a package where it can harm nobody and everything it does is seen."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biopsy.sandbox.run import run as run

__all__ = ["run"]


def __getattr__(name: str) -> object:
    """Load `run` only where it is wanted: a cell and its internet start many times and need none of it."""
    if name == "run":
        from biopsy.sandbox.run import run

        return run
    raise AttributeError(name)
