"""The sandbox itself, from inside a cell: one gVisor container with an idle first process.

What runs in it outlives a phase, so that a background process of the package goes on. Every phase is one
`exec`; nothing of the host's is shared with it but the layer, its two pipes and its end of the veth pair.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from biopsy.errors import SandboxError
from biopsy.sandbox.layer import BASE, ROOT
from biopsy.sandbox.network import NAMESPACE
from biopsy.sandbox.order import Order, Site

ID = "box"
PATIENCE = 30.0
"""Seconds that gVisor has for any one command of ours."""
FILES = 65_536
"""RLIMIT_NOFILE inside."""
SHARED = ("size=256m", "mode=1777")
"""Options of the shared memory inside; it counts as memory."""


class Box:
    """A container. `pid` is the host's process that is the sandbox, in the cell's numbering."""

    def __init__(self, site: Site, order: Order, tasks: list[str], log: Path) -> None:
        """Begin to make it, in the control groups whose files are `tasks`; it is not there before `start`."""
        self.pid = 0
        self._limits = site.limits
        self._order = order
        bundle = BASE / "bundle"
        bundle.mkdir()
        (bundle / "config.json").write_bytes(msgspec.json.encode(_config(order)))
        (bundle / "points.json").write_bytes(order.points)
        self._runsc = [
            site.engine.binary, f"--root={BASE}/state", f"--platform={site.engine.platform}",
            "--overlay2=none", "--ignore-cgroups", "--host-uds=none", "--host-fifo=none",
            f"--log={log}", "--log-format=json", f"--panic-log={BASE}/panic",
        ]  # fmt: skip
        join = "".join(f"echo 0 > '{task}' && " for task in tasks)
        script = f'{join} exec "$0" "$@"'
        create = [f"--pod-init-config={bundle}/points.json", "create", f"--bundle={bundle}"]
        create += [f"--pid-file={BASE}/pid", ID]
        self._creating = self._begin(["sh", "-c", script, *self._runsc, *create])

    def start(self) -> None:
        """Start it, everything being in its place; raise SandboxError where that fails."""
        self._finish(self._creating)
        self.pid = int((BASE / "pid").read_text())
        self._finish(self._begin([*self._runsc, "start", ID]))

    @staticmethod
    def _begin(command: list[str]) -> subprocess.Popen[bytes]:
        with (BASE / "said").open("wb") as said:  # no pipe: the sandbox would hold it open
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def _finish(self, process: subprocess.Popen[bytes], what: str = "start") -> None:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired as err:
            process.kill()
            raise SandboxError(f"gVisor did not do so within {PATIENCE:.0f} s: {what}") from err
        if process.returncode:
            raise SandboxError(f"gVisor could not {what}: {self.why()}")

    def why(self) -> str:
        """Return the last that gVisor had to say, for the reason of a failure."""
        for name in ("said", "panic"):
            with contextlib.suppress(OSError):
                if lines := (BASE / name).read_text(errors="replace").strip().splitlines():
                    return lines[-1 if name == "said" else 0][:300]
        return "it said nothing"

    def alive(self) -> bool:
        """Whether the sandbox still runs."""
        with contextlib.suppress(OSError, IndexError):
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
            return state not in "ZX"
        return False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let nothing run inside during a block; raise SandboxError where gVisor cannot do that."""
        self._finish(self._begin([*self._runsc, "pause", ID]), "pause")
        try:
            yield
        finally:
            self._finish(self._begin([*self._runsc, "resume", ID]), "resume")

    def resident(self) -> int:
        """Return the memory that the sandbox holds, in bytes."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        return 0

    def exec(
        self, name: str, argv: list[str], *, root: bool = False, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Begin a command as the profile's user; the number of its first process comes to `first(name)`.

        `env` is added to the profile's environment.
        """
        process = BASE / f"{name}.json"
        process.write_bytes(msgspec.json.encode(self._process(argv, env or {}, root=root)))
        command = [*self._runsc, "exec", f"--process={process}", f"--internal-pid-file={BASE}/{name}.pid", ID]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def first(self, name: str) -> int:
        """Return the number, inside, of the first process of a command."""
        with contextlib.suppress(OSError, ValueError):
            return int((BASE / f"{name}.pid").read_text())
        return 0

    def processes(self) -> dict[int, int]:
        """Return every process inside with its parent."""
        found = {}
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = [*self._runsc, "ps", "--format=table", ID]
            said = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False).stdout
            for line in said.splitlines()[1:]:  # names in it are the package's choice, so rows may be forged
                words = line.split()[:3]
                if len(words) == 3 and all(word.isdigit() for word in words):
                    found[int(words[1])] = int(words[2])
        return found

    def tasks(self) -> int:
        """Estimate how many processes live inside, from how many of the host's stand for them."""
        here = sum(name.isdigit() for name in os.listdir("/proc"))  # noqa: PTH208 - /proc is the cell's own
        return here // 2

    def kill(self, pids: set[int]) -> None:
        """End these processes; all there are where they are many, since they may be multiplying."""
        if len(pids) > _MANY:
            self.kill_all()
        else:
            self._kill([str(pid) for pid in sorted(pids)])

    def kill_all(self) -> None:
        """End every process but the init, at one stroke."""
        self._kill(["-1"])

    def _kill(self, which: list[str]) -> None:
        killer = self.exec("killer", ["/bin/sh", "-c", 'kill -9 "$@"', "sh", *which], root=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            killer.communicate(timeout=PATIENCE)
        killer.kill()

    def end(self) -> None:
        """End the sandbox at once; what it wrote is in the layer already."""
        for _ in range(200):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            if not self.alive():
                return
            time.sleep(0.01)

    def _process(self, argv: list[str], env: Mapping[str, str], *, root: bool) -> dict[str, object]:
        order = self._order
        user = {"uid": 0, "gid": 0} if root else {"uid": order.uid, "gid": order.gid}
        numbers = {"RLIMIT_NPROC": self._limits.processes, "RLIMIT_NOFILE": FILES, "RLIMIT_CORE": 0}
        return {
            "user": user,
            "args": argv,
            "env": [f"{name}={value}" for name, value in {**order.env, **env}.items()],
            "cwd": "/" if root else order.project,
            "capabilities": _capabilities(["CAP_KILL"] if root else []),
            "rlimits": [{"type": name, "hard": n, "soft": n} for name, n in numbers.items()],
            "noNewPrivileges": False,
        }


_MANY = 40
_SHM = "/dev/shm"  # noqa: S108 - the sandbox's own


def _capabilities(names: list[str]) -> dict[str, list[str]]:
    return dict.fromkeys(("bounding", "effective", "permitted", "inheritable"), names)


def _config(order: Order) -> dict[str, object]:
    """Return the OCI bundle's config.json."""
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/sbin/init"],  # of `inside.prepare`
            "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=linux"],
            "cwd": "/",
            "capabilities": _capabilities([]),
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": FILES, "soft": FILES}],
        },
        "root": {"path": str(ROOT)},
        "hostname": order.hostname,
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
            {"destination": _SHM, "type": "tmpfs", "source": "tmpfs", "options": SHARED},
        ],
        "linux": {
            "namespaces": [
                {"type": "pid"},
                {"type": "ipc"},
                {"type": "uts"},
                {"type": "mount"},
                {"type": "network", "path": f"/run/netns/{NAMESPACE}"},
            ]
        },
    }
