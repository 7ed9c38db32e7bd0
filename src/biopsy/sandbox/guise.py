"""What the kernel of a profile's machine says of it: files of `/proc` and `/sys`, and a few facts.

They are placed below `inside.prepare.GUISE`, where the library that every program loads finds them; programs
that are not dynamically linked see gVisor's own. The profile's `machine` has, beside `cpus` and `memory`:

    kernel: 6.1.0-31-amd64               as `uname -r` says it
    build: "#1 SMP …"                    as `uname -v` says it
    made: who built it, with what        as `/proc/version` says it
    cpu: model name; also `vendor`, `family`, `model`, `stepping`, `mhz`, `cache` (KiB)
    disk: GiB; device: nvme0n1p2         of the file system that everything lies on
    cgroup: /user.slice/…                that a shell of the user's is in
    dmi: {sys_vendor: …, product_name: …}
    sys: {/sys/class/…: text}            what else its hardware says; of two numbers, one between them
    system: {platform: win32, arch: x64, type: …, machine: …, system: …, release: …, version: …}
                                         what interpreters say that it is, where that is no Linux
    container: docker                    the machine is its host: mounts and control groups are a container's
"""

from collections.abc import Iterator, Mapping
from typing import Any

from biopsy.sandbox.profile_seed import Stream

_FLAGS = (
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht"
    " syscall nx pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology nonstop_tsc cpuid aperfmperf pni"
    " pclmulqdq monitor ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand"
    " lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap clflushopt clwb"
    " sha_ni xsaveopt xsavec xgetbv1 xsaves umip pku ospke"
)
_MOUNTS = """\
sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
udev /dev devtmpfs rw,nosuid,relatime,size={half}k,nr_inodes=2033417,mode=755,inode64 0 0
devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0
tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size={tenth}k,mode=755,inode64 0 0
/dev/{device} / ext4 rw,relatime,errors=remount-ro 0 0
tmpfs /dev/shm tmpfs rw,nosuid,nodev,inode64 0 0
tmpfs /run/lock tmpfs rw,nosuid,nodev,noexec,relatime,size=5120k,inode64 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0
tmpfs /run/user/{uid} tmpfs rw,nosuid,nodev,relatime,size={tenth}k,mode=700,uid={uid},gid={uid},inode64 0 0
"""
_CONTAINER = """\
overlay / overlay rw,relatime,lowerdir=/var/lib/docker/overlay2/l/{upper}:/var/lib/docker/overlay2/l/{lower},\
upperdir=/var/lib/docker/overlay2/{layer}/diff,workdir=/var/lib/docker/overlay2/{layer}/work 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755,inode64 0 0
devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666 0 0
sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0
cgroup /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0
mqueue /dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime 0 0
shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k,inode64 0 0
/dev/{device} /etc/resolv.conf ext4 rw,relatime 0 0
/dev/{device} /etc/hostname ext4 rw,relatime 0 0
/dev/{device} /etc/hosts ext4 rw,relatime 0 0
proc /proc/bus proc ro,nosuid,nodev,noexec,relatime 0 0
proc /proc/fs proc ro,nosuid,nodev,noexec,relatime 0 0
proc /proc/irq proc ro,nosuid,nodev,noexec,relatime 0 0
proc /proc/sys proc ro,nosuid,nodev,noexec,relatime 0 0
tmpfs /proc/kcore tmpfs rw,nosuid,size=65536k,mode=755,inode64 0 0
tmpfs /sys/firmware tmpfs ro,relatime,inode64 0 0
"""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_KNOWN = (
    *("sysfs", "tmpfs", "bdev", "proc", "cgroup", "cgroup2"),
    *("devtmpfs", "pipefs", "devpts", "mqueue", "fuse"),
)


