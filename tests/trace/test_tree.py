"""The process tree: whose, in which phase, how ended, whatever the trace holds."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from made_traces import PROJECT, SECOND, START, Story, install

from biopsy.model.run import Status
from biopsy.sandbox import tree
from biopsy.sandbox.raw import Ran
from biopsy.sandbox.trace import read
from biopsy.sandbox.trace_event import (
    Called,
    Cloned,
    Event,
    Executed,
    Exited,
    Malformed,
    Moved,
    Opened,
    Started,
)
from biopsy.sandbox.tree import Forest


def ran(name: str, pid: int, start: float = 0, end: float = 100) -> Ran:
    return Ran(name, Status.COMPLETED, "", START + int(start * SECOND), START + int(end * SECOND), pid)


def grown(folder: Path, story: Story, *phases: Ran) -> Forest:
    file = folder / "trace.bin"
    file.write_bytes(b"".join(story.records))
    forest = Forest(phases or (ran("install", 2),), PROJECT)
    for event in read(file):
        assert not isinstance(event, Malformed)
        forest.feed(event)
    forest.finish(complete=True)
    return forest


def test_processes_hang_below_those_that_made_them(tmp_path: Path) -> None:
    forest = grown(tmp_path, install().spawn(4, 5, "sh", "-c", "true").exit(5, 3 << 8))
    by_pid = {node.pid: node for node in forest.nodes}
    assert [node.pid for node in (by_pid[5], by_pid[5].parent, by_pid[4].parent) if node] == [5, 4, 3]
    assert (by_pid[5].argv, by_pid[5].exit) == (("sh", "-c", "true"), 3)
    assert by_pid[1].ours


def test_a_death_by_signal_is_a_negative_exit(tmp_path: Path) -> None:
    forest = grown(tmp_path, install().spawn(4, 5, "true").exit(5, 11))
    assert [node.exit for node in forest.nodes if node.pid == 5] == [-11]


def test_a_process_left_behind_belongs_to_the_phase_that_began_it(tmp_path: Path) -> None:
    story = install().spawn(4, 5, "sleep", "60")
    story.now += 50 * SECOND
    story.raw(7, 35).spawn(5, 6, "curl", "http://x.example")
    forest = grown(tmp_path, story, ran("install", 2, 0, 10), ran("import", 7, 49, 100))
    assert {node.pid: node.phase for node in forest.nodes} == {1: "install", 2: "install", 3: "install", 4: "install",
        5: "install", 6: "install", 7: "import"}  # fmt: skip


def test_a_number_that_is_used_again_is_another_process(tmp_path: Path) -> None:
    story = install().spawn(4, 5, "first").exit(5).spawn(4, 5, "second")
    assert [node.argv for node in grown(tmp_path, story).nodes if node.pid == 5] == [("first",), ("second",)]


def test_an_end_that_is_told_twice_makes_no_process(tmp_path: Path) -> None:
    forest = grown(tmp_path, install().spawn(4, 5, "true").exit(5).exit(5))
    assert len([node for node in forest.nodes if node.pid == 5]) == 1


def test_a_child_that_is_quicker_than_the_news_of_its_birth_keeps_its_parent(tmp_path: Path) -> None:
    forest = grown(tmp_path, install().open(5, "/etc/hosts").clone(4, 5))
    node = next(node for node in forest.nodes if node.pid == 5)
    assert node.parent
    assert node.parent.pid == 4


def test_a_parent_is_never_made_its_descendants_child(tmp_path: Path) -> None:
    forest = grown(tmp_path, Story().open(7, "/etc/hosts").clone(7, 8).clone(8, 7))
    assert not any(node.parent and node.parent.below(node) for node in forest.nodes)


def test_nobodys_child_is_a_phases_first_where_the_phase_does_not_know_its_own(tmp_path: Path) -> None:
    forest = grown(tmp_path, install(), ran("install", 0))
    assert [node.pid for node in forest.nodes if node.first] == [2]
    assert [node.pid for node in forest.nodes if node.ours] == [1]


def test_threads_are_not_processes(tmp_path: Path) -> None:
    story = install().add("Clone", 4, child_thread=9, child_process=4).open(4, "/etc/hosts")
    assert not [node for node in grown(tmp_path, story).nodes if node.pid == 9]


def test_ten_thousand_processes_are_told_apart(tmp_path: Path) -> None:
    story = install()
    for pid in range(10, 10_010):
        story.clone(4, pid).exit(pid)
    assert len(grown(tmp_path, story).nodes) == 10_004


def test_processes_past_the_limit_count_as_their_nearest_known_ancestor(tmp_path: Path) -> None:
    story = install()
    limit, tree.MAX_NODES = tree.MAX_NODES, 6
    try:
        for pid in range(10, 30):
            story.clone(4 if pid == 10 else pid - 1, pid)
        forest = grown(tmp_path, story.exit(29))
    finally:
        tree.MAX_NODES = limit
    assert (len(forest.nodes), forest.lost) == (6, 18)
    assert forest.nodes[-1].end is None


def test_the_working_directory_is_followed(tmp_path: Path) -> None:
    story = install().add("Chdir", 4, path=b"/srv", exit={}).add("Chdir", 4, path=b"data/../x", exit={})
    story.add("Chdir", 4, path=b"/nowhere", exit={"error": 2}).clone(4, 5)
    assert [node.cwd for node in grown(tmp_path, story).nodes if node.pid in {4, 5}] == ["/srv/x", "/srv/x"]


NUMBER = st.integers(-3, 6)
TIME = st.integers(START - SECOND, START + 200 * SECOND)
WHO = (TIME, NUMBER, NUMBER)
TEXT = st.sampled_from(["", "/", "x", "/etc/hosts", "..", "(?)"])
EVENTS = st.one_of(
    st.builds(Started, *WHO, TEXT, st.just(("a",))),
    st.builds(Cloned, *WHO, NUMBER, NUMBER),
    st.builds(Executed, *WHO, TEXT, st.just(("a", "b")), st.just(())),
    st.builds(Exited, *WHO, st.integers(-(2**31), 2**31 - 1), st.booleans()),
    st.builds(Opened, *WHO, TEXT, TEXT, st.integers(0, 2**32 - 1), NUMBER, st.integers(0, 40)),
    st.builds(Moved, *WHO, TEXT, st.integers(0, 2)),
    st.builds(Called, *WHO, st.sampled_from([2, 59, 80, 35, 281, 62, 101]),
              st.tuples(*[st.integers(0, 2**64 - 1)] * 5), st.none() | st.integers(-1, 1)),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=60))
def test_any_events_grow_a_forest_without_loops(events: list[Event]) -> None:
    forest = Forest((ran("install", 2), ran("import", 3, 50)), PROJECT)
    for event in events:
        forest.feed(event)
    forest.finish(complete=True)
    for node in forest.nodes:
        above, steps = node, 0
        while above.parent is not None:
            above, steps = above.parent, steps + 1
            assert steps <= len(forest.nodes)
        assert node.phase
