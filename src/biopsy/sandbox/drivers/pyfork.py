"""Processes that import a module and fork for others: used by pymodules.py.

None of them shares a stream with what it imports; they talk over a socket pair, a JSON line a message:

    down  {"module": name, "skip": calls done before}, or {"module": name, "share": true}: import it in
          this very process, beside all that was imported in it before
    up    {"status", "reason", "loaded"} of the first import; then, for each module asked for, {"pid"},
          {"call", "index"} before a call, the same with "status" after it, {"status", …}, {"exit"};
          a shared import is answered by {"status", …} alone

`loaded` are the modules of interest that the import brought with it.
"""

import atexit
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time

SETTLE = 2.0  # seconds that threads may go on after an import
LATER = (
    263017.0 if os.path.exists("/usr/lib/ld.so.use") else SETTLE
)  # …by their own clock, which jumps as they wait
DONE = 70  # exit status of a child that came to its end
MAX_REASON = 300

words = []  # arguments that whoever imports is given


# ---- in the child


def text(err):
    """Say an exception in one line, even one whose `str` raises."""
    try:
        return f"{type(err).__name__}: {err}"[:MAX_REASON]
    except BaseException:
        return type(err).__name__


def attempt(name, names, failed=None):
    """Import; give status, reason and which of `names` came with it. `failed` is called with an exception."""
    before = sys.modules.copy()
    status, reason = load(name, failed)
    new = [] if status != "completed" else [n for n in names if n not in before and whole(sys.modules.get(n))]
    return {"status": status, "reason": reason, "loaded": new}


class Known:
    """A finder that lets a module fail again as it failed before, without running it: import by import,
    a package that looks for a library in vain would look for it a hundred times."""

    def __init__(self, names):
        """Know of `names` only: those that belong to the distribution."""
        self.names, self.failed = names, {}

    def find_spec(self, name, path=None, target=None):
        """Raise what the module raised; leave all others to the finders that follow."""
        if name in self.failed:
            raise self.failed[name].with_traceback(None)

    def attempt(self, name):
        """Import, beside what is here already; the module itself is always tried."""
        self.failed.pop(name, None)
        return attempt(name, self.names, self.remember)

    def remember(self, err):
        """Take note of every module that an exception passed through; not of a circle, which is a matter of order."""
        if "partially initialized" in text(err):
            return
        step = err.__traceback__
        while step is not None:
            module = step.tb_frame.f_globals.get("__name__")
            if (
                step.tb_frame.f_code.co_name == "<module>"
                and isinstance(module, str)
                and module in self.names
            ):
                self.failed[module] = err
            step = step.tb_next


def whole(module):
    """Whether a module has been run to its end."""
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)


def load(name, failed=None):
    """Import; give status and reason."""
    try:
        try:
            importlib.import_module(name)
        except BaseException as err:
            if failed:
                failed(err)
            raise
    except SystemExit as err:
        return "failed", f"exited: {text(err)}"
    except ModuleNotFoundError as err:
        return "failed", f"missing-module: {err.name}"
    except ImportError as err:
        return "failed", f"import-error: {text(err)}"
    except BaseException as err:
        return "failed", f"raised: {text(err)}"
    return "completed", ""


def settle():
    """Let threads go on for a while, run what waits for the end, and leave.

    Where their clock jumps, those too that a program's end would end: one that uses the module goes on for days.
    """
    end = time.monotonic() + LATER
    try:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and (LATER > SETTLE or not thread.daemon):
                thread.join(max(0.0, end - time.monotonic()))
        atexit._run_exitfuncs()
    except BaseException:
        pass
    os._exit(DONE)


def send(channel, **message):
    """Tell the process above; what cannot be told is told by the exit status."""
    try:
        channel.sendall((json.dumps(message) + "\n").encode())
    except (OSError, ValueError):
        pass


