"""Running phases in a box, one after the other, each within its limits; partial results are kept."""

import contextlib
import fcntl
import os
import selectors
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

from biopsy.model.run import Phase, Status
from biopsy.sandbox import layer
from biopsy.sandbox.box import Box
from biopsy.sandbox.cgroup import Group
from biopsy.sandbox.inside.prepare import START, UP
from biopsy.sandbox.order import Order
from biopsy.sandbox.raw import Limits, Ran
from biopsy.sandbox.toolchain import interpreter

TOOLS = "/usr/local/lib/project-tools"
"""Where drivers lie, inside."""
GRACE = 5.0
"""Most seconds spent on reading what a phase had printed when it ended."""

LINGER = 5.0
"""Most seconds that processes left in the background have after the last phase."""

_CHUNK = 64 * 1024
_ROUNDS = (0.05, 0.4)  # seconds after each time that a late phase's processes are ended one by one
_PARTING = 2.0  # seconds for the client of a phase that was ended to notice
_LOST = (1, 128)  # of a `runsc exec` that lost its sandbox, among other things


class Watch:
    """Looks after the whole sandbox from a thread: its memory, processes and disk, the time of all phases.

    The processes are counted here since gVisor of these years does not hold RLIMIT_NPROC.
    """

    def __init__(self, box: Box, group: Group, limits: Limits) -> None:
        """Begin."""
        self._reason = ""
        self.filled = 0.0  # when the disk was last seen to be full; a run goes on, and not all of it was seen
        self.deadline = time.monotonic() + limits.time
        self._box, self._group, self._limits = box, group, limits
        self._kernel = group.holds_memory
        self._done = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()

    @property
    def reason(self) -> str:
        """Say which limit the sandbox met, as far as is known now; empty where none."""
        if not self._reason:
            if self._group.killed() or (not self._kernel and self._box.resident() > self._limits.memory):
                self._reason = "memory-limit"
            elif self._group.refused() or self._box.tasks() > self._limits.processes:
                self._reason = "process-limit"
        return self._reason

    def _look(self) -> None:
        while not self._done.wait(0.2):
            if layer.full():
                self.filled = time.monotonic()
            if self.reason:
                self._box.end()
                return


