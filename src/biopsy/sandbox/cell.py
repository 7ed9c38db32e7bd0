"""A cell: first process of namespaces of its own, in which one run happens and with which it vanishes.

    unshare --pid --fork --kill-child=SIGKILL --mount --mount-proc --net … python -m biopsy.sandbox.cell R

It is told what to do by `site.msgpack` and, after a line on its standard input, `order.msgpack` (see
`order`); it leaves `trace.bin`, `said.jsonl`, `heard.msgpack`, `left.msgpack` and `written.tar` in R. When
its standard input ends, whoever started it is gone, and it goes too; the kernel then ends every process,
mount, namespace and interface that there was.
"""

import json
import os
import resource
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path

from biopsy.errors import BiopsyError, SandboxError
from biopsy.model.run import Phase
from biopsy.sandbox import branch, layer, layer_diff, network, order, phases
from biopsy.sandbox.box import Box
from biopsy.sandbox.cgroup import Group
from biopsy.sandbox.inside import journal, prepare
from biopsy.sandbox.raw import Ran
from biopsy.sandbox.sink import Sink

READY = 15.0
"""Seconds that the simulated internet has to say that it listens."""


class Clock:
    """Takes note of when each stage was reached."""

    def __init__(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self.spent: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        """Note that a stage is reached."""
        self.spent[stage] = round(time.monotonic() - self._began, 3)


class Keeping:
    """Keeps the layer as it is after the last phase that installs, where branches are to begin there."""

    def __init__(self, site: order.Site, orders: order.Order, box: Box) -> None:
        """Find out after how many phases."""
        self.notes: list[str] = []
        installing = [number for number, phase in enumerate(orders.phases, 1) if phase.installs]
        self._last = installing[-1] if installing and site.saves else 0
        self._into, self._box = Path(site.saves), box

    def after(self, count: int) -> bool:
        """Keep it, if that is now; nothing in the sandbox runs meanwhile."""
        if not self._last or count != self._last or not self._box.alive():
            return False
        try:
            with self._box.paused():
                why = branch.keep(layer.UPPER, self._into)
        except (SandboxError, OSError) as err:
            why = f"the disk after the install could not be kept: {err}"
        self.notes += [why] if why else []
        return True


class Internet:
    """The simulated internet's process, in our network namespace."""

    def __init__(self, run: Path) -> None:
        """Start it early, since it takes a while; `tell` it what to be, then `expect` it to be ready."""
        self._spec = layer.BASE / "internet.json"
        os.mkfifo(self._spec, 0o600)
        command = [sys.executable, "-P", "-m", "biopsy.sandbox.internet", str(self._spec)]
        with (run / "internet.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._log = run / "internet.log"
        self._count = run / "said.count.json"

    def tell(self, spec: bytes) -> None:
        """Hand over its specification, through a pipe on which it will wait."""
        threading.Thread(target=self._spec.write_bytes, args=(spec,), daemon=True).start()

    def expect(self, word: str) -> None:
        """Wait for a line; raise SandboxError where it does not come."""
        assert self._process.stdout is not None
        late = threading.Timer(READY, self._process.kill)
        late.start()
        said = self._process.stdout.readline().decode(errors="replace").strip()
        late.cancel()
        if said != word:
            lines = self._log.read_text(errors="replace").strip().splitlines()
            raise SandboxError(
                f"the simulated internet is not there: {(lines or [said or 'silence'])[-1][:300]}"
            )

    def announce(self, phase: Phase) -> None:
        """Tell it which phase begins, and wait until that holds."""
        assert self._process.stdin is not None
        line = f"phase {phase.name}{' gateway' if phase.installs else ''}"
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except OSError as err:
            raise SandboxError("the simulated internet ended in the middle of a run") from err
        self.expect(line)

    def end(self) -> None:
        """Tell it that the run is over."""
        self._process.terminate()

    def finish(self) -> int:
        """Wait for its end; say how many exchanges it had no room for."""
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        try:
            return int(json.loads(self._count.read_text())["dropped"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0


def main(run: Path) -> None:
    """Do the run whose folder this is."""
    clock = Clock()
    site = order.site(run / "site.msgpack")
    _private()
    lower = layer.mount(site.image, site.limits.disk, site.below, site.layers)
    internet = Internet(run)
    network.make()
    group = Group(site.groups, site.limits)
    sink = Sink(layer.SINK, run / "trace.bin", site.limits.trace)
    inside = () if site.below else prepare.places(Path(site.image))
    clock.mark("site")
    if not sys.stdin.readline():
        os._exit(0)
    threading.Thread(target=_vanish_with_parent, daemon=True).start()
    orders = order.order(run / "order.msgpack")
    box = Box(site, orders, group.tasks, run / "gvisor.log")
    network.join(site, f"{network.MAC}:{':'.join(secrets.token_hex(1) for _ in range(3))}")
    internet.tell((run / "internet.json").read_bytes())
    layer.furnish(() if site.below else (*orders.places, *inside))
    before, ledger = layer_diff.marks(layer.UPPER), layer_diff.Ledger(layer.UPPER)
    clock.mark("furnished")
    box.start()
    clock.mark("box")
    internet.expect("ready")
    clock.mark("internet")
    start = time.time_ns()
    keeping = Keeping(site, orders, box)
    ran = _phases(phases.Phases(box, orders, site.limits, group), internet, ledger, clock, keeping)
    end = time.time_ns()
    internet.end()
    truncated = sink.finish()
    clock.mark("ended")
    changed = layer_diff.diff(
        layer.UPPER, lower, before, ledger.phases, run / "written.tar" if site.keep else None
    )
    journal.collect(layer.UPPER, run / "heard.msgpack")
    clock.mark("diffed")
    dropped = internet.finish()
    clock.mark("finished")
    left = order.Left(
        start, end, tuple(ran), tuple(changed.changes), changed.dropped, truncated, dropped,
        (*group.notes, *keeping.notes), clock.spent,
    )  # fmt: skip
    order.save(left, run / "left.msgpack")
    _give_away(run)


def _phases(
    all_of_them: phases.Phases,
    internet: Internet,
    ledger: layer_diff.Ledger,
    clock: Clock,
    keeping: "Keeping",
) -> list[Ran]:
    """Run the phases, then end the sandbox."""
    ran = []
    for one in all_of_them.run(internet.announce):
        ran.append(one)
        ledger.close(one.phase)
        clock.mark(one.phase)
        if keeping.after(len(ran)):
            clock.mark("kept")
        print(f"ran {one.phase} {one.status}", flush=True)
    all_of_them.end()
    return ran


def _give_away(run: Path) -> None:
    """Let whoever made the folder read what root wrote into it, where that is somebody else."""
    owner = run.stat()
    if owner.st_uid:
        for file in run.iterdir():
            os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _private() -> None:
    """Cover what of the host's would be shared: what is mounted below /run vanishes with us."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SandboxError(f"no private /run: {done.stderr.strip()[:300]}")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # for gVisor, which holds one for each file inside
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # What reads packages may be held to some memory; a run has a control group of its own.
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    if os.getpid() != 1:
        raise SandboxError("a cell must be the first process of a pid namespace")


def _vanish_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BiopsyError as error:
        print(f"broke {error}", flush=True)
        os._exit(3)
    except Exception as error:  # our own mistake: said in one line to the parent, in full in the log
        print(f"broke {type(error).__name__}: {error}", flush=True)
        raise
    os._exit(0)
