"""What is subtracted: what the empty run did too, of the same tool or shape, and nothing a package does like
it.
"""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from made_traces import HOME, NPM, PROJECT, Story

from biopsy.ecosystems import by_type
from biopsy.errors import SandboxError
from biopsy.sandbox.baseline import Baseline, Normal, load, path, save
from biopsy.sandbox.observe import observe, record
from biopsy.sandbox.raw import Subject

NODE = "/usr/local/bin/node"
NPM_CLI = "/usr/local/lib/node_modules/npm/bin/npm-cli.js"
NOTHING = Subject("npm", "empty", "1.0.0", "empty-1.0.0.tgz")


def starts(story: Story, pid: int) -> Story:
    """Do what every Node does when it starts."""
    return story.open(pid, "/proc/version_signature", error=2).open(pid, "/proc/meminfo")


def npm_run(name: str) -> Story:
    story = Story().add("Start", 1, argv=[b"/sbin/init"]).raw(2, 35)
    starts(story.spawn(2, 3, "node", NPM_CLI, "install", f"{PROJECT}/{name}-1.0.tgz", binary=NODE), 3)
    story.open(3, f"{HOME}/.npmrc")
    story.spawn(
        3,
        4,
        "node",
        "index.js",
        binary=NODE,
        env=(f"npm_package_name={name}", "npm_lifecycle_event=postinstall"),
    )
    return starts(story, 4)


def left(folder: Path, story: Story, baseline: Baseline | None) -> list[str]:
    run = observe(story.told(folder), NPM, baseline)
    return [f"{one.kind} {one.value}" for one in run.behaviours if one.kind != "process.exec"]


@pytest.fixture
def baseline(tmp_path: Path) -> Baseline:
    (tmp_path / "empty").mkdir()
    return record(npm_run("empty").told(tmp_path / "empty"), NOTHING, "image")


def test_the_same_run_of_another_name_leaves_nothing(tmp_path: Path, baseline: Baseline) -> None:
    assert left(tmp_path, npm_run("thing"), None) != []
    assert left(tmp_path, npm_run("thing"), baseline) == []


def test_a_script_that_does_what_npm_does_stays(tmp_path: Path, baseline: Baseline) -> None:
    story = npm_run("thing").spawn(4, 5, "node", "evil.js", binary=NODE)
    starts(story, 5).open(5, f"{HOME}/.npmrc")
    assert left(tmp_path, story, baseline) == ["canary.read npm-token", f"file.read {HOME}/.npmrc"]


def test_the_hook_itself_is_not_excused_by_npm(tmp_path: Path, baseline: Baseline) -> None:
    assert "canary.read npm-token" in left(tmp_path, npm_run("thing").open(4, f"{HOME}/.npmrc"), baseline)


def test_npm_started_by_the_package_is_not_excused_by_npm(tmp_path: Path, baseline: Baseline) -> None:
    story = npm_run("thing").spawn(4, 5, "node", NPM_CLI, "install", f"{PROJECT}/thing-1.0.tgz", binary=NODE)
    assert "canary.read npm-token" in left(tmp_path, story.open(5, f"{HOME}/.npmrc"), baseline)


def test_another_phase_is_another_matter(tmp_path: Path, baseline: Baseline) -> None:
    run = observe(npm_run("thing").told(tmp_path, ("import", 2)), NPM, baseline)
    assert "canary.read" in [str(one.kind) for one in run.behaviours]


def test_leaks_and_remote_code_are_never_subtracted(tmp_path: Path) -> None:
    assert not [
        fact for fact in record(npm_run("empty").told(tmp_path), NOTHING, "i").facts if "leak" in fact[2]
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            f"{HOME}/.npm/_cacache/index-v5/ab/cd/0123456789abcdef0123",
            f"{HOME}/.npm/_cacache/index-v5/12/34/fedcba98765432100000",
        ),
        ("/tmp/pip-build-env-043etvro/overlay", "/tmp/pip-build-env-b6ko1mg8/overlay"),
        (
            f"{HOME}/.npm/_logs/2026-01-02T03_04_05_678Z-debug-0.log",
            f"{HOME}/.npm/_logs/2027-11-12T13_14_15_999Z-debug-0.log",
        ),
        ("/proc/123/status", "/proc/9/status"),
        (f"{PROJECT}/node_modules/thing/x", f"{PROJECT}/node_modules/thing/x"),
    ],
)
def test_names_that_change_from_run_to_run_are_taken_out(tmp_path: Path, one: str, other: str) -> None:
    normal = Normal(Story().raw(2, 35).told(tmp_path), NPM)
    assert normal.text(one) == normal.text(other)
    assert normal.text(f"{HOME}/.ssh/id_rsa") != normal.text(f"{HOME}/.ssh/known_hosts")


def test_a_baseline_is_kept_and_read_again(tmp_path: Path, baseline: Baseline) -> None:
    file = path(tmp_path / "baselines", "sha256:ab/cd", "npm", "laptop")
    assert load(file) is None
    save(baseline, file)
    assert load(file) == baseline
    file.write_bytes(b"{")
    with pytest.raises(SandboxError):
        load(file)


def names(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def test_the_empty_packages_are_whole() -> None:
    (wheel, data), (sdist, other) = by_type("pypi").empty()
    assert wheel.endswith(".whl")
    assert "empty.py" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert sdist == "empty-1.0.0.tar.gz"
    assert "empty-1.0.0/setup.py" in names(other)
    npm = by_type("npm")
    ((tgz, data),) = npm.empty()
    assert "package/package.json" in names(data)
    assert (tgz, npm.empty()) == ("empty-1.0.0.tgz", npm.empty())
