"""A look at a package: what is new becomes jobs, within a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registry import StandIn, build

from biopsy.ecosystems.npm import configuration as npm
from biopsy.ecosystems.pypi import configuration as pypi
from biopsy.model.job import Job, Lane
from biopsy.model.release import Release
from biopsy.pipeline.follow.policy import Policies
from biopsy.pipeline.work import looking
from biopsy.pipeline.work.analysing import Clock
from biopsy.pipeline.work.coming import Came, Task, Unable
from biopsy.pipeline.work.rehearsal import Loaded


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as made:
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        for configuration in (pypi, npm):
            configuration.endpoint.cache_clear()
        yield made
        for configuration in (pypi, npm):
            configuration.endpoint.cache_clear()


def look(home: Path, published: str = "1970-01-01T00:00:00Z", attempt: int = 1) -> Came:
    job = Job(Release("pypi", "thing"), lane=Lane.BATCH, why="enqueue by hand", published=published)
    return looking.look(Task(job, attempt), Loaded((), Policies(home)), Clock(lambda _: None))


def test_all_versions_are_found_for_who_asks_for_all(tmp_path: Path, registry: StandIn) -> None:
    for version in ("1.0", "1.1", "2.0"):
        registry.publish(
            "pypi", "thing", version, [build.wheel("thing", version), build.sdist("thing", version)]
        )
    found = look(tmp_path).found
    assert {(job.release.version, job.filename[-3:]) for job in found} == {
        (version, form) for version in ("1.0", "1.1", "2.0") for form in ("whl", ".gz")
    }
    assert all(job.digest and job.lane is Lane.BATCH for job in found)


def test_what_there_is_no_time_for_becomes_a_job_by_its_version(
    tmp_path: Path, registry: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0", "1.1"):
        registry.publish("pypi", "thing", version, [build.wheel("thing", version)])
    monkeypatch.setattr(looking, "BUDGET", -1.0)
    assert {(job.release.version, job.digest) for job in look(tmp_path).found} == {("1.0", ""), ("1.1", "")}


def test_without_a_moment_only_the_newest_is_new(tmp_path: Path, registry: StandIn) -> None:
    for version in ("1.0", "1.1"):
        registry.publish("pypi", "thing", version, [build.wheel("thing", version)])
    assert [job.release.version for job in look(tmp_path, "").found] == ["1.1"]


def test_a_registry_that_is_down_is_asked_again(tmp_path: Path, registry: StandIn) -> None:
    with registry.outage("pypi"), pytest.raises(Unable) as caught:
        look(tmp_path)
    assert (caught.value.came.end, caught.value.came.reason) == ("again", "registry-down")
