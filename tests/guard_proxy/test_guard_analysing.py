"""Releases that nobody has looked at are held until somebody has."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from tests.guard_proxy.conftest import Running

from biopsy.guard.ruling import Known
from biopsy.model.release import Release

Start = Callable[..., Running]
OFF = "minimum-age: 0\n"


@dataclass
class Somebody:
    """Who analyses: says at once what a test wants, or nothing yet."""

    found: Known | None = None
    asked: list[tuple[Release, str]] = field(default_factory=list)

    async def verdict(self, release: Release, digest: str, patience: float) -> Known | None:
        """Say it."""
        self.asked.append((release, digest.partition(":")[0]))
        return self.found

    async def close(self) -> None:
        """There is nothing to let go of."""


@pytest.mark.parametrize(
    ("found", "status"),
    [(None, 503), (Known("malicious", "it steals"), 403), (Known("benign"), 200), (Known("suspicious", "odd"), 200),
     (Known("unknown", "it ended early"), 200)],
)  # fmt: skip
def test_a_release_passes_by_what_an_analysis_came_to(ruled: Start, found: Known | None, status: int) -> None:
    somebody = Somebody(found)
    one = ruled(OFF, analyst=somebody)
    for path, name in (
        ("/npm/@acme/tool/-/tool-1.0.0.tgz", "@acme/tool"),
        ("/pypi/files/fresh-py/fresh_py-2.0-py3-none-any.whl", "fresh-py"),
    ):
        answer = one.get(path)
        assert answer.status_code == status
        assert somebody.asked.pop()[0].name == name
        if status == 503:
            assert (answer.headers["retry-after"], "being analysed" in answer.text) == ("10", True)


def test_nobody_waits_for_a_listing_or_for_what_is_known(ruled: Start) -> None:
    somebody = Somebody()
    one = ruled(OFF + 'packages: [{names: ["pkg:npm/@acme/*"], unseen: allow}]\n', analyst=somebody)
    assert one.get("/npm/bad-js").status_code == 200
    assert one.get("/npm/bad-js/-/bad-js-1.1.0.tgz").status_code == 403
    assert one.get("/npm/@acme/tool/-/tool-1.0.0.tgz").status_code == 200
    assert somebody.asked == []
