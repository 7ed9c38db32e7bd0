"""The machine that programs see is the profile's, whichever way they ask."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from biopsy.sandbox import guise, profile
from biopsy.sandbox.profile_seed import Stream

ASKS = {
    "uname": ["uname", "-r"],
    "version": ["cat", "/proc/version"],
    "build": ["uname", "-v"],
    "dmesg": ["dmesg"],
    "nproc": ["nproc"],
    "python": ["python3", "-c", "import os, platform; print(os.cpu_count(), platform.release())"],
    "node": ["node", "-p", "[os.cpus().length, os.release(), Math.round(os.totalmem() / 2 ** 30)].join(' ')"],
    "cpuinfo": ["grep", "-c", "hypervisor", "/proc/cpuinfo"],
    "cgroup": ["cat", "/proc/1/cgroup"],
    "mounts": ["sh", "-c", "cat /proc/mounts /proc/$$/mounts; df /"],
    "dmi": ["sh", "-c", "test -d /sys/class/dmi/id && cat /sys/class/dmi/id/sys_vendor"],
    "thermal": ["ls", "/sys/class/thermal"],
    "sys": ["sh", "-c", "for one in PATHS; do echo $one $(cat $one); done"],
    "uptime": ["cut", "-d.", "-f1", "/proc/uptime"],
    "up": ["python3", "-c", "import time; print(int(time.clock_gettime(time.CLOCK_BOOTTIME)))"],
}
RUN = """
import json
for name, argv in json.loads(ASKS).items():
    done = subprocess.run(argv, capture_output=True, text=True, timeout=8, start_new_session=True)
    print(json.dumps([name, (done.stdout + done.stderr).strip()]), flush=True)
"""


@pytest.mark.sandbox
@pytest.mark.parametrize("name", profile.names())
def test_what_programs_see_is_the_profile(name: str, attempt: Callable[..., Any]) -> None:
    paths = " ".join(profile.load(name).data["machine"].get("sys", ())) or "/dev/null"
    asks = json.dumps(ASKS).replace("PATHS", paths)
    seen = attempt(RUN.replace("ASKS", repr(asks)), profile=name, timeout=60)
    said = dict(json.loads(line) for line in seen.text().splitlines())
    machine = profile.load(name).data["machine"]
    hardware = {path: str(what) for path, what in machine.get("sys", {}).items() if type(what) is not list}
    assert {path: said["sys"].partition(path + " ")[2].partition("\n")[0] for path in hardware} == hardware
    assert ("thermal_zone0" in said["thermal"]) is ("/sys/class/thermal/thermal_zone0/type" in hardware)
    kernel, cpus = machine["kernel"], machine["cpus"]
    assert (said["uname"], said["build"]) == (kernel, machine["build"])
    assert said["version"].startswith(f"Linux version {kernel} ")
    assert "not permitted" in said["dmesg"]
    assert said["nproc"] == str(cpus)
    release = machine.get("system", {}).get("release", kernel)
    assert said["python"] == f"{cpus} {release}"
    assert said["node"].split()[:2] == [str(cpus), kernel]
    assert int(said["node"].split()[2]) in {machine["memory"] - 1, machine["memory"]}
    assert said["cpuinfo"] == "0"
    assert said["cgroup"] == f"0::{guise.first_group(machine)}"
    assert "9p" not in said["mounts"]
    assert f"/dev/{machine['device']}" in said["mounts"]
    assert said["dmi"] == machine["dmi"]["sys_vendor"]
    low, high = machine["uptime"]
    assert low <= int(said["uptime"]) <= high + 60
    assert abs(int(said["up"]) - int(said["uptime"])) < 60
    assert "gvisor" not in seen.text().lower()


@pytest.mark.parametrize("name", profile.names())
def test_files_of_the_kernel_agree_with_each_other(name: str) -> None:
    machine = profile.load(name).data["machine"]
    files = dict(guise.files(machine, 5000.0, Stream(b"x" * 16)))
    cpus = machine["cpus"]
    assert files["/proc/cpuinfo"].count("processor\t: ") == cpus
    assert files["/sys/devices/system/cpu/online"] == f"0-{cpus - 1}\n"
    number, memory, _, release, *build = files["/facts"].split()
    assert (int(number), release, " ".join(build)) == (cpus, machine["kernel"], machine["build"])
    assert f"{int(memory) // 1024} kB" in files["/proc/meminfo"].splitlines()[0]
    rows = [line.split() for line in files["/proc/stat"].splitlines() if line.startswith("cpu")]
    assert [sum(int(row[i]) for row in rows[1:]) for i in range(1, 11)] == list(map(int, rows[0][1:]))
    assert len(machine["build"]) < 65
    assert len(files["/proc/self/mountinfo"].splitlines()) == len(files["/proc/mounts"].splitlines())


def test_a_profile_that_says_nothing_shows_what_there_is() -> None:
    assert list(guise.files({"cpus": 2, "memory": 4}, 1.0, Stream(b"x" * 16))) == []
