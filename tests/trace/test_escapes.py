"""Ways out of the sandbox, tried from inside one after the other: none leads anywhere, and what can be seen is told."""

from collections.abc import Callable

import pytest

from biopsy.model.behaviour import By
from biopsy.model.run import Run

pytestmark = pytest.mark.sandbox

PRELUDE = r"""
import ctypes, errno, fcntl, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
def system(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), str(number))
def write(path, text=b"1"):
    with open(path, "wb", buffering=0) as file: file.write(text)
def read(path, size=64):
    with open(path, "rb", buffering=0) as file:
        if not file.read(size): raise OSError("nothing in it")
def run(*argv):
    subprocess.run(argv, check=True, capture_output=True, timeout=5)
def socket_of(*kind):
    socket.socket(*kind).close()
def tried(name, what):
    try: what()
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError, struct.error) as error: outcome = "refused"
    else: outcome = "WORKED"
    print(outcome, name, flush=True)
"""

ATTEMPTS = {
    # sockets of every kind
    "frames past the network": "socket_of(socket.AF_PACKET, socket.SOCK_RAW)",
    "raw packets": "socket_of(socket.AF_INET, socket.SOCK_RAW, 255)",
    "raw packets of version 6": "socket_of(socket.AF_INET6, socket.SOCK_RAW, 255)",
    "raw echo requests": "socket_of(socket.AF_INET, socket.SOCK_RAW, 1)",
    "the host's virtual socket": "socket.socket(40, socket.SOCK_STREAM).connect((2, 22))",
    "the kernel's ciphers": "socket_of(38, socket.SOCK_SEQPACKET)",
    "bluetooth": "socket_of(31, socket.SOCK_STREAM, 3)",
    "express data path": "socket_of(44, socket.SOCK_RAW)",
    "a new route": "run('ip', 'route', 'replace', 'default', 'dev', 'lo')",
    "a new address": "run('ip', 'address', 'add', '203.0.113.77/8', 'dev', 'eth0')",
    "sockets of the host by name": r"socket.socket(socket.AF_UNIX).connect('\0/tmp/.X11-unix/X0')",
    "the container engine": "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
    "the bus of the system": "socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket')",
    # /proc and /sys
    "what started the first process": "read('/proc/1/exe') or read('/proc/1/cwd/etc/shadow')",
    "the first process's memory": "read('/proc/1/mem')",
    "the first process's root": "read('/proc/1/root/etc/shadow')",
    "the kernel's memory": "read('/proc/kcore')",
    "the program for crashes": "write('/proc/sys/kernel/core_pattern', b'|/tmp/x')",
    "keys of the kernel": "write('/proc/sysrq-trigger', b'c')",
    "the helper for modules": "write('/proc/sys/kernel/modprobe', b'/tmp/x')",
    "events of devices": "write('/sys/kernel/uevent_helper', b'/tmp/x')",
    "the release agent of a control group": "write('/sys/fs/cgroup/release_agent', b'/tmp/x')",
    # mounts and files
    "another root": "os.chroot('/tmp')",
    "a file system of processes": "run('mount', '-t', 'proc', 'proc', '/mnt')",
    "a folder over another": "run('mount', '--bind', '/', '/mnt')",
    "the root again": "call('mount', b'none', b'/', None, 32, None)",
    "no more mounts": "call('umount2', b'/proc', 2)",
    "a file by its handle": "system(304, -100, b'\\x08\\0\\0\\0\\x01\\0\\0\\0\\x02\\0\\0\\0\\0\\0\\0\\0', 0)",
    "a device of disks": "os.mknod('/tmp/disk', 0o60644, os.makedev(8, 0))",
    "the disk": "read('/dev/nvme0n1')",
    "the memory": "read('/dev/mem')",
    "the log of the kernel": "write('/dev/kmsg')",
    "the machine's virtualisation": "open('/dev/kvm', 'rb').close()",
    "a file system of our own": "call('mount', b'x', b'/mnt', b'fuse', 0, b'fd=%d,rootmode=40000,user_id=0,group_id=0' % os.open('/dev/fuse', 2))",
    "keys typed for somebody": "fcntl.ioctl(0, 0x5412, b'x')",
    # other processes, and who watches
    "the end of the first process": "os.kill(1, 9)",
    "the first process on a leash": "system(101, 16, 1, 0, 0)",
    "the first process's pages": "system(310, 1, ctypes.create_string_buffer(16), 1, ctypes.create_string_buffer(16), 1, 0)",
    "what watches, by its files": "write('/usr/local/lib/project-tools/later.py')",
    "what every program loads": "write('/etc/ld.so.preload', b'/tmp/x.so')",
    "what every program loads here": "write('/usr/lib/ld.so.use', b'/tmp/x.so')",
    "what every Python loads": "write('/usr/lib/python3.11/encodings/__init__.py')",
    "what every Node loads": "write('/usr/local/share/node/journal.cjs')",
    "the list of the journals": "os.listdir('/var/crash')",
    "descriptors that were left open": "[os.write(int(fd), b'x') for fd in os.listdir('/proc/self/fd') if int(fd) > 2] or read('/nothing')",
    # rights
    "the administrator's number": "os.setuid(0)",
    "the administrator's groups": "os.setgroups([0])",
    "the administrator's password": "run('su', '-c', 'true')",
    "a right of root's": "call('prctl', 47, 2, 21, 0, 0) or run('hostname', 'other')",
    "a module of the kernel": "system(175, b'x', 1, b'')",
    "a program in the kernel": "system(321, 5, ctypes.create_string_buffer(128), 128)",
    "another kernel": "system(246, 0, 0, None, 0)",
    "the end of the machine": "system(169, 0xfee1dead, 672274793, 0x1234567, None)",
    "the ports of devices": "system(172, 3)",
    "the time of the machine": "time.clock_settime(time.CLOCK_REALTIME, 0)",
    "the name of the machine": "socket.sethostname('other')",
    "the counters of the processor": "system(298, ctypes.create_string_buffer(128), 1, -1, -1, 0)",
    "the accounts of the system": "write('/etc/passwd', b'x::0:0::/:/bin/sh')",
}

