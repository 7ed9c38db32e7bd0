"""Load: the rules of a folder, or those that are shipped; to judge by, or whole."""

from functools import cache
from pathlib import Path

from msgspec.structs import replace

from biopsy.detect.rule import Rule
from biopsy.model import kept

SHIPPED = Path(__file__).parent.parent / "rules"
"""The rules that come with biopsy."""


def load(folder: Path | None = None) -> tuple[Rule, ...]:
    """Return the rules of a folder (those that are shipped, if none is named), in order of their ids.

    Raises RuleError with every mistake found, each as `file:line: message` on a line of its own.
    """
    return _whole() if folder is None else _read(folder)


def ready(folder: Path | None = None) -> tuple[Rule, ...]:
    """Return rules to judge by. The shipped ones are kept, and come without their examples.

    Reading them takes longer than judging most packages; only who shows or proves a rule needs its examples.
    """
    return _shipped() if folder is None else _read(folder)


@cache
def _whole() -> tuple[Rule, ...]:
    return _read(SHIPPED)


@cache
def _shipped() -> tuple[Rule, ...]:
    files = kept.sources("rules", "detect", "model", endings=(".yml", ".yaml", ".py"))
    return kept.kept("rules", files, lambda: tuple(replace(rule, examples=()) for rule in _whole()))


def _read(folder: Path) -> tuple[Rule, ...]:
    from biopsy.detect.folder import read  # noqa: PLC0415 - brings YAML, which rules that are kept do not need

    return read(folder)
