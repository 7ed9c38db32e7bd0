"""Import every module of an installed distribution, each in a process of its own; or call what they offer.

    python3 -I pymodules.py import|execute --name NAME [--budget SECONDS] [--each SECONDS] [--own SECONDS] [FILE]

Prints a JSON line for each step and one for the whole; exits 0 (completed), 64 (failed) or 65 (skipped).

Three kinds of processes: the first keeps the time and starts the second again, should a module end it; the second
goes through the list; the third (pyfork.py), one for each top package, has that imported and forks for every
module below it, so that a package of hundreds of modules is loaded once. Once the time for that (`--own`) is over, the modules that are
left share that third process, one import after the other, and one that came with another counts as imported.
"""

import argparse
import json
import os
import re
import select
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def sibling(name):
    """Import a module that lies beside this file, and leave no trace of that."""
    import importlib

    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.append(HERE)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(HERE)
        sys.dont_write_bytecode = written


pyfork = sibling("pyfork")

OWN_TIME = 8.0  # seconds for which every module has a process of its own, whatever it was loaded with before
TEST_TIME = 3.0  # seconds that a module may take which looks like a test
STUCK_TIME = 2.0  # …one call that the alarm does not end; it waits longer for programs
MAX_STEPS = 1500
MAX_RESTARTS = 5
CODES = {"completed": 0, "failed": 64, "skipped": 65}
TESTS = re.compile(r"(?:^|\.)(?:tests?|testing|test_\w+|\w+_test|conftest)(?:\.|$)")


def modules(name, file=""):
    """Give every module that the distribution installed, tests last, and whether it is a package.

    None where it is not installed.
    """
    from importlib import machinery

    try:
        files = sibling("pypi").installed(name, file).files or ()
    except Exception:
        return None
    endings = sorted([".py", *machinery.EXTENSION_SUFFIXES], key=len, reverse=True)
    found = {}
    for file in files:
        parts = file.parts
        ending = next((e for e in endings if parts and parts[-1].endswith(e)), None)
        if ending is None or ".." in parts or os.path.isabs(str(file)) or "__pycache__" in parts:
            continue
        words = [*parts[:-1], parts[-1][: -len(ending)]]
        package = words[-1] == "__init__"
        words = words[:-1] if package else words
        if words and all(word.isidentifier() for word in words):
            key = ".".join(words)
            found[key] = found.get(key, False) or package
    return ordered(found)


def ordered(found):
    """Put modules into the order in which they are tried: tests last."""
    order = sorted(found, key=lambda m: (bool(TESTS.search(m)), m.endswith("__main__"), m.count("."), m))
    return {module: found[module] for module in order}


def source(file):
    """Give the modules of a source distribution that was not installed, and have them found; None without any."""
    try:
        pysource = sibling("pysource")
        root = pysource.unpack(file)
        found = pysource.modules(root) if root else {}
    except Exception:
        return None
    if not found:
        return None
    sys.path.insert(0, root)
    return ordered(found)


def top(module, found):
    """Give the highest package above a module that is no namespace, or the module itself."""
    words = module.split(".")
    for count in range(1, len(words)):
        if found.get(".".join(words[:count])):
            return ".".join(words[:count])
    return module


