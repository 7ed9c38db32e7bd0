"""Following the stand-in registries while they misbehave: nothing they published is lost, nothing is done twice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.registry import StandIn, build

from biopsy import ecosystems, queue
from biopsy.ecosystems import feeds
from biopsy.model.job import Job
from biopsy.model.release import Endpoint, Release
from biopsy.pipeline.follow import pace
from biopsy.pipeline.follow.following import Follower, Options, Turn
from biopsy.pipeline.follow.policy import Policies
from biopsy.pipeline.follow.policy.deciding import SWITCHED_OFF
from biopsy.queue import Queue

FEEDS = {"pypi/changelog": "", "npm/changes": "registry/"}
"""A feed that says everything, and where it is below its registry."""


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with StandIn() as one:
        yield one
        assert one.errors == []


def follower(registry: StandIn, held: Queue, home: Path, name: str, client: httpx.Client) -> Follower:
    feed = feeds.by_name(name)
    where = {name: registry.url(feed.ecosystem) + FEEDS[name]}
    return Follower(feed, held, client, Policies(home), Options(endpoints=where))


def publish(registry: StandIn, ecosystem: str, name: str, version: str) -> None:
    files = build.wheel(name, version) if ecosystem == "pypi" else build.tgz(name, version)
    registry.publish(ecosystem, name, version, [files])


async def look(held: Queue, registry: StandIn, home: Path, client: httpx.Client) -> list[Job]:
    """Do what a worker does with what is to be looked at; gives the jobs that follow."""
    policies, found = Policies(home), []
    for entry in await held.jobs(limit=1000):
        if entry.job.release.version:
            continue
        kind = entry.job.release.ecosystem
        at = Endpoint(kind, registry.index if kind == "pypi" else registry.url(kind))
        ecosystem = ecosystems.by_type(kind)
        newest = await asyncio.to_thread(ecosystem.resolve, client, at, entry.job.release)
        for release in policies.releases(entry.job, newest):
            listing = await asyncio.to_thread(ecosystem.resolve, client, at, release)
            found += [job for job in policies.jobs(entry.job, listing) if isinstance(job, Job)]
    return found


async def settle(one: Follower, turns: int = 60) -> list[Turn]:
    """Take turns, without the waits, until three in a row had nothing to say."""
    quiet, made = 0, []
    while quiet < 3 and len(made) < turns:
        made.append(await one.turn())
        quiet = quiet + 1 if made[-1].state == "read" and not made[-1].moved.items else 0
    return made


@pytest.mark.parametrize("name", FEEDS)
def test_all_that_was_published_in_a_storm_becomes_a_job_once(
    registry: StandIn, dsn: str, tmp_path: Path, name: str
) -> None:
    kind = name.partition("/")[0]

    async def story() -> None:
        client = pace.client(apart=0.0)
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            one = follower(registry, held, tmp_path, name, client)
            publish(registry, kind, "long-ago", "1.0.0")
            await one.turn()
            where = "_changes|/pypi$"
            storm = [
                registry.mischief.add("status", where, share=0.15, status=503),
                registry.mischief.add("status", where, share=0.1, status=429, retry_after="1"),
                registry.mischief.add("gone", where, share=0.1),
                registry.mischief.add("cut", where, share=0.1),
                registry.mischief.add("garbage", where, share=0.1),
                registry.mischief.add("duplicate", share=0.5),
                registry.mischief.add("shuffle", share=0.5),
            ]
            for number in range(24):
                publish(registry, kind, f"thing-{number % 20}", f"1.{number}.0")
                registry.world.of[kind].hidden = (
                    {registry.world.of[kind].serial} if number % 5 == 0 else set()
                )
                await one.turn()
            registry.world.of[kind].hidden = set()
            for trick in storm:
                registry.mischief.stop(trick)
            turns = await settle(one)
            assert turns[-1].state == "read"
            jobs = await look(held, registry, tmp_path, client)
            await held.enqueue(jobs)
            done = {
                (entry.job.release.name, entry.job.release.version)
                for entry in await held.jobs(limit=1000)
                if entry.job.release.version
            }
            state = await held.feed(name)
        truth = {
            (p.name, v.version)
            for p in registry.world.of[kind].packages.values()
            for v in p.versions.values()
        }
        assert truth - {("long-ago", "1.0.0")} <= done <= truth
        assert state.failures == 0

    asyncio.run(story())


def test_a_registry_that_was_away_is_caught_up_with(registry: StandIn, dsn: str, tmp_path: Path) -> None:
    async def story() -> None:
        client = pace.client(apart=0.0)
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            one = follower(registry, held, tmp_path, "npm/changes", client)
            await one.turn()
            with registry.outage("npm"):
                for number in range(30):
                    publish(registry, "npm", f"thing-{number}", "1.0.0")
                states = {(await one.turn()).state for _ in range(4)}
            assert states == {"troubled"}
            assert (await held.feed("npm/changes")).trouble == "registry-down"
            await settle(one)
            names = {entry.job.release.name for entry in await held.jobs(limit=1000)}
            assert names == {f"thing-{number}" for number in range(30)}
            assert {m.kind for m in await held.untold()} == {"feed-trouble", "feed-well"}

    asyncio.run(story())


def test_a_burst_is_taken_in_and_rests_when_the_queue_is_full(
    registry: StandIn, dsn: str, tmp_path: Path
) -> None:
    async def story() -> None:
        client = pace.client(apart=0.0)
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            feed = feeds.by_name("npm/changes")
            where = {feed.name: registry.url("npm") + "registry/"}
            options = Options(2500, 2000, endpoints=where)
            one = Follower(feed, held, client, Policies(tmp_path), options)
            await one.turn()
            registry.world.burst("npm", 3000)
            turns = await settle(one)
            assert sum(turn.moved.jobs.new for turn in turns) == 3000
            assert turns[-1].state == "full"

    asyncio.run(story())


def test_the_registry_learns_who_asks(registry: StandIn, dsn: str, tmp_path: Path) -> None:
    async def story() -> None:
        client = pace.client("you@example.org", 0.0)
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            await follower(registry, held, tmp_path, "npm/changes", client).turn()

    asyncio.run(story())
    assert registry.agents == {pace.agent("you@example.org")}


def test_a_package_that_was_deleted_and_one_that_was_yanked_are_linked(
    registry: StandIn, dsn: str, tmp_path: Path
) -> None:
    async def story() -> None:
        client = pace.client(apart=0.0)
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            one = follower(registry, held, tmp_path, "pypi/changelog", client)
            await one.turn()
            for name in ("stays", "yanked", "deleted"):
                publish(registry, "pypi", name, "1.0")
            await settle(one)
            await held.enqueue(await look(held, registry, tmp_path, client))
            registry.world.yank("pypi", "yanked", "1.0", "broken")
            registry.world.delete("pypi", "deleted", "1.0")
            turns = await settle(one)
            assert sum(turn.moved.linked for turn in turns) == 2
            changes = {
                e.job.release.name: [w.change for w in await held.withdrawals(e.id)]
                for e in await held.jobs()
                if e.job.release.version
            }
            assert changes["stays"] == []
            assert changes["yanked"] == ["yanked"]
            assert set(changes["deleted"]) == {"deleted"}

    asyncio.run(story())


def test_a_look_names_release_and_bytes_as_the_registry_has_them(
    registry: StandIn, dsn: str, tmp_path: Path
) -> None:
    async def story() -> list[Job]:
        client = pace.client(apart=0.0)
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            one = follower(registry, held, tmp_path, "pypi/changelog", client)
            await one.turn()
            registry.publish("pypi", "two", "1.0", [build.wheel("two", "1.0"), build.sdist("two", "1.0")])
            await settle(one)
            return await look(held, registry, tmp_path, client)

    jobs = asyncio.run(story())
    files = registry.world.of["pypi"].packages["two"].versions["1.0"].files
    assert {(job.filename, job.digest) for job in jobs} == {
        (file.filename, f"sha256:{file.sha256}") for file in files.values()
    }
    assert {job.release for job in jobs} == {Release("pypi", "two", "1.0")}
    assert {job.priority for job in jobs} == {30}  # its first release


OTHERS = ["gem/timeframe", "cargo/rss", "composer/changes", "golang/index", "nuget/catalog", "maven/search"]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("analyse", ["true", "false"])
def test_each_ecosystem_with_a_feed_makes_jobs_unless_it_is_switched_off(
    registry: StandIn, dsn: str, tmp_path: Path, name: str, analyse: str
) -> None:
    async def story() -> None:
        client, feed = pace.client(apart=0.0), feeds.by_name(name)
        where = {name: registry.url(feed.ecosystem)}
        thing = "example.com/thing" if feed.ecosystem in ("golang", "composer", "maven") else "thing"
        (tmp_path / "policy").mkdir()
        (tmp_path / "policy" / f"{feed.ecosystem}.yml").write_text(f"analyse: {analyse}\n")
        registry.publish(feed.ecosystem, thing, "v0.1.0" if feed.ecosystem == "golang" else "0.1.0")
        async with queue.open(queue.Settings(tmp_path, dsn)) as held:
            one = Follower(feed, held, client, Policies(tmp_path), Options(endpoints=where))
            await one.turn()
            registry.publish(feed.ecosystem, thing, "v1.0.0" if feed.ecosystem == "golang" else "1.0.0")
            turns = await settle(one)
            assert [turn.detail for turn in turns if turn.state == "troubled"] == []
            assert sum(turn.moved.items for turn in turns) >= 1
            skipped = {reason for turn in turns for reason in turn.judged.skipped}
            jobs = {entry.job.release.name for entry in await held.jobs()}
            assert (skipped, jobs) == (({SWITCHED_OFF}, set()) if analyse == "false" else (set(), {thing}))

    asyncio.run(story())
