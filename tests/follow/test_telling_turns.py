"""What a turn of a feed looks like in a log."""

import pytest

from biopsy.cli.watching import told
from biopsy.pipeline.follow.following import Turn
from biopsy.pipeline.follow.judging import Judged
from biopsy.queue import Counted, Moved


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (Turn("f", "read"), ""),
        (Turn("f", "read", moved=Moved(0, 40)), ""),
        (
            Turn("f", "read", moved=Moved(3, 1, 1, Counted(2)), judged=Judged(late=1, withdrawn=1)),
            "3 said, 1 said before, 2 new jobs, 1 late, 1 taken back, 1 of releases known here",
        ),
        (
            Turn("f", "read", moved=Moved(2), judged=Judged(skipped={"policy": 2})),
            "2 said, 2 skipped (policy)",
        ),
        (Turn("f", "read", gap=True, filled=4), "4 found in a gap, a gap was noticed"),
        (Turn("f", "read", judged=Judged(skew=-120.4)), "its clock is 120 s behind"),
        (Turn("f", "read", refused=1, detail="no name"), "1 not to be understood, no name"),
        (
            Turn("f", "troubled", 61.2, detail="registry-down: no route"),
            "troubled: registry-down: no route; again in 61 s",
        ),
        (
            Turn("f", "full", 15.0, detail="20000 jobs wait"),
            "rests, the queue is full: 20000 jobs wait; again in 15 s",
        ),
        (
            Turn("f", "held", detail="another instance follows it"),
            "not followed here: another instance follows it",
        ),
        (Turn("f", "overtaken", more=True), ""),
    ],
)
def test_a_turn_is_told_in_words(turn: Turn, words: str) -> None:
    assert told(turn) == words