class Work:
    """All modules of a distribution, gone through once; `seen` are those that are done."""

    def __init__(self, args, found, seen, end, emit):
        self.calls = sibling("pycalls").every if args.mode == "execute" else None
        self.found, self.seen, self.end, self.emit, self.each = found, seen, end, emit, args.each
        self.own, self.loaded, self.broken = time.monotonic() + args.own, {}, {}

    def run(self):
        """Go through the packages, each with what is below it; tests come last, and are never called."""
        groups = {}
        for module in self.found:
            test = bool(TESTS.search(module))
            if not (self.calls and (test or module.endswith("__main__"))):
                groups.setdefault((test, top(module, self.found)), []).append(module)
        for (_, first), members in groups.items():
            self.group(first, [m for m in members if m not in self.seen])

    def group(self, first, members):
        """Have the top package imported, then what is below it; a process that is lost is started again.

        After three losses every module gets a process of its own from the start.
        """
        child, lost = None, 0
        for module in members:
            if time.monotonic() > self.end:
                self.step(module, "skipped", "budget")
                continue
            if not self.calls and module in self.loaded and time.monotonic() > self.own:
                self.step(module, "completed", f"loaded-with: {self.loaded[module]}")
                continue
            if parent := self.lost_parent(module):
                self.step(module, "skipped", f"parent-{self.broken[parent]}: {parent}")
                continue
            self.emit(at=module)
            began, root = time.monotonic(), first if lost < 3 else module
            if child is None:
                child = pyfork.Child(root, self.calls, self.found)
                status, reason = child.first(min(self.patience(root), self.end - began + 1))
                self.brought(root, child.loaded)
                if status != "completed":
                    child = None
                    self.step(root, status, reason, began)
                    if root == first:
                        return self.without(first, status, members)
                    continue
                if root == module and not self.calls:
                    self.step(module, status, reason, began)
                    continue
            sharing = self.sharing(lost)
            try:
                status, reason = self.shared(child, module) if sharing else self.below(child, module)
            except TimeoutError:
                lost += 1
                child.end(0)
                child, status, reason = None, "timeout", "no end"
            except pyfork.Gone:
                lost += 1
                code = child.end(0.2)
                child, status, reason = None, "crashed", "ended-its-parent"
                if sharing:
                    status, reason = pyfork.died(code)
            self.step(module, status, reason, began)
            if self.found[module] and not self.calls and status != "completed":
                self.broken[module] = status
        if child is not None:
            child.end(pyfork.SETTLE + 0.5)

    def sharing(self, lost):
        """Whether modules share one process by now: not those that are called, nor where that was lost often."""
        return not self.calls and lost < 3 and time.monotonic() > self.own

    def shared(self, child, module):
        """Have one module imported beside the others; raises what ends the process that they share."""
        child.ask(module, share=True)
        answer = child.hear(min(time.monotonic() + self.patience(module), self.end + 0.5))
        self.brought(module, answer.get("loaded"))
        return str(answer.get("status")), str(answer.get("reason", ""))

    def lost_parent(self, module):
        """Give the package above that could not be imported: Python imports it first, and would fail there."""
        words = module.split(".")
        above = (".".join(words[:count]) for count in range(1, len(words)))
        return next((package for package in above if package in self.broken), None)

    def without(self, first, status, members):
        """Leave out what is below a package that cannot be had."""
        for module in members:
            if module not in self.seen:
                self.step(module, "skipped", f"parent-{status}: {first}")

    def patience(self, module):
        """Give the seconds for a module."""
        return min(TEST_TIME, self.each) if TESTS.search(module) else self.each

    def below(self, child, module):
        """Have one module done in a fork; one that ends amid its calls is forked again to go on after them."""
        skip = 0
        end = min(time.monotonic() + self.patience(module), self.end + 0.5)
        while True:
            child.ask(module, skip=skip)
            answer, call = self.listen(child, module, end)
            if call is None:
                return answer
            self.emit(step=call[1], status=answer[0], reason=answer[1])
            skip = call[0] + 1
            if time.monotonic() > end:
                return "timeout", "calls-unfinished"
            if answer[0] == "timeout":
                end = max(end, time.monotonic() + 1)

    def listen(self, child, module, end):
        """Follow one fork to its end; give its answer, and the call that it ended in."""
        pid = call = answer = None
        settled, longer = end, 0
        while True:
            try:
                stuck = time.monotonic() + STUCK_TIME if call else settled
                message = child.hear(min(stuck, settled))
                longer = 0
            except TimeoutError:
                longer += 1
                if call and longer < 3 and time.monotonic() < settled and pyfork.busy(pid):
                    continue
                pyfork.kill(pid)
                self.drain(child)
                return answer or ("timeout", "no end"), None if answer else call
            if "pid" in message:
                pid = message["pid"]
            elif "exit" in message:
                return answer or pyfork.died(message["exit"]), None if answer else call
            elif "call" in message:
                label = f"{str(message['call'])[:200]}()"
                if message.get("status"):
                    call = None
                    self.emit(step=label, status=message["status"], reason=str(message.get("reason", "")))
                else:
                    call = (int(message.get("index", 0)), label)
            elif "status" in message:
                answer = str(message["status"]), str(message.get("reason", ""))
                self.brought(module, message.get("loaded"))
                settled, call = time.monotonic() + pyfork.SETTLE + 0.5, None

    @staticmethod
    def drain(child):
        """Wait for word that a killed fork is gone."""
        end = time.monotonic() + 1.0
        try:
            while "exit" not in child.hear(end):
                pass
        except TimeoutError:
            raise pyfork.Gone from None

    def brought(self, module, names):
        """Take note of what came with an import."""
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and name != module:
                self.loaded.setdefault(name, module)

    def step(self, module, status, reason="", began=None):
        """Report one module."""
        self.seen.add(module)
        took = round(time.monotonic() - began, 3) if began else 0.0
        self.emit(step=module, status=status, reason=reason[: pyfork.MAX_REASON], duration=took)


