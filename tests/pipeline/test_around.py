"""What is looking around, and what libraries do as usual."""

import pytest

from biopsy.model.behaviour import Behaviour
from biopsy.pipeline import around

HARM = "require('child_process').exec(x)"


def looks(*lines: str, code: str = HARM) -> bool:
    return around.looks([Behaviour.parse(line) for line in lines], lambda _: code)


def ran(path: str, seq: int = 1, profile: str = "laptop") -> str:
    return f"evasion.fingerprint {path} @ {profile}/import#{seq}"


@pytest.mark.parametrize(
    "paths",
    [
        ("/proc/cpuinfo", "/proc/self/cgroup", "/proc/self/mountinfo", "/proc/version", "/proc/77/status"),
        ("/proc/self/cgroup", "/proc/self/status", "/proc/uptime"),
        ("/.dockerenv", "/run/.containerenv", "/proc/self/cgroup"),
        ("/etc/machine-id", "/var/lib/dbus/machine-id"),
    ],
)
def test_what_libraries_read_as_usual_is_none(paths: tuple[str, ...]) -> None:
    assert not looks(*map(ran, paths))


@pytest.mark.parametrize(
    "paths",
    [
        ("/sys/class/dmi/id/product_name",),
        ("/proc/scsi/scsi",),
        ("/usr/bin/runsc",),
        ("/.dockerenv", "/proc/uptime"),
        ("/sys/class/net/eth0/address", "/etc/machine-id"),
    ],
)
def test_what_nobody_else_reads_is_and_so_are_several_sorts(paths: tuple[str, ...]) -> None:
    assert looks(*(ran(path, number) for number, path in enumerate(paths)))


def test_what_one_machine_was_asked_does_not_add_up_with_what_another_was() -> None:
    assert not looks(ran("/.dockerenv"), ran("/proc/uptime", profile="github-actions"))


def test_programs_that_tell_a_virtual_machine_are_where_they_were_started() -> None:
    assert looks("process.exec /usr/bin/systemd-detect-virt --quiet @ laptop/import#1")
    assert not looks("process.exec systemd-detect-virt @ index.js:3 (call)")


def test_facts_that_one_file_compares_are_where_it_could_do_harm() -> None:
    cpus, memory = (f"evasion.fingerprint {one} @ index.js:3 (import)" for one in ("cpus", "memory"))
    assert looks(cpus, memory)
    assert not looks(cpus)
    assert not looks(cpus, memory, code="export const x = 1")
    assert not looks(cpus, memory.replace("index.js", "other.js"))
    assert not looks(cpus.replace("(import)", "(test)"), memory.replace("(import)", "(test)"))
    assert not looks(*(f"evasion.fingerprint {one} @ index.js:3" for one in ("hostname", "username")))


def test_what_a_dependency_looks_at_is_none_of_the_package_s() -> None:
    from msgspec.structs import replace

    from biopsy.model.behaviour import By

    mine = Behaviour.parse(ran("/sys/class/dmi/id/product_name"))
    assert not around.looks([replace(mine, by=By.DEPENDENCY)], lambda _: HARM)
