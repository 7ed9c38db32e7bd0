"""Releases that nobody has looked at are held until somebody has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from tests.guard_proxy.conftest import Running
from tests.registry.server import StandIn

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

    def waiting(self) -> int:
        """Say that nothing is waited for."""
        return 0

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


@dataclass
class Seen:
    """Analyses of the files of one release."""

    known: dict[str, Known]

    def of(self, ecosystem: str, name: str) -> Mapping[str, Known]:
        """Give them."""
        return self.known if (ecosystem, name) == ("pypi", "bad-py") else {}

    def change(self) -> object:
        """Nothing changes."""
        return 1


def test_a_file_that_was_looked_at_says_nothing_of_another_of_its_release(
    ruled: Start, registries: StandIn
) -> None:
    files = registries.world.of["pypi"].packages["bad-py"].versions["1.2"].files
    wheel = next(file.sha256 for name, file in files.items() if name.endswith(".whl"))
    somebody, seen = Somebody(), Seen({"1.2": Known("benign", files=frozenset({wheel}))})
    one = ruled(OFF, analyst=somebody, analyses=seen)
    answers = {name: one.get(f"/pypi/files/bad-py/{name}").status_code for name in files}
    assert answers == {name: 200 if name.endswith(".whl") else 503 for name in files}
    assert len(somebody.asked) == 1


def test_the_next_listing_goes_by_what_an_analysis_came_to(ruled: Start) -> None:
    one = ruled(OFF, analyst=Somebody(Known("malicious", "it steals")))
    assert "1.3.0" in one.packument("bad-js")["versions"]
    assert one.get("/npm/bad-js/-/bad-js-1.3.0.tgz").status_code == 403
    assert one.packument("bad-js")["versions"].keys() == {"1.0.0", "1.2.0-rc.1"}
    assert "fresh_py-2.0-py3-none-any.whl" in one.files("fresh-py")
    assert one.get("/pypi/files/fresh-py/fresh_py-2.0-py3-none-any.whl").status_code == 403
    assert one.files("fresh-py") == {}


def test_what_comes_from_a_registry_of_its_own_is_nobody_elses_to_look_at(
    ruled: Start, registries: StandIn
) -> None:
    somebody = Somebody()
    policy = f'{OFF}reserved: [{{names: ["pkg:npm/@acme/*"], registry: "{registries.url("npm")}"}}]\n'
    one = ruled(policy, analyst=somebody)
    assert one.get("/npm/@acme/tool/-/tool-1.0.0.tgz").status_code == 200
    assert somebody.asked == []
