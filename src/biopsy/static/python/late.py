"""Functions that wait to be lowered: as text, which takes a small part of the room of a syntax tree."""

import ast
import io
import warnings
from collections.abc import Callable
from itertools import accumulate

from biopsy.static.code import ir

MIN_LINES = 3  # of a body that is kept as text


def line_starts(text: str) -> list[int]:
    """Where each line of a text starts: after each line feed, and at its beginning."""
    ends = list(accumulate(map(len, io.StringIO(text, newline="\n")), initial=0))
    if len(ends) > 1 and not text.endswith("\n"):
        ends.pop()
    return ends


class Late:
    """The lines of a text that was parsed as it stands."""

    def __init__(self, text: str, starts: list[int]) -> None:
        """Take the text, and where its lines start."""
        self._text = text
        self._starts = [*starts, len(text)]

    def cut(self, body: list[ast.stmt]) -> tuple[str, int] | None:
        """The lines of a body, and the number of the first; None where it does not stand on its own."""
        first, last = body[0], body[-1].end_lineno or 0
        begin = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))])
        if last - begin < MIN_LINES or not first.col_offset:
            return None
        lines = self._text[self._starts[begin - 1] : self._starts[last]]
        return (lines, begin) if lines[:1] in {" ", "\t"} and lines[: first.col_offset].isspace() else None


class Body:
    """What a function does, lowered once, when somebody first asks."""

    __slots__ = ("_block", "_made", "_nodes", "_text")

    def __init__(
        self,
        block: Callable[[list[ast.stmt]], list[ir.Stmt]],
        nodes: list[ast.stmt],
        text: tuple[str, int] | None,
    ) -> None:
        """Take what lowers statements, these, and their text where that is to be kept instead of them."""
        self._block, self._text = block, text
        self._nodes = None if text else nodes
        self._made: list[ir.Stmt] | None = None

    def __call__(self) -> list[ir.Stmt]:
        """The statements. May raise RecursionError."""
        if self._made is None:
            self._made = self._block(
                self._nodes if self._nodes is not None else parsed(*self._text or ("", 0))
            )
            self._nodes = self._text = None
        return self._made


def parsed(text: str, line: int) -> list[ast.stmt]:
    """The statements of indented lines, of which the first has the number `line`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            block = ast.parse("\n" * (line - 2) + f"if 1:\n{text}").body[0]
        except (SyntaxError, ValueError, MemoryError):  # such lines were parsed once: it does not happen
            return []
    return block.body if isinstance(block, ast.If) else []
