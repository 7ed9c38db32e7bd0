"""Whose doing: tools are only what our driver started, and code of a package never becomes a tool again."""

from pathlib import Path

import pytest
from made_traces import NPM, SUBJECT, Story, install

from biopsy.model.behaviour import By
from biopsy.sandbox.observe import observe
from biopsy.sandbox.raw import Subject

NODE = "/usr/local/bin/node"
NPM_CLI = "/usr/local/lib/node_modules/npm/bin/npm-cli.js"
GYP = "/usr/local/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js"


def whose(folder: Path, story: Story, subject: Subject = SUBJECT) -> dict[str, tuple[By, str]]:
    run = observe(story.told(folder), subject, None)
    return {" ".join(process.argv[-2:]): (process.by, process.owner) for process in run.processes}


def npm_install() -> Story:
    story = Story().add("Start", 1, argv=[b"/sbin/init"]).raw(2, 35)
    return story.spawn(2, 3, "node", NPM_CLI, "install", binary=NODE)


def lifecycle(name: str) -> dict[str, object]:
    return {
        "binary": "/usr/bin/dash",
        "env": (f"npm_package_name={name}", "npm_lifecycle_event=postinstall"),
        "cwd": f"/home/ada/projects/storefront/node_modules/{name}",
    }


PACKAGE, PIP, NPM_TOOL = (By.PACKAGE, ""), (By.TOOL, "pip"), (By.TOOL, "npm")


def test_pip_is_a_tool_and_what_it_builds_is_the_package(tmp_path: Path) -> None:
    found = whose(tmp_path, install().spawn(4, 5, "curl", "-s"))
    assert [found["install /tmp/thing-1.0.tar.gz"], found["build_wheel /tmp/tmpabcdefgh"], found["curl -s"]] == [
        PIP, PACKAGE, PACKAGE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cwd", "expected"),
    [
        ("/tmp/pip-install-ab12cd34/other_0123456789abcdef0123456789abcdef", (By.DEPENDENCY, "other")),
        ("/tmp/pip-install-ab12cd34/thing_0123456789abcdef0123456789abcdef", PACKAGE),
        ("/tmp/pip-req-build-ab12cd34", PACKAGE),
        ("/tmp/somewhere", PACKAGE),
        ("/tmp/pip-req-build-ab12cd34/pip-install-x/other_0123456789abcdef0123456789abcdef", PACKAGE),
    ],
)
def test_a_build_belongs_to_whose_folder_pip_put_it_into(
    tmp_path: Path, cwd: str, expected: tuple[By, str]
) -> None:
    story = install().spawn(3, 9, "python3", "/x/_in_process.py", "go", binary="/usr/bin/python3.11", cwd=cwd)
    assert whose(tmp_path, story.spawn(9, 10, "sh", "x"))["sh x"] == expected


def test_a_compiler_of_the_image_is_a_tool_and_a_program_of_that_name_is_not(tmp_path: Path) -> None:
    story = install().spawn(4, 5, "gcc", "a.c", binary="/usr/bin/x86_64-linux-gnu-gcc-12")
    story.spawn(5, 6, "/usr/lib/gcc/cc1", "b.c", binary="/usr/lib/gcc/x86_64-linux-gnu/12/cc1")
    story.spawn(5, 7, "sh", "evil.sh", binary="/usr/bin/dash").spawn(
        4, 8, "gcc", "c.c", binary="/tmp/pip-req-build-1/gcc"
    )
    found = whose(tmp_path, story)
    assert [found["gcc a.c"], found["/usr/lib/gcc/cc1 b.c"], found["sh evil.sh"], found["gcc c.c"]] == [
        (By.TOOL, "compiler"), (By.TOOL, "compiler"), PACKAGE, PACKAGE,
    ]  # fmt: skip


def test_what_make_starts_is_a_compiler_or_the_packages(tmp_path: Path) -> None:
    story = install().spawn(4, 5, "make", "all", binary="/usr/bin/make")
    story.spawn(5, 6, "g++", "a.cc", binary="/usr/bin/g++-12").spawn(
        5, 7, "curl", "x", binary="/usr/bin/curl"
    )
    found = whose(tmp_path, story)
    assert [found["make all"], found["g++ a.cc"], found["curl x"]] == [
        (By.TOOL, "make"),
        (By.TOOL, "compiler"),
        PACKAGE,
    ]


def test_a_lifecycle_script_is_the_packages_or_the_dependencys(tmp_path: Path) -> None:
    story = npm_install()
    story.spawn(3, 5, "sh", "-c", "mine", **lifecycle("thing")).spawn(5, 6, "node", "x.js", binary=NODE)
    story.spawn(3, 7, "sh", "-c", "theirs", **lifecycle("other")).spawn(7, 8, "node", "y.js", binary=NODE)
    story.spawn(3, 9, "sh", "-c", "scoped", **lifecycle("@org/other"))
    found = whose(tmp_path, story, NPM)
    assert found[f"{NPM_CLI} install"] == NPM_TOOL
    assert [found["-c mine"], found["node x.js"]] == [PACKAGE, PACKAGE]
    assert [found["-c theirs"], found["node y.js"]] == [(By.DEPENDENCY, "other")] * 2
    assert found["-c scoped"] == (By.DEPENDENCY, "@org/other")


def test_a_package_cannot_pass_for_a_dependency_or_a_tool(tmp_path: Path) -> None:
    story = npm_install().spawn(3, 5, "sh", "-c", "mine", **lifecycle("thing"))
    story.spawn(5, 6, "sh", "-c", "posing", **lifecycle("other"))
    story.spawn(5, 7, "node", "./npm-cli.js", "pose", binary=NODE).spawn(
        5, 8, "node", NPM_CLI, "publish", binary=NODE
    )
    story.spawn(5, 9, "python3", "-m", "pip", binary="/usr/bin/python3.11")
    found = whose(tmp_path, story, NPM)
    assert [found["-c posing"], found["./npm-cli.js pose"], found[f"{NPM_CLI} publish"], found["-m pip"]] == [
        PACKAGE
    ] * 4


def test_node_gyp_is_a_tool_and_its_command_expansions_are_the_packages(tmp_path: Path) -> None:
    story = npm_install().spawn(3, 5, "sh", "-c", "gyp", **lifecycle("thing"))
    story.spawn(5, 6, "node", GYP, "rebuild", binary=NODE)
    story.spawn(
        6, 7, "python3", GYP.replace("bin/node-gyp.js", "gyp/gyp_main.py"), "-f", binary="/usr/bin/python3.11"
    )
    story.spawn(7, 8, "sh", "-c", "node sim.js", binary="/usr/bin/dash")
    found = whose(tmp_path, story, NPM)
    assert [found[f"{GYP} rebuild"], found["-c node sim.js"]] == [(By.TOOL, "node-gyp"), PACKAGE]


def test_a_fork_of_the_driver_runs_the_packages_code(tmp_path: Path) -> None:
    run = observe(
        Story().raw(2, 35).clone(2, 3).open(3, "/etc/shadow").told(tmp_path, ("import", 2)), SUBJECT, None
    )
    assert [(str(one.kind), one.by) for one in run.behaviours] == [("file.read", By.PACKAGE)]
