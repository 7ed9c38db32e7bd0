"""A line of a terminal that says where: whatever else has to be cut, the place is not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions
from rich.text import Text

MIN_WORDS = 28
"""Columns of words; where fewer are left beside it, the place goes below."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """`words` between `head` and `place`, on one line or with the place below.

    The words are cut where they must be; `place` is shown whole, unless it is longer than a line; of `rest`
    there is what room is left for.
    """

    head: Text
    words: Text
    place: Text
    rest: Text = field(default_factory=Text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Cut words that fill more than a line beside the place; shorter ones stay whole above it."""
        room = options.max_width - self.head.cell_len
        beside = room - self.place.cell_len - 2 if self.place else room
        long = self.words.cell_len > room and beside >= MIN_WORDS
        words = self.words.copy()
        if long or words.cell_len <= beside:
            words.truncate(max(beside, 1), overflow="ellipsis")
            yield _line(self.head, words, "  " if self.place else "", self.place, self.rest)
            return
        words.truncate(max(room, 1), overflow="ellipsis")
        yield _line(self.head, words)
        indent = min(self.head.cell_len + 2, max(2, options.max_width - self.place.cell_len))
        yield _line(" " * indent, self.place, self.rest)


def _line(*pieces: Text | str) -> Text:
    return Text.assemble(*pieces, no_wrap=True, overflow="ellipsis")