class Drain:
    """Reads the output of every phase up to a limit, and on, so that nobody is stopped by a full pipe."""

    def __init__(self) -> None:
        """Begin a thread that reads."""
        self._selector = selectors.DefaultSelector()
        self._wake, poke = os.pipe()
        self._poke = poke
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._fresh: list[tuple[IO[bytes], bytearray, int]] = []
        self._reading = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def add(self, stream: IO[bytes], limit: int) -> bytearray:
        """Read this stream from now on into what is returned."""
        os.set_blocking(stream.fileno(), False)
        kept = bytearray()
        self._fresh.append((stream, kept, limit))
        os.write(self._poke, b".")
        return kept

    def _read(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    os.read(self._wake, 64)
                    while self._fresh:
                        stream, kept, limit = self._fresh.pop()
                        self._selector.register(stream, selectors.EVENT_READ, (kept, limit))
                    continue
                kept, limit = key.data
                with self._reading:
                    data = b""
                    with contextlib.suppress(OSError):
                        data = os.read(key.fd, _CHUNK)
                    kept += data[: max(0, limit - len(kept))]
                if not data:
                    self._selector.unregister(key.fileobj)

    def catch_up(self, stream: IO[bytes]) -> None:
        """Wait until everything that was written so far is read."""
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            with self._reading:
                waiting = fcntl.ioctl(stream, termios.FIONREAD, b"\0" * 4)
            if not any(waiting):
                return
            time.sleep(0.005)


class Phases:
    """Runs phases in a box; what one starts in the background goes on in the next."""

    def __init__(self, box: Box, order: Order, limits: Limits, group: Group) -> None:
        """Get ready; the time of all phases together begins now."""
        self._box, self._order, self._limits = box, order, limits
        self._watch = Watch(box, group, limits)
        self._drain = Drain()

    def end(self) -> None:
        """End the sandbox, and all that goes on in it."""
        self._watch.stop()
        self._box.end()

    def run(self, announce: Callable[[Phase], None]) -> Iterator[Ran]:
        """Run every phase that the time and the sandbox's life allow; say of the others why they were not."""
        for number, phase in enumerate(self._order.phases):
            now = time.time_ns()
            gone = "" if self._box.alive() else "sandbox-gone: it ended in an earlier phase"
            why = self._watch.reason or gone
            if not why and time.monotonic() >= self._watch.deadline:
                why = "total-time: nothing was left of the run's time"
            if why:
                yield Ran(phase.name, Status.SKIPPED, why, now, now, again=phase.again, quiet=phase.quiet)
                continue
            announce(phase)
            yield self._one(phase, f"phase{number}")
        self._linger()

    def _linger(self) -> None:
        """Give what still goes on in the background a last chance to show itself."""
        end = min(time.monotonic() + LINGER, self._watch.deadline)
        while time.monotonic() < end and self._box.alive() and len(self._box.processes()) > 1:
            time.sleep(0.2)

    def _one(self, phase: Phase, name: str) -> Ran:
        box, limit = self._box, self._limits.output
        began, start = time.monotonic(), time.time_ns()
        argv = _argv(phase, self._order)
        child = box.exec(name, argv, env=self._time(phase))
        assert child.stdout is not None
        assert child.stderr is not None
        output, errors = self._drain.add(child.stdout, limit), self._drain.add(child.stderr, limit)
        end = min(began + phase.timeout, self._watch.deadline)
        late = not _ends(box, child, end)
        first = box.first(name)
        if late:
            _stop(box, child, first)
        if child.poll() is None:
            child.kill()
            child.wait()
        self._drain.catch_up(child.stdout)
        self._drain.catch_up(child.stderr)
        if late:
            total = end < began + phase.timeout
            status, reason = Status.TIMEOUT, "total-time" if total else f"timeout: after {phase.timeout:g} s"
        else:
            status, reason = _judge(box, self._watch, child.returncode)
            if status in (Status.COMPLETED, Status.FAILED) and (self._watch.filled >= began or layer.full()):
                status, reason = Status.FAILED, "disk-limit: nothing more could be written"
        code = None if late or status is Status.CRASHED else child.returncode
        return Ran(
            phase.name, status, reason, start, time.time_ns(), first, code, bytes(output), bytes(errors),
            tuple(argv), phase.again, phase.quiet,
        )  # fmt: skip

    def _time(self, phase: Phase) -> dict[str, str]:
        """Say how a phase's clock stands when it begins."""
        return {START: f"{phase.ahead:.3f}", UP: f"{self._order.uptime:.3f}"}


def _ends(box: Box, child: subprocess.Popen[bytes], end: float) -> bool:
    """Wait for a phase, until `end` at most; say whether it or the whole sandbox is over."""
    while child.poll() is None and box.alive():
        if time.monotonic() >= end:
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(min(0.5, max(0.0, end - time.monotonic())))
    return True


def _argv(phase: Phase, order: Order) -> list[str]:
    driver = os.path.join(TOOLS, phase.driver.replace("{artifact}", order.artifact))  # noqa: PTH118
    return [*interpreter(driver), driver, *(arg.replace("{artifact}", order.artifact) for arg in phase.args)]


def _judge(box: Box, watch: Watch, code: int) -> tuple[Status, str]:
    """Say how a phase ended that was not late."""
    if code in _LOST and box.alive():
        time.sleep(0.3)  # what kills a sandbox takes its client first
    if watch.reason:
        return Status.CRASHED, watch.reason
    if not box.alive():
        return Status.CRASHED, f"sandbox-gone: {box.why()}"
    match code:
        case 0:
            return Status.COMPLETED, ""
        case 64:
            return Status.FAILED, ""
        case 65:
            return Status.SKIPPED, ""
        case n if n > 128 or n < 0:
            return Status.CRASHED, f"signal: {n - 128 if n > 0 else -n}"
    return Status.FAILED, f"exit: {code}"


def _stop(box: Box, child: subprocess.Popen[bytes], first: int) -> None:
    """End a late phase and what descends from it; processes that cut themselves loose before go on.

    While we look, a fork bomb has children that lose their parents; so whoever is new since is ended too,
    and in the end everybody.
    """
    known = box.processes()
    doomed, found = {first} & known.keys(), {first}
    while found:
        found = {pid for pid, parent in known.items() if parent in doomed and pid not in doomed}
        doomed |= found
    for pause in _ROUNDS:
        if not doomed:
            break
        box.kill(doomed)
        time.sleep(pause)  # on a busy machine the dead take a moment to go
        doomed = {pid for pid in box.processes() if pid in doomed or pid not in known}
    else:
        box.kill_all()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_PARTING)
