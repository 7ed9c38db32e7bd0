"""What the queue is told of a job, from what its process said or did not say."""

from datetime import UTC, datetime, timedelta

import pytest

from biopsy.model.job import Job, Lane
from biopsy.model.release import Release
from biopsy.pipeline.work.analysing import missing
from biopsy.pipeline.work.answering import LINGER, OUTAGE, STORM, Weather, answer, lost
from biopsy.pipeline.work.coming import Came, End, Outcome, Task, Unable, age
from biopsy.pipeline.work.ending import Ending, of
from biopsy.pipeline.work.task import Over
from biopsy.queue import Again, Park, Taken


def taken(name: str = "thing", attempt: int = 1) -> Taken:
    return Taken(1, Job(Release("pypi", name, "1.0")), attempt, Lane.REALTIME)


def test_a_verdict_that_somebody_wants_to_hear_of_goes_with_the_end_of_its_job() -> None:
    came = Came(outcome=Outcome.ANALYSED, verdict="malicious", run_ids=("r",), why="It steals.")
    done = answer(taken(), came, Weather(), frozenset({"malicious"}))
    ((kind, payload),) = done.tell
    assert (kind, payload["purl"], payload["reason"]) == ("verdict", "pkg:pypi/thing@1.0", "It steals.")
    assert answer(taken(), came, Weather(), frozenset()).tell == ()


def test_a_registry_that_answers_about_nobody_is_down_and_no_job_is_to_blame() -> None:
    weather, came = Weather(), Came(End.AGAIN, reason="registry-down")
    counted = []
    for number in range(STORM + 1):
        with pytest.raises(Again) as caught:
            answer(taken(f"thing{number}"), came, weather, frozenset())
        counted.append((caught.value.counted, caught.value.after))
    assert counted == [(True, None)] * (STORM - 1) + [(False, OUTAGE)] * 2


def test_one_package_that_never_answers_is_to_blame_itself() -> None:
    weather = Weather()
    for attempt in range(1, 6):
        with pytest.raises(Again) as caught:
            answer(taken(attempt=attempt), Came(End.AGAIN, reason="registry-down"), weather, frozenset())
        assert caught.value.counted


def test_a_registry_that_answers_again_is_up() -> None:
    weather = Weather()
    for number in range(STORM):
        weather.note(taken(f"thing{number}").job, "registry-down")
    weather.note(taken().job, "")
    assert not weather.note(taken().job, "registry-down")


@pytest.mark.parametrize(("attempt", "kind"), [(1, Again), (2, Again), (3, Park), (9, Park)])
def test_what_crashes_thrice_waits_for_a_person(attempt: int, kind: type[Exception]) -> None:
    said = lost(taken(attempt=attempt), Ending("crashed", "SIGSEGV", "read"))
    assert (type(said), said.detail) == (kind, "SIGSEGV (while at: read)")  # type: ignore[attr-defined]


def test_a_full_disk_is_no_jobs_fault() -> None:
    said = lost(taken(attempt=50), Ending("disk-full", "No space left on device"))
    assert isinstance(said, Again)
    with pytest.raises(Again) as caught:
        answer(taken(attempt=50), Came(End.AGAIN, reason="disk-full"), Weather(), frozenset())
    assert [(one.counted, one.after) for one in (said, caught.value)] == [(False, LINGER)] * 2


@pytest.mark.parametrize(
    ("over", "said", "late", "starved", "code"),
    [
        (Over(1, 9, 0, 0), b"", 60.0, False, "timed-out"),
        (Over(1, 9, 0, 0), b"", 0.0, True, "out-of-memory"),
        (Over(1, 9, 0, 0), b"", 0.0, False, "crashed"),
        (Over(1, 6, 0, 0), b"memory allocation of 99 bytes failed\n", 0.0, False, "out-of-memory"),
        (Over(1, 11, 0, 0), b"Fatal Python error: Segmentation fault\n\nThread:\n", 0.0, False, "crashed"),
        (Over(1, 70 << 8, 0, 0), b"Traceback\nKeyError: 'x'\n", 0.0, False, "fault"),
        (Over(1, 70 << 8, 0, 0), b"OSError: [Errno 28] No space left on device\n", 0.0, False, "disk-full"),
        (Over(1, 0, 0, 0), b"", 0.0, False, "crashed"),
    ],
)
def test_every_end_has_a_code(over: Over, said: bytes, late: float, starved: bool, code: str) -> None:
    assert of(over, said, "read", late=late, starved=starved).code == code


@pytest.mark.parametrize(
    ("hours", "attempt", "end"),
    [(0.1, 1, End.AGAIN), (0.1, 2, End.AGAIN), (0.1, 3, End.DONE), (48, 1, End.DONE), (None, 1, End.AGAIN)],
)
def test_what_has_just_come_out_may_not_be_everywhere_yet(
    hours: float | None, attempt: int, end: End
) -> None:
    published = "" if hours is None else (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    said = missing(Task(Job(Release("npm", "x", "1"), published=published), attempt), "no-such-release", "")
    assert isinstance(said, Unable)
    assert said.came.end is end


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-11-22T10:00:00"])
def test_what_is_no_moment_gives_no_age(text: str) -> None:
    assert age(text) is None
