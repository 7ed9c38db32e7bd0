"""Which lines of a distribution's modules are reached when they are imported and called.

    python3 -I pylines.py --name NAME [--budget SECONDS] [--calls SECONDS] [FILE]

Done in a go of its own, of which nothing else is told: tracing shows (`sys.gettrace`), and takes time. One process
imports all modules, then calls what they offer (pycalls.py); the process above it keeps the time, starts it again
behind a module that ends or holds it, and prints a JSON line for each file (`lines`, `of`, `seen`) and one for the whole.

Only frames of the package's own files are followed, each code object until all its lines were seen, or none that is new
for a while: so that a loop is no burden. What is not seen for that counts as not reached.
"""

import argparse
import importlib.util
import json
import marshal
import os
import select
import signal
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUDGET = 12.0  # seconds for everything
CALLS = 3.0  # …of them for calls, once all is imported
EACH = 4.0  # seconds in which a process has to say something
OF_ONE = 1.0  # seconds of calls in one module
IDLE = 20_000  # lines that were seen before, after which a code object is followed no more
MAX_RESTARTS = 6
MAX_CODE = 24 * 1024**2  # bytes of files whose lines are counted
MAX_TEXT = 30_000  # characters in which the lines of one file are told
MAX_TOLD = 250_000  # of all
MAX_MESSAGE = 4_000_000


def sibling(name):
    """Import a module that lies beside this file, and leave no trace of that."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.append(HERE)
    try:
        return __import__(name)
    finally:
        sys.path.remove(HERE)
        sys.dont_write_bytecode = written


pyfork = sibling("pyfork")
pymodules = sibling("pymodules")


# ---- in the child


class Tracer:
    """Follows the frames of some files; `seen` are lines of each that nobody was told of yet."""

    def __init__(self, files):
        """`files` gives for the path that a code object has the name under which it is told."""
        self.files, self.seen, self.known = files, {name: set() for name in files.values()}, {}
        self.old = {name: set() for name in files.values()}

    def start(self):
        """Follow what this thread and new ones run from now on; what was followed goes on to be."""
        threading.settrace(self.enter)
        sys.settrace(self.enter)

    def enter(self, frame, event, arg):
        """Say who follows a frame that begins; None for what is nobody's business."""
        code = frame.f_code
        name = self.files.get(code.co_filename)
        if name is None:
            return None
        found = self.known.get(id(code))
        if found is None:
            left = own(code) - self.seen[name] - self.old[name]
            found = self.known[id(code)] = Follower(code, left, self.seen[name])
        return found.line if found.left else None

    def fresh(self):
        """Give the lines that were seen since the last time, as what can be sent."""
        told = {}
        for name, lines in self.seen.items():
            if lines:
                told[name] = spans(sorted(lines))
                self.old[name] |= lines
                lines.clear()
        return told


class Follower:
    """Takes note of the lines of one code object."""

    def __init__(self, code, left, seen):
        """`left` are those that are looked for; the code is held, so that no other comes to its place."""
        self.code, self.left, self.seen, self.idle = code, left, seen, 0

    def line(self, frame, event, arg):
        """Answer the interpreter; leave a frame in which nothing is left to see."""
        if event == "line":
            number = frame.f_lineno
            if number in self.left:
                self.left.discard(number)
                self.seen.add(number)
                self.idle = 0
            else:
                self.idle += 1
                if self.idle > IDLE:
                    self.left.clear()
        if not self.left:
            frame.f_trace = None  # returning None would not do
            frame.f_trace_lines = False
            return None
        return self.line


def own(code):
    """Give the lines of a code object without those within it; a function's first one is of what holds it."""
    lines = {line for _, _, line in code.co_lines() if line}
    return lines if code.co_name == "<module>" else lines - {code.co_firstlineno}