TOLD = (
    "file.read /proc/1/mem",
    "file.read /proc/1/root/etc/shadow",
    "file.read /proc/kcore",
    "file.read /dev/mem",
    "file.read /dev/nvme0n1",
    "process.exec ip route replace default dev lo",
    "process.exec mount --bind / /mnt",
    "process.exec su -c true",
    "evasion.tracer ptrace attach",
    "evasion.tracer kill cell SIGKILL",
    "evasion.tracer socket /run/docker.sock",
    "file.write /proc/sys/kernel/core_pattern",
    "file.write /proc/sys/kernel/modprobe",
    "file.write /proc/sysrq-trigger",
    "file.write /sys/kernel/uevent_helper",
    "file.write /sys/fs/cgroup/release_agent",
    "file.write /etc/ld.so.preload",
    "file.write /etc/passwd",
    *(
        f"evasion.tracer call {name}"
        for name in (
            *(
                "chroot",
                "mount",
                "umount2",
                "open_by_handle_at",
                "init_module",
                "bpf",
                "kexec_load",
                "reboot",
            ),
            *("iopl", "perf_event_open", "process_vm_readv", "sethostname", "clock_settime"),
        )
    ),
)


@pytest.fixture
def run(witness: Callable[..., Run]) -> Run:
    lines = "\n".join(f"tried({name!r}, lambda: {code})" for name, code in ATTEMPTS.items())
    script = PRELUDE + lines
    return witness(script + "\nprint('that was all', flush=True)", timeout=90)


def test_no_way_leads_out_and_each_that_can_be_seen_is_told(run: Run) -> None:
    said = run.outcomes[0].output.splitlines()
    assert len(ATTEMPTS) >= 40
    assert [line for line in said if line.startswith("WORKED")] == []
    assert [line for line in said if line.startswith("refused")] == [f"refused {name}" for name in ATTEMPTS]
    assert "that was all" in said
    own = {f"{one.kind} {one.value}" for one in run.behaviours if one.by is By.PACKAGE}
    assert [one for one in TOLD if one not in own] == []


def test_nothing_of_one_run_is_there_in_the_next(witness: Callable[..., Run]) -> None:
    places = (
        "/tmp/left",
        "/var/tmp/left",
        "/dev/shm/left",
        "~/.cache/pip/left",
        "~/.npm/left",
        "~/.bashrc",
        "/var/crash/left",
    )
    leave = f"""
for place in {places!r}:
    place = os.path.expanduser(place)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, 'a').write('left behind')
    except OSError: pass
"""
    look = f"""
for place in {places!r}:
    try:
        if 'left behind' in open(os.path.expanduser(place)).read(): print('FOUND', place, flush=True)
    except OSError: pass
print('looked', flush=True)
"""
    witness(leave)
    output = witness(look).outcomes[0].output
    assert "looked" in output
    assert "FOUND" not in output
