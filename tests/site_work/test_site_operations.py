"""Operations over a real queue: what readers see of it, and what operators do with it."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from made_site import home

from biopsy import queue
from biopsy.model.job import Job, Lane
from biopsy.model.release import Release
from biopsy.reports.tokens import Tokens
from biopsy.web.app import Settings, build

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, dsn: str) -> Path:
    made = home(tmp_path_factory.mktemp("operations"))

    async def fill() -> None:
        async with queue.open(queue.Settings(made, dsn)) as q:
            jobs = [
                Job(Release("npm", name, "1.0.0"), lane=Lane.REALTIME) for name in ("one", "two", "<b>odd")
            ]
            ids = (await q.enqueue(jobs)).ids
            await q.park(ids[2:], "sandbox-broken")
            await q.troubled("npm/changes", "registry-down", "it said /secret/path")

    asyncio.run(fill())
    return made


@pytest.fixture
def site(place: Path, dsn: str) -> Iterator[TestClient[Any]]:
    settings = Settings(place / "reports.db", tokens=place / "tokens.db", home=place, dsn=dsn)
    with TestClient(build(place / "reports.db", settings)) as client:
        yield client


def test_readers_see_how_it_fares_and_operators_do_something_about_it(
    place: Path, site: TestClient[Any]
) -> None:
    found = site.get("/operations.json").json()["queue"]
    assert {(one["state"], one["jobs"]) for one in found["lanes"]} == {("waiting", 2), ("parked", 1)}
    assert [(one["name"], one["reason"]) for one in found["parked"]] == [("<b>odd", "sandbox-broken")]
    assert len(found["trouble"]) == 2  # a feed that fails, and no worker
    assert "/secret/path" not in str(found)
    page = site.get("/operations", headers=HTML).text
    assert "&lt;b&gt;odd" in page
    assert 'action="/act/queue"' not in page

    secret = Tokens(place / "tokens.db").create("ada", ["operate"], 1)[1]
    door = re.search(r'name="door" value="([^"]+)"', site.get("/signin", headers=HTML).text)
    assert door
    site.post("/signin", data={"token": secret, "door": door[1]}, headers=HTML)
    page = site.get("/operations", headers=HTML).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    assert "/secret/path" in page

    def act(**sent: str) -> int:
        answer = site.post("/act/queue", data={"csrf": csrf[1], **sent}, headers=HTML, follow_redirects=False)
        return int(answer.status_code)

    assert act(do="retry", reason="sandbox-broken") == 303
    assert act(do="pause", what="batch") == 303
    assert act(do="pause", what="npm/changes") == 303
    assert act(do="park", ids="1") == 303
    found = site.get("/operations.json").json()["queue"]
    assert {(one["state"], one["jobs"]) for one in found["lanes"]} == {("waiting", 2), ("parked", 1)}
    assert found["paused"] == ["lane:batch"]
    assert found["feeds"][0]["paused"]
    assert act(do="resume", what="batch") == 303
    for sent in ({"do": "drop"}, {"do": "pause"}, {}):
        assert act(**sent) == 400
    assert "biopsy_queue_jobs" in site.get("/metrics").text