def live(channel, module, calls, names):
    """Import the first module, then fork for each that is asked for. Never returns."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    kept = channel.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 256)
    sys.argv = ["", *words]
    sys.path.insert(0, os.getcwd())  # as `python3 -c` has it
    send(channel, **attempt(module, names))
    known = Known(names)
    try:
        for line in channel.makefile("r"):
            request = json.loads(line)
            if request.get("share"):
                if known not in sys.meta_path:
                    sys.meta_path.insert(0, known)
                send(channel, **known.attempt(request["module"]))
            else:
                serve(channel, request, calls, names)
    except BaseException:
        pass
    settle()


def serve(channel, request, calls, names):
    """Fork for one module and say how the fork ended."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        atexit._clear()
        outcome = attempt(request["module"], names)
        if calls and outcome["status"] == "completed":
            try:
                for index, label, called in calls(sys.modules.get(request["module"]), request["skip"]):
                    send(channel, index=index, call=label, **called)
            except BaseException as err:
                outcome |= {"status": "failed", "reason": f"calls: {text(err)}"}
        send(channel, **outcome)
        settle()
    send(channel, pid=pid)
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except OSError:
        code = DONE
    send(channel, exit=code)


# ---- in the process above it


class Gone(Exception):
    """A child hung up or said nonsense."""


class Child:
    """A process that has a module imported and forks for what is below it."""

    def __init__(self, module, calls, names):
        """Start it; `calls`, if any, is what a fork runs after its import; `names` are the modules of interest."""
        self.channel, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.channel.close()
            live(theirs, module, calls, names)
        theirs.close()
        self.buffer, self.loaded = b"", []

    def hear(self, end):
        """Give the next message; raise TimeoutError at `end`, Gone when there will be none."""
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.channel], [], [], left)[0]:
                raise TimeoutError
            try:
                data = self.channel.recv(65536)
            except OSError:
                data = b""
            if not data or len(self.buffer) > 1_000_000:
                raise Gone
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise Gone from None
        if not isinstance(message, dict):
            raise Gone
        return message

    def ask(self, module, **more):
        """Have it fork for a module, or with `share` import it itself."""
        try:
            self.channel.sendall((json.dumps({"module": module, "skip": 0, **more}) + "\n").encode())
        except OSError:
            raise Gone from None

    def first(self, patience):
        """Give status and reason of the first import; end the child unless that completed."""
        try:
            message = self.hear(time.monotonic() + patience)
        except TimeoutError:
            self.end(0)
            return "timeout", f"no end after {patience:.0f} s"
        except Gone:
            return died(self.end(1.0))
        answer = str(message.get("status")), str(message.get("reason", ""))
        self.loaded = message.get("loaded")
        if answer[0] != "completed":
            self.end(SETTLE + 0.5)
        return answer

    def end(self, patience):
        """Let it settle, then end it; give its exit status, None where it was killed."""
        try:
            self.channel.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        limit, code = time.monotonic() + patience, None
        try:
            while code is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    code = os.waitstatus_to_exitcode(status)
                elif time.monotonic() >= limit:
                    kill(self.pid)
                    os.waitpid(self.pid, 0)
                    break
                else:
                    time.sleep(0.005)
        except OSError:
            pass
        self.channel.close()
        return code


def kill(pid):
    """End a session that a child of ours leads, and nothing that has left it."""
    if isinstance(pid, int) and pid > 1:
        for end in (os.killpg, os.kill):
            try:
                end(pid, signal.SIGKILL)
            except OSError:
                pass


def busy(pid):
    """Whether a process has children that run."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    state, parent = file.read().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if parent == str(pid) and state not in "ZX":
                return True
    return False


def died(code):
    """Say how a process ended that gave no answer: it may have closed the socket and gone on."""
    if code is None:
        return "crashed", "hung-up"
    if code == DONE:
        return "completed", ""
    return "crashed", f"signal-{-code}" if code < 0 else f"exit-{code}"