def files(machine: Mapping[str, Any], uptime: float, stream: Stream) -> Iterator[tuple[str, str]]:
    """Give the files by the paths under which they are asked for, and `/facts`; none for most machines."""
    if "kernel" not in machine:
        return
    cpus, memory = int(machine["cpus"]), int(machine["memory"]) * 1024**2  # KiB
    memory -= stream.number("reserved memory", 280_000, 620_000)
    release, build = machine["kernel"], machine["build"]
    yield "/facts", f"{cpus} {memory * 1024} {int(machine['disk']) * 1024**3} {release} {build}\n"
    if system := machine.get("system"):
        yield "/system", "".join(f"{name}={value}\n" for name, value in system.items())
    yield "/proc/version", f"Linux version {release} ({machine['made']}) {build}\n"
    yield "/proc/sys/kernel/osrelease", f"{release}\n"
    yield "/proc/sys/kernel/version", f"{build}\n"
    yield "/proc/sys/kernel/ostype", "Linux\n"
    root = f"root=UUID={_uuid(stream)} ro quiet"
    yield "/proc/cmdline", f"BOOT_IMAGE=/boot/vmlinuz-{release} {root}\n"
    yield "/proc/cpuinfo", "".join(_cpu(number, cpus, machine, stream) for number in range(cpus))
    yield "/proc/meminfo", _memory(memory, stream)
    yield "/proc/stat", _stat(cpus, uptime, stream)
    load = [stream.number(f"load {n}", 12, 140) / 100 for n in range(3)]
    running = f"{stream.number('running', 1, 3)}/{stream.number('threads', 900, 1900)}"
    yield (
        "/proc/loadavg",
        f"{load[0]} {load[1]} {load[2]} {running} {stream.number('last pid', 4200, 31000)}\n",
    )
    known = (*_KNOWN, "overlay") if "container" in machine else _KNOWN
    yield (
        "/proc/filesystems",
        "".join(f"nodev\t{name}\n" for name in known) + "\text3\n\text2\n\text4\n\tvfat\n",
    )
    mounts = _mounts(memory, machine, stream)
    for path in ("/proc/mounts", "/proc/self/mounts"):
        yield path, mounts
    yield "/proc/self/mountinfo", _mountinfo(mounts)
    yield "/proc/self/cgroup", f"0::{machine['cgroup']}\n"
    yield "/proc/1/cgroup", f"0::{first_group(machine)}\n"
    for name in ("online", "possible", "present"):
        yield f"/sys/devices/system/cpu/{name}", f"0-{cpus - 1}\n"
    for number in range(cpus):
        speed = stream.number(f"mhz {number}", int(machine["mhz"] * 300), int(machine["mhz"] * 1000))
        yield f"/sys/devices/system/cpu/cpu{number}/cpufreq/scaling_cur_freq", f"{speed}\n"
    for name, text in machine.get("dmi", {}).items():
        yield f"/sys/class/dmi/id/{name}", f"{text}\n"
    for path, what in machine.get("sys", {}).items():
        yield path, f"{stream.number(path, *what) if isinstance(what, list) else what}\n"


def first_group(machine: Mapping[str, Any]) -> str:
    """Say the control group of the first process; a container's processes see none above their own."""
    return "/" if "container" in machine else "/init.scope"


