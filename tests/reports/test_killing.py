"""A command that is killed at any moment loses nothing, gives no id twice and leaves no half file."""

import os
import random
from collections import Counter
from pathlib import Path

import killing

from thorough import often

ROUNDS = int(os.environ.get("BIOPSY_FAULTS") or often(10, 20))
SIZE = int(os.environ.get("BIOPSY_FAULTS_SIZE") or 250)


def test_a_command_that_is_killed_loses_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    course = killing.course(tmp_path, SIZE)
    course.undisturbed()
    chance = random.Random(ROUNDS)
    cut: Counter[str] = Counter()
    for number in range(ROUNDS):
        step = number % len(course.steps)
        cut[course.steps[step][0]] += course.disturb(step, chance)
    print(f"killed before its end: {dict(cut)} of {ROUNDS} rounds; undisturbed: {course.seconds}")
    assert cut.total() > ROUNDS // 4, "hardly any was killed while it ran"