def live(channel, work, files):
    """Do what is listed, and tell of the lines. Never returns."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    kept = channel.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 256)
    sys.argv = [""]
    sys.path.insert(0, os.getcwd())  # as `python3 -c` has it
    tracer = Tracer(files)
    known = pyfork.Known([module for _, module in work])
    sys.meta_path.insert(0, known)
    tell = lambda **message: pyfork.send(channel, **message)  # noqa: E731
    for number, (mode, module) in enumerate(work):
        tell(at=number)
        tracer.start()
        try:
            known.attempt(module)
            if mode == "call":
                called(module, tracer, tell)
        except BaseException:
            pass
        tell(reached=tracer.fresh())
    tell(done=True)
    os._exit(0)


def called(module, tracer, tell):
    """Call what a module offers, for a while; an alarm that comes at the wrong moment ends all following."""
    end = time.monotonic() + OF_ONE
    for index, _, _ in sibling("pycalls").every(sys.modules.get(module), 0):
        tracer.start()
        if index % 8 == 7:
            tell(reached=tracer.fresh())
        if time.monotonic() > end:
            return


# ---- in the process above it


class Watcher:
    """Keeps the time, and puts together what was reached."""

    def __init__(self, args, found, files):
        self.end, self.each = time.monotonic() + args.budget, args.each
        self.calls, self.calling = args.calls, False
        self.files, self.reached, self.short = files, {}, False
        names = list(found)
        called = [m for m in names if not (pymodules.TESTS.search(m) or m.endswith("__main__"))]
        self.work = [*(("import", m) for m in names), *(("call", m) for m in called)]
        self.imports = len(names)

    def run(self):
        """Have everything done that there is time for."""
        at = 0
        for _ in range(MAX_RESTARTS):
            at = self.watch(at) + 1
            if at >= len(self.work) or time.monotonic() > self.end:
                break
            mode, module = self.work[at - 1]
            if mode == "import":  # which would end or hold it again
                self.work = [one for one in self.work if one != ("call", module)]
        self.short = at < self.imports

    def watch(self, begin):
        """Have the work done from one piece on, in a new process; give the last piece that was begun."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            live(theirs, self.work[begin:], self.files)
        theirs.close()
        at, buffer, until = begin, b"", time.monotonic() + self.each
        while (left := min(until, self.end) - time.monotonic()) > 0 and select.select([ours], [], [], left)[
            0
        ]:
            try:
                data = ours.recv(65536)
            except OSError:
                break
            if not data or len(buffer) > MAX_MESSAGE:
                break
            *messages, buffer = (buffer + data).split(b"\n")
            for message in map(parsed, messages):
                if isinstance(number := message.get("at"), int):
                    at = max(at, begin + number)
                    self.begun(at)
                self.hear(message.get("reached"))
                if message.get("done") is True:
                    at = len(self.work)
            until = time.monotonic() + self.each
        pyfork.kill(pid)
        ours.close()
        os.waitpid(pid, 0)
        return at

    def begun(self, at):
        """Have calls end some time after the first of them."""
        if at >= self.imports and not self.calling:
            self.calling, self.end = True, min(self.end, time.monotonic() + self.calls)

    def hear(self, reached):
        """Take note of lines; what is odd is nobody's."""
        for name, told in reached.items() if isinstance(reached, dict) else ():
            if isinstance(told, str):
                try:
                    self.reached.setdefault(name, set()).update(numbers(told))
                except ValueError:
                    pass

    def tell(self):
        """Print what was reached of each file that was loaded; under no name, how many lines all have."""
        every = room = said = 0
        for path, name in self.files.items():
            room += size(path)
            if room > MAX_CODE:
                return say(lines="", of=max(every, 1), seen="", reason="dear")
            lines = of_file(path)
            every += len(lines)
            seen = spans(sorted(lines & self.reached.get(name, set())))
            if not seen or said > MAX_TOLD:
                continue
            seen = seen if len(seen) <= MAX_TEXT else seen[: seen.rindex(" ", 0, MAX_TEXT)]
            said += len(seen) + len(name) + 40
            say(lines=name, of=len(lines), seen=seen)
        return say(lines="", of=every, seen="", reason="budget" if self.short else "")


def parsed(message):
    """Read a message of the child, which may say anything."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def of_file(path):
    """Give the lines of a file that hold code, by its compiled form or by itself; none where it is no Python."""
    try:
        code = compiled(path)
    except Exception:
        return set()
    found, todo = set(), [code]
    while todo:
        one = todo.pop()
        found |= own(one)
        todo += [inner for inner in one.co_consts if isinstance(inner, type(one))]
    return found


def compiled(path):
    """Give the code of a file; the compiled one only where it was made of this very file."""
    with open(path, "rb") as file:
        text = file.read()
    try:
        with open(importlib.util.cache_from_source(path), "rb") as file:
            kept = file.read()
        head = importlib.util.MAGIC_NUMBER + bytes(4)
        stamp = (int(os.stat(path).st_mtime) & 0xFFFFFFFF).to_bytes(4, "little") + len(text).to_bytes(
            4, "little"
        )
        if kept[:16] == head + stamp:
            return marshal.loads(kept[16:])
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return compile(text, path, "exec", dont_inherit=True)


def size(path):
    """Give the bytes of a file."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def spans(numbers):
    """Write ascending numbers as `1-4 7`."""
    told, first, last = [], None, None
    for number in [*numbers, None]:
        if first is not None and number != last + 1:
            told.append(str(first) if first == last else f"{first}-{last}")
            first = None
        first = number if first is None else first
        last = number
    return " ".join(told)


def numbers(text):
    """Read what `spans` wrote; raises ValueError for anything else."""
    found = set()
    for word in text.split(" ")[:100_000]:
        first, _, last = word.partition("-")
        for number in range(int(first), min(int(last or first), int(first) + 100_000) + 1):
            found.add(number)
    return found


def sources(name, file):
    """Give the modules there are, and for each file of them its path and how it is told of; None without any."""
    found = pymodules.modules(name, file)
    if found is None:
        found = pymodules.source(file)
    roots = sys.path if found else ()
    files = {}
    for module, package in (found or {}).items():
        short = module.replace(".", "/") + ("/__init__.py" if package else ".py")
        path = next((one for root in roots if os.path.isfile(one := os.path.join(root, short))), None)
        if path:
            files[path] = short
    return found or {}, files


def say(**line):
    """Print one JSON line; a closed pipe is nobody's loss."""
    try:
        os.write(1, (json.dumps(line) + "\n").encode())
    except OSError:
        pass


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("--name", default="")
    parser.add_argument("--budget", type=float, default=BUDGET)
    parser.add_argument("--calls", type=float, default=CALLS)
    parser.add_argument("--each", type=float, default=EACH)
    args = parser.parse_intermixed_args()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    found, files = sources(args.name, args.file)
    if not files:
        pymodules.finish("skipped", "no-modules" if not found else "no-source")
    watcher = Watcher(args, found, files)
    watcher.run()
    watcher.tell()
    pymodules.finish("completed")


if __name__ == "__main__":
    main()
