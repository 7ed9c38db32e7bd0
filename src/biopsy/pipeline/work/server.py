"""A warm process that does nothing but start others: each has all modules and rules, and does one task.

    python -P -m biopsy.pipeline.work.server FD MODULE:FUNCTION SETTING

FD is one end of a SOCK_SEQPACKET pair. The function gets SETTING, loads what every task needs, and returns
what does one. The server has one thread, since it forks; it ends with whoever holds the other end, and takes
every process down that it started. The standard library's `forkserver` is the same idea, but its children
keep each other alive when their parent is killed, and it tells nobody what they used.
"""

import ctypes
import faulthandler
import gc
import os
import resource
import signal
import socket
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import msgspec

from biopsy.errors import BiopsyError
from biopsy.pipeline.work.task import MAX_ORDER, STAGE, Do, Failed, Kill, News, Order, Over, Ready, Start

FAULT = 70
"""Exit status of a task that raised what nobody expected (EX_SOFTWARE)."""

_CRASHED = signal.SIGABRT.value  # as `wait` gives it
_PR_SET_PDEATHSIG = 1
_OOM_SCORE = 500  # of 1000: the kernel takes a task before it takes the worker
_FILES = 3
_LOOKS, _LOOK = 100, 0.002  # seconds that one task's leavings may hold up the others
_HEEDLESS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Serve until the other end of the socket is gone."""
    control = socket.socket(fileno=int(arguments[0]))
    module, _, name = arguments[1].partition(":")
    began = time.monotonic()
    try:
        do: Do = getattr(import_module(module), name)(arguments[2])
    except Exception as err:
        if not isinstance(err, BiopsyError):
            traceback.print_exc()
        text = str(err) if isinstance(err, BiopsyError) else f"{type(err).__name__}: {err}"
        control.send(msgspec.msgpack.encode(Failed(text[: MAX_ORDER // 2])))
        sys.exit(FAULT)
    gc.collect()
    gc.freeze()  # what is loaded stays: collecting it in every child would copy every page of it
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    _Server(control, do).serve(Ready(time.monotonic() - began, threads))


class _Server:
    """The processes that live, by the number of their task."""

    def __init__(self, control: socket.socket, do: Do) -> None:
        self._control, self._do = control, do
        self._pids: dict[int, int] = {}
        self._orders = msgspec.msgpack.Decoder(Order)
        self._woken, waker = socket.socketpair()
        for end in (self._woken, waker):
            end.setblocking(False)
        self._waker = waker

    def serve(self, ready: Ready) -> None:
        """Take orders and tell of ends."""
        import selectors  # noqa: PLC0415 - only the server selects

        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in _HEEDLESS:  # the worker decides when we end, whoever signals a whole group of processes
            signal.signal(number, signal.SIG_IGN)
        self._tell(ready)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        with suppress(BlockingIOError):
                            self._woken.recv(4096)
                        self._reap()
                    elif not self._take():
                        self._end()
                        return

    def _take(self) -> bool:
        data, files, _, _ = socket.recv_fds(self._control, MAX_ORDER, _FILES)
        if not data:
            return False
        order = self._orders.decode(data)
        if isinstance(order, Kill):
            self._kill(order.id)
            return True
        try:
            pid = os.fork()
        except OSError:  # no room for a process: that task has crashed, the others go on
            pid = -1
        if pid == 0:
            _child(order, files, self._do, self._control)
        for file in files:
            os.close(file)
        if pid < 0:
            self._tell(Over(order.id, _CRASHED, 0, 0.0))
        else:
            self._pids[order.id] = pid
        return True

    def _kill(self, task: int) -> None:
        if pid := self._pids.get(task):
            for number in (pid, -pid):  # before it made a session of its own there is only itself
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(number, signal.SIGKILL)

    def _reap(self) -> None:
        for task, pid in list(self._pids.items()):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            self._kill(task)  # its number is still its own: whatever it started goes, too
            _, status, used = os.wait4(pid, 0)
            _gone(pid)
            del self._pids[task]
            self._tell(Over(task, status, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime))

    def _tell(self, news: News) -> None:
        with suppress(OSError):  # nobody listens any more: the next look at the socket says so
            self._control.send(msgspec.msgpack.encode(news))

    def _end(self) -> None:
        for task in self._pids:
            self._kill(task)


def _gone(session: int) -> None:
    """Wait a moment for what was killed to be gone: it may hold files of the task open."""
    for _ in range(_LOOKS):
        try:
            os.kill(-session, 0)
        except OSError:
            return
        time.sleep(_LOOK)


def _child(order: Start, files: list[int], do: Do, control: socket.socket) -> NoReturn:
    """Become a task's process: a session of its own that dies with the server, held to its memory."""
    status = FAULT
    try:
        server = os.getppid()
        os.setsid()
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(FAULT)
        _signals()
        control.close()
        answer, errors, stage = files
        for file in files:
            os.set_inheritable(file, False)
        os.dup2(errors, 1)
        os.dup2(errors, 2)
        sys.stdout = sys.stderr = os.fdopen(errors, "w", 1, "utf-8", "replace", closefd=False)
        faulthandler.enable(sys.stderr)
        _limit(order)

        def tell(name: str) -> None:
            os.pwrite(stage, name.encode()[:STAGE].ljust(STAGE, b"\0"), 0)

        tell("start")
        _write(answer, do(order.task, tell))
        status = 0
    except BaseException:
        with suppress(BaseException):
            traceback.print_exc()
    finally:
        os._exit(status)


def _signals() -> None:
    """Heed none but SIGKILL, and leave all as they were to the programs that we start: they run packages."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in _HEEDLESS:
        signal.signal(number, lambda *_: None)


def _limit(order: Start) -> None:
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    memory = order.memory if hard == resource.RLIM_INFINITY else min(order.memory, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, hard))  # soft: a sandbox below us raises it again
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if order.nice > 0:
        os.nice(order.nice)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    tempfile.tempdir = os.environ["TMPDIR"] = order.scratch
    os.chdir(order.scratch)


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


if __name__ == "__main__":
    main(sys.argv[1:])
