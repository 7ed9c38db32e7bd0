"""Whether a package looks around: at what tells one machine from another, more than libraries do as usual.

Interpreters and native libraries read `/proc/cpuinfo` to count processors, `/proc/self/cgroup` and
`mountinfo` to learn how much they may use, `/proc/version` to recognise a subsystem of Windows. Of 468
releases of well-known packages one in eight compares the number of processors, or a host's or user's
name, with something. None of that says anything by itself; what does is what nobody else has a reason to
look at, or several facts of different sorts in one place.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from biopsy.model.behaviour import Behaviour, By, InFile, InTrace, Kind, When
from biopsy.pipeline.harm import harmful

SORTS: Final = 2
"""From how many different sorts of facts on it is no chance."""

_NOBODYS: Final = re.compile(
    r"/sys/(?:class|devices/virtual)/dmi/.*|/sys/(?:firmware|hypervisor)/.*|/sys/class/(?:thermal|power_supply)/.*"
    r"|/sys/block/[^/]+/device/(?:model|vendor)|/proc/(?:scsi/scsi|modules|ioports|kallsyms|bus/pci/devices|vz|bc"
    r"|xen(?:/.*)?|acpi/.*|tty/drivers|1/(?:sched|environ))|/dev/(?:kvm|vboxguest|vboxuser|vmci|kmsg)|/usr/bin/runsc"
)
"""What only whoever wants to recognise a machine, a hypervisor or gVisor looks at."""

_RARE: Final = {
    "time": re.compile(r"/proc/(?:uptime|loadavg)"),
    "container": re.compile(
        r"/\.docker(?:env|init)|/run/\.containerenv|/run/systemd/container|/proc/1/(?:cgroup|status|mountinfo|mounts)"
    ),
    "identity": re.compile(r"/etc/machine-id|/var/lib/dbus/machine-id"),
    "network": re.compile(r"/sys/.*/address"),
    "disk": re.compile(r"/proc/(?:partitions|devices)"),
    "name": re.compile(r"/proc/sys/kernel/hostname"),
}
"""Files of which libraries read one, for a reason of their own. What is not named, they read all the time."""

_COMPARED: Final = {
    "cpus": "processors", "memory": "memory", "uptime": "time", "hostname": "name", "username": "name",
    "whoami": "name", "ip": "network", "mac": "network",
}  # fmt: skip
"""Facts that code compares with something, and their sort."""

_DETECTORS: Final = frozenset({"systemd-detect-virt", "virt-what", "dmidecode", "imvirt", "facter"})
"""Programs that recognise a virtual machine."""

_NEVER_RUN: Final = frozenset({When.TEST, When.DOCS})


def looks(behaviours: Iterable[Behaviour], text: Callable[[str], str]) -> bool:
    """Whether these show it; `text` gives the code of a file of the package, empty where there is none.

    Facts that code compares count together where they stand in one file, and only where that could do harm.
    """
    run, read = dict[str, set[str]](), dict[str, set[str]]()
    for one in behaviours:
        if one.by is not By.PACKAGE:
            continue
        if _telling(one):
            return True
        for place, sort in _seen(one):
            (run if isinstance(one.where, InTrace) else read).setdefault(place, set()).add(sort)
    if any(len(sorts) >= SORTS for sorts in run.values()):
        return True
    return any(len(sorts) >= SORTS and harmful(text(path)) for path, sorts in read.items())


def _telling(one: Behaviour) -> bool:
    """Whether one is enough."""
    if one.kind is Kind.EVASION_FINGERPRINT:
        return bool(_NOBODYS.fullmatch(one.value))
    if one.kind is Kind.PROCESS_EXEC and isinstance(one.where, InTrace):
        return one.value.partition(" ")[0].rpartition("/")[2] in _DETECTORS
    return False


def _seen(one: Behaviour) -> Iterator[tuple[str, str]]:
    """Give where something was looked at, and of what sort it is."""
    if one.kind is not Kind.EVASION_FINGERPRINT:
        return
    match one.where:
        case InTrace():
            yield from (
                (one.where.profile, sort) for sort, what in _RARE.items() if what.fullmatch(one.value)
            )
        case InFile() if one.where.when not in _NEVER_RUN and one.value in _COMPARED:
            yield one.where.path, _COMPARED[one.value]