def _mounts(memory: int, machine: Mapping[str, Any], stream: Stream) -> str:
    """Say what is mounted, of a machine with so many KiB or of a container on it."""
    device = machine["device"]
    if "container" not in machine:
        return _MOUNTS.format(half=memory // 2, tenth=memory // 10, device=device, uid=machine["uid"])
    links = {name: stream.text(f"layer {name}", _ALPHABET, 26) for name in ("upper", "lower")}
    return _CONTAINER.format(device=device, layer=stream.text("layer", "0123456789abcdef", 64), **links)


def _uuid(stream: Stream) -> str:
    text = stream.text("root uuid", "0123456789abcdef", 32)
    return "-".join((text[:8], text[8:12], f"4{text[13:16]}", f"a{text[17:20]}", text[20:]))


def _cpu(number: int, cpus: int, machine: Mapping[str, Any], stream: Stream) -> str:
    mhz = float(machine["mhz"])
    rows = {
        "processor": number,
        "vendor_id": machine["vendor"],
        "cpu family": machine["family"],
        "model": machine["model"],
        "model name": machine["cpu"],
        "stepping": machine["stepping"],
        "microcode": "0x430",
        "cpu MHz": f"{stream.number(f'mhz {number}', int(mhz * 300), int(mhz * 1000)) / 1000:.3f}",
        "cache size": f"{machine['cache']} KB",
        "physical id": 0,
        "siblings": cpus,
        "core id": number // 2,
        "cpu cores": max(1, cpus // 2),
        "apicid": number,
        "initial apicid": number,
        "fpu": "yes",
        "fpu_exception": "yes",
        "cpuid level": 32,
        "wp": "yes",
        "flags": _FLAGS,
        "bogomips": f"{2 * mhz:.2f}",
        "clflush size": 64,
        "cache_alignment": 64,
        "address sizes": "39 bits physical, 48 bits virtual",
        "power management": "",
    }
    return "".join(f"{name}{_tabs(name)}: {value}\n" for name, value in rows.items()) + "\n"


def _tabs(name: str) -> str:
    return "\t" * (2 if len(name) < 8 else 1)


def _memory(total: int, stream: Stream) -> str:
    part = {name: total * stream.number(name, low, high) // 1000 for name, low, high in (
        ("MemFree", 80, 300), ("Buffers", 10, 30), ("Cached", 180, 320), ("Active", 150, 260),
        ("Inactive", 200, 330),
    )}  # fmt: skip
    rows = {
        "MemTotal": total,
        "MemFree": part["MemFree"],
        "MemAvailable": part["MemFree"] + part["Cached"],
        "Buffers": part["Buffers"],
        "Cached": part["Cached"],
        "SwapCached": 0,
        "Active": part["Active"],
        "Inactive": part["Inactive"],
        "SwapTotal": 999_420,
        "SwapFree": 999_420,
        "Dirty": 412,
        "Shmem": total // 60,
        "Slab": total // 40,
    }
    return "".join(f"{name}:{value:>{23 - len(name)}} kB\n" for name, value in rows.items())


def _stat(cpus: int, uptime: float, stream: Stream) -> str:
    """Say what the processors did, in hundredths of seconds, of which most went by idly."""
    rows = []
    for number in range(cpus):
        user, system = (int(uptime * stream.number(f"{kind} {number}", *much) / 10) for kind, much in _BUSY)
        rows.append(
            [
                user,
                user // 300,
                system,
                int(uptime * 100) - user - system,
                user // 40,
                0,
                system // 20,
                0,
                0,
                0,
            ]
        )
    total = [sum(column) for column in zip(*rows, strict=True)]
    lines = [f"cpu  {' '.join(map(str, total))}"]
    lines += [f"cpu{number} {' '.join(map(str, row))}" for number, row in enumerate(rows)]
    lines += [f"intr {int(uptime * 1900)}", f"ctxt {int(uptime * 4100)}"]
    lines += [f"processes {stream.number('last pid', 4200, 31000)}", "procs_running 1", "procs_blocked 0"]
    return "\n".join(lines) + "\n"


_BUSY = (("user", (40, 90)), ("system", (10, 30)))  # thousandths of the time


_PER_MOUNT = frozenset({"rw", "ro", "nosuid", "nodev", "noexec", "relatime"})


def _mountinfo(mounts: str) -> str:
    lines, rows = [], [line.split()[:4] for line in mounts.splitlines()]
    top = 24 + [place for _, place, *_ in rows].index("/")
    for number, (device, place, kind, options) in enumerate(rows, 24):
        real = "259:2" if device.startswith("/") else f"0:{number - 3}"
        own = ",".join(option for option in options.split(",") if option in _PER_MOUNT)
        inside = options.partition("relatime,")[2] if kind == "overlay" else ""
        above = 1 if place == "/" else top
        peers = "" if rows[0][0] == "overlay" else f"shared:{number - 17} "
        state = ",".join(filter(None, (own[:2], inside)))
        lines.append(f"{number} {above} {real} / {place} {own} {peers}- {kind} {device} {state}")
    return "\n".join(lines) + "\n"
