"""What a policy makes of an item, and of a package that was looked at."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from biopsy.ecosystems import Listing, Published
from biopsy.model.feed import Change, Item
from biopsy.model.job import Depth, Job, Lane
from biopsy.model.release import Release, Remote
from biopsy.pipeline.follow.policy import Policies, Skipped
from biopsy.pipeline.follow.policy.deciding import BY_POLICY, NO_SUCH_ARTIFACT, SWITCHED_OFF, TOO_MANY

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHA = "a" * 64


@pytest.fixture
def policies(tmp_path: Path) -> Policies:
    return Policies(tmp_path)


def _policies(home: Path, ecosystem: str, text: str) -> Policies:
    (home / "policy").mkdir()
    (home / "policy" / f"{ecosystem}.yml").write_text(text)
    return Policies(home)


def _job(policies: Policies, item: Item) -> Job:
    made = policies.job(item, "feed x", NOON)
    assert isinstance(made, Job)
    return made


def test_an_item_with_version_and_digest_is_analysed(policies: Policies) -> None:
    item = Item(
        "npm", "quiet-thing", "1.0.0", digest="sha512:aa", filename="q.tgz", published="2026-11-22T11:00:00Z"
    )
    assert _job(policies, item) == Job(
        Release("npm", "quiet-thing", "1.0.0"),
        "sha512:aa",
        "q.tgz",
        why="feed x",
        published="2026-11-22T11:00:00Z",
    )


@pytest.mark.parametrize(
    "item",
    [
        Item("pypi", "quiet-thing", "1.0", filename="quiet_thing-1.0.tar.gz"),
        Item("pypi", "quiet-thing", "1.0", filename="quiet_thing-1.0.tar.gz", digest="sha256:aa"),
        Item("pypi", "quiet-thing", change=Change.CHANGED),
        Item("pypi", "quiet-thing", "1.0", Change.CHANGED, digest=""),
    ],
)
def test_an_item_that_names_no_bytes_or_one_file_of_several_is_looked_at(
    policies: Policies, item: Item
) -> None:
    job = _job(policies, item)
    assert (job.release, job.digest, job.filename) == (Release("pypi", "quiet-thing"), "", "")
    assert job.published == "2026-11-21T12:00:00Z"  # a day before the feed last moved


def test_a_late_item_is_looked_for_where_it_was_published(policies: Policies) -> None:
    item = Item("pypi", "quiet-thing", "1.0", published="2026-11-10T00:00:00Z")
    assert _job(policies, item).published == "2026-11-09T00:00:00Z"


def test_an_item_of_the_future_does_not_hide_what_came_before_it(policies: Policies) -> None:
    item = Item("pypi", "quiet-thing", "1.0", published="2031-01-01T00:00:00Z")
    assert _job(policies, item).published == "2026-11-21T12:00:00Z"


@pytest.mark.parametrize("change", [Change.DELETED, Change.YANKED, Change.UNYANKED])
def test_what_was_taken_back_makes_no_job(policies: Policies, change: Change) -> None:
    assert policies.job(Item("npm", "x", "1.0.0", change, digest="sha512:aa"), "feed x", NOON) is None


def test_an_ecosystem_that_is_switched_off_is_recorded_only(tmp_path: Path) -> None:
    policies = _policies(tmp_path, "golang", "analyse: false\n")
    made = policies.job(Item("golang", "example.com/m", "v1.0.0"), "feed x", NOON)
    assert isinstance(made, Skipped)
    assert made.reason == SWITCHED_OFF


@pytest.mark.parametrize(("ecosystem", "name"), [("golang", "example.com/m"), ("maven", "com.example/m")])
def test_a_release_is_taken_as_named_where_the_registry_tells_no_times(
    policies: Policies, ecosystem: str, name: str
) -> None:
    job = _job(policies, Item(ecosystem, name, "v1.0.0"))
    assert (job.release, job.depth) == (Release(ecosystem, name, "v1.0.0"), Depth.STATIC)
    assert _job(policies, Item(ecosystem, name, "v1.0.0", Change.CHANGED)).release.version == ""


def test_a_gem_for_another_platform_is_only_read(policies: Policies) -> None:
    depths = {
        filename: _job(policies, Item("gem", "m", "1.0", digest="sha256:aa", filename=filename)).depth
        for filename in ("m-1.0.gem", "m-1.0-x86_64-linux.gem", "m-1.0-arm64-darwin.gem", "m-1.0-java.gem")
    }
    assert list(depths.values()) == [Depth.FULL, Depth.FULL, Depth.STATIC, Depth.STATIC]


def test_what_somebody_asked_gos_proxy_for_goes_after_what_was_released(policies: Policies) -> None:
    versions = ("v1.0.0", "v0.0.0-20260102030405-abcdefabcdef", "v1.2.4-0.20260102030405-abcdefabcdef")
    made = [_job(policies, Item("golang", "example.com/m", version)).priority for version in versions]
    assert made == [0, -10, -10]


def test_what_a_policy_skips_names_the_line(policies: Policies) -> None:
    item = Item("npm", "gone", "0.0.1-security", digest="sha512:aa")
    made = policies.job(item, "feed x", NOON)
    assert isinstance(made, Skipped)
    assert made.reason == BY_POLICY
    assert made.line is not None
    assert made.line.place.startswith("shipped npm.yml:")


def test_popular_packages_and_names_like_theirs_go_before_others(policies: Policies) -> None:
    order = ["lodash", "lodahs", "quiet-thing-nobody-knows"]
    first, second, last = (_job(policies, Item("npm", name)).priority for name in order)
    # `NEW` without a version says of a package that it is new: 30 for each
    assert (first, second, last) == (40 + 20 + 30, 40 + 30, 30)


def test_a_first_release_is_known_from_what_the_feed_said_before_it(policies: Policies) -> None:
    said = Item("npm", "quiet-thing", "1.0.0", digest="sha512:aa")
    assert _job(policies, said).priority == 0
    _job(policies, Item("npm", "quiet-thing"))
    assert _job(policies, said).priority == 30


def test_names_are_not_compared_in_a_burst(policies: Policies) -> None:
    item = Item("npm", "lodahs", change=Change.CHANGED)
    hurried = policies.job(item, "feed x", NOON, compare=False)
    assert isinstance(hurried, Job)
    assert (hurried.priority, _job(policies, item).priority) == (0, 40)


# --- what a look finds


def _listing(*versions: Published, newest: str = "2.0", files: tuple[Remote, ...] | None = None) -> Listing:
    release = Release("pypi", "thing", newest)
    wheel = f"thing-{newest}-py3-none-any.whl"
    some = (
        Remote(wheel, "", "wheel", (("sha256", SHA), ("md5", "0")), uploaded="2026-11-22T10:00:00Z"),
        Remote(
            f"thing-{newest}.tar.gz", "", "sdist", (("sha256", "b" * 64),), uploaded="2026-11-22T10:00:09Z"
        ),
    )
    return Listing(release, some if files is None else files, versions)


def _look(published: str = "2026-11-21T12:00:00Z") -> Job:
    return Job(Release("pypi", "thing"), lane=Lane.REALTIME, why="feed x", published=published)


OLD = Published("1.0", "2020-01-01T00:00:00Z", touched="2020-01-01T00:00:00Z")
LATE = Published("1.1", "2020-02-01T00:00:00Z", touched="2026-11-22T09:00:00Z")
NEW = Published("2.0", "2026-11-22T10:00:00Z", touched="2026-11-22T10:00:09Z")


def test_a_look_takes_the_releases_that_are_new_and_those_that_got_a_file(policies: Policies) -> None:
    found = policies.releases(_look(), _listing(OLD, LATE, NEW))
    assert [release.version for release in found] == ["2.0", "1.1"]


def test_a_look_for_all_takes_all(policies: Policies) -> None:
    every = tuple(Published(f"1.{n}", f"20{n // 100:02}-01-01T00:00:{n % 60:02}Z") for n in range(1500))
    assert len(policies.releases(_look("1970-01-01T00:00:00Z"), _listing(*every))) == 1500


def test_a_look_that_says_no_time_takes_the_newest(policies: Policies) -> None:
    assert [r.version for r in policies.releases(_look(""), _listing(OLD, NEW))] == ["2.0"]
    timeless = (Published("1.0"), Published("2.0"))
    assert [r.version for r in policies.releases(_look(), _listing(*timeless))] == ["2.0"]


def test_each_file_of_a_release_is_a_job_with_the_strongest_digest(policies: Policies) -> None:
    sdist, wheel = policies.jobs(_look(), _listing(OLD, NEW))
    assert isinstance(sdist, Job)
    assert isinstance(wheel, Job)
    assert {sdist.filename, wheel.filename} == {"thing-2.0.tar.gz", "thing-2.0-py3-none-any.whl"}
    assert {sdist.digest, wheel.digest} == {f"sha256:{SHA}", f"sha256:{'b' * 64}"}
    assert (wheel.why, wheel.lane, wheel.depth, wheel.priority) == ("feed x", Lane.REALTIME, Depth.FULL, 0)


def test_files_that_no_install_here_takes_are_only_read_and_go_last(policies: Policies) -> None:
    some = _listing().artifacts
    mac = Remote("thing-2.0-cp311-cp311-macosx_11_0_arm64.whl", "", "wheel", (("sha256", "c" * 64),))
    found = [one for one in policies.jobs(_look(), _listing(NEW, files=(*some, mac))) if isinstance(one, Job)]
    assert [(job.depth, job.priority) for job in found] == [
        (Depth.FULL, 30),
        (Depth.FULL, 30),
        (Depth.STATIC, 10),
    ]  # the only release is the first


def test_a_file_older_than_the_look_is_not_spoken_of(policies: Policies) -> None:
    old = Remote("thing-1.1.tar.gz", "", "sdist", (("sha256", SHA),), uploaded="2020-02-01T00:00:00Z")
    new = Remote("thing-1.1-py3-none-any.whl", "", "wheel", (("sha256", "d" * 64),), uploaded=LATE.touched)
    found = policies.jobs(_look(), _listing(OLD, LATE, newest="1.1", files=(new, old)))
    assert [job.filename for job in found] == [new.filename]


def test_more_files_than_the_policy_takes_are_left_out_and_counted(tmp_path: Path) -> None:
    policies = _policies(tmp_path, "pypi", "artifacts at most: 1\n")
    found = policies.jobs(_look(), _listing(NEW))
    assert [getattr(one, "reason", "") for one in found] == ["", TOO_MANY]


@pytest.mark.parametrize(
    ("which", "kinds"),
    [
        ("install", ["whl"]),
        ("sdist", ["gz"]),
        ("wheel", ["whl"]),
        ("all", ["gz", "whl"]),
        ("every", ["gz", "whl"]),
    ],
)
def test_a_policy_says_which_files(tmp_path: Path, which: str, kinds: list[str]) -> None:
    policies = _policies(tmp_path, "pypi", f"artifacts: {which}\n")
    found = policies.jobs(_look(), _listing(NEW))
    assert [one.filename.rpartition(".")[2] for one in found] == kinds


def test_a_release_without_the_file_that_is_wanted_gives_what_an_install_takes(tmp_path: Path) -> None:
    policies = _policies(tmp_path, "pypi", "artifacts: wheel\n")
    sdist = _listing().artifacts[1:]
    assert [one.filename for one in policies.jobs(_look(), _listing(NEW, files=sdist))] == [
        "thing-2.0.tar.gz"
    ]


def test_a_release_without_files_is_told(policies: Policies) -> None:
    assert [
        one.reason for one in policies.jobs(_look(), _listing(NEW, files=())) if isinstance(one, Skipped)
    ] == [NO_SUCH_ARTIFACT]


def test_a_verdict_of_a_popular_package_waits_for_a_person(policies: Policies) -> None:
    policy = policies.of("npm")
    for name, verdict, does in (
        ("lodash", "malicious", "wait"),
        ("quiet-thing", "malicious", "draft"),
        ("quiet-thing", "suspicious", None),
    ):
        line = policy.reporting(policies.subject(Release("npm", name)), verdict, convicted=True)
        assert (line.do if line else None) == does


def test_reports_may_hang_on_proof_that_convicts_alone(tmp_path: Path) -> None:
    text = "reports:\n  - {do: publish, verdict: malicious, convicted: true}\n  - {do: draft, verdict: malicious}\n"
    policies = _policies(tmp_path, "npm", text)
    it = policies.subject(Release("npm", "quiet-thing"))
    done = [policies.of("npm").reporting(it, "malicious", convicted=sure) for sure in (True, False)]
    assert [line.do for line in done if line] == ["publish", "draft"]