class Watcher:
    """The first process: passes lines on, counts outcomes, starts the second process again when it is lost."""

    def __init__(self, args):
        self.args, self.end = args, time.monotonic() + args.budget
        self.found, self.how = modules(args.name, args.file), ""
        if self.found is None and args.mode == "import" and (found := source(args.file)):
            self.found, self.how = found, "from-source"
        self.seen, self.count, self.at, self.lines = set(), {}, "", 0

    def run(self):
        """Do all; print the last line."""
        if self.found is None:
            return self.finish("skipped", "not-installed")
        if not self.found:
            return self.finish("skipped", "no-modules")
        for _ in range(MAX_RESTARTS):
            if self.watch():
                break
            if self.at and self.at not in self.seen:
                self.line({"step": self.at, "status": "crashed", "reason": "ended-the-driver"})
        return self.sum_up()

    def watch(self):
        """Fork the second process and follow it; say whether it came to its end."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            self.work(writer)
        os.close(writer)
        buffer = b""
        while (left := self.end + 5 - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
            data = os.read(reader, 65536)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                try:
                    self.line(json.loads(line))
                except ValueError:
                    pass
        os.close(reader)
        if left <= 0:
            os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 or left <= 0

    def work(self, writer):
        """Be the second process. Never returns."""

        def emit(**line):
            os.write(writer, (json.dumps(line) + "\n").encode())

        try:
            Work(self.args, self.found, self.seen, self.end, emit).run()
        except BaseException as err:
            emit(step="driver", status="failed", reason=pyfork.text(err))
        os._exit(0)

    def line(self, line):
        """Pass a step on."""
        if "at" in line:
            self.at = line["at"]
            return
        step, status = line["step"], line["status"]
        if step in self.found:
            self.seen.add(step)
            kind = "budget" if line.get("reason") == "budget" and not TESTS.search(step) else status
            self.count[kind] = self.count.get(kind, 0) + 1
        self.lines += 1
        if self.lines <= MAX_STEPS:
            say(line)

    def sum_up(self):
        """Judge the whole by its modules."""
        total, good = sum(self.count.values()), self.count.get("completed", 0)
        missed = self.count.get("budget", 0)
        if self.lines > MAX_STEPS:
            say({"step": "…", "status": "skipped", "reason": f"{self.lines - MAX_STEPS} more steps"})
        if missed:
            # Calling is a try, and as many as there is time for; but a module not imported was not analysed.
            enough = good and self.args.mode == "execute"
            reason = f"budget: {missed} of {total} modules not reached"
            return self.finish("completed" if enough else "timeout", reason)
        if not good and total:
            return self.finish("failed", f"no-module-worked: {total} tried")
        return self.finish(
            "completed", f"partly: {total - good} of {total} modules did not work" if good < total else ""
        )

    def finish(self, status, reason=""):
        """Print the last line and leave."""
        finish(status, ": ".join(filter(None, (self.how, reason))))


def finish(status, reason=""):
    """Print the last line of all and leave."""
    say({"phase": status, "reason": reason})
    os._exit(CODES.get(status, 0))


def say(line):
    """Print one JSON line; a closed pipe is nobody's loss."""
    try:
        os.write(1, (json.dumps(line) + "\n").encode())
    except OSError:
        pass


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("import", "execute"))
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("--name", default="")
    parser.add_argument("--budget", type=float, default=45.0)
    parser.add_argument("--each", type=float, default=10.0)
    parser.add_argument("--own", type=float, default=OWN_TIME)
    parser.add_argument("--word", action="append", default=[])  # what the package's own code asks for
    args = parser.parse_intermixed_args()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    pyfork.words[:] = args.word
    try:
        Watcher(args).run()
    except Exception as err:
        finish("failed", f"driver: {pyfork.text(err)}")


if __name__ == "__main__":
    main()
