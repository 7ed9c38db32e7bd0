"""Load every file of an installed PHP package, or call what the files define: used by composer.py.

Each is done in a fork of a process that has the autoloader (composer_load.php); should a file end that, too, it is
started again with what is left.
"""

import json
import os
import re
import select
import subprocess
import time

from pypi import finish, judge, say

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_FILES = 1500
MAX_STEPS = 1500
MAX_RESTARTS = 8
CODE = (".php", ".inc", ".phtml", ".php5", ".php7")
TESTS = re.compile(
    r"(?:^|/)(?:tests?|spec|specs|fixtures|examples?|demos?|docs?|benchmarks?|stubs)/|(?:Test|TestCase|Spec)\.php$",
    re.I,
)


OWN_TESTS = re.compile(r"(?:^|/)(?:tests?|specs?)/|(?:Test|Spec)\.php$", re.I)


def files(name, commands):
    """Give the package's files of PHP as absolute paths: what is no test first, and what could do something."""
    top = os.path.abspath(os.path.join("vendor", name))
    commands = {os.path.normpath(path) for path in commands}
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(one for one in folders if one not in (".git", "node_modules", "vendor"))
        for one in sorted(names):
            path = os.path.relpath(os.path.join(folder, one), top)
            if one.lower().endswith(CODE) and path not in commands:
                found.append((bool(TESTS.search(path)), path.count("/"), path))
    return [os.path.join(top, path) for _, _, path in sorted(found)], top


def load(args, commands, end):
    """Load every file, each in a fork of a process that has the autoloader; or call what they define."""
    paths, top = files(args.name, commands)
    if not os.path.isdir(top):
        finish("skipped", "not-installed")
    if args.phase == "execute":
        paths = [path for path in paths if not TESTS.search(os.path.relpath(path, top))]
    if args.phase == "tests":
        paths = [path for path in paths if OWN_TESTS.search(os.path.relpath(path, top))]
    if not paths:
        finish("skipped", "no-tests" if args.phase == "tests" else "no-modules")
    count, done, number, lost = {}, 0, 0, ""
    skip = 0
    for _ in range(MAX_RESTARTS):
        left = end - time.monotonic()
        if done >= len(paths[:MAX_FILES]) or left < 0.5:
            break
        options = {
            "mode": args.phase,
            "each": args.each,
            "end": left,
            "top": top,
            "skip": skip,
            "words": args.word,
        }
        script = os.path.join(HERE, "composer_load.php")
        text = json.dumps({**options, "files": paths[done:MAX_FILES]})
        code, at = None, ""
        for line, code in follow(["php", script], text, left + 2):
            if line is None:
                break
            if "at" in line:
                at = str(line["at"])
            elif "of" in line:
                done, skip, at = done + 1, 0, ""
                status = str(line.get("status"))
                missed = "budget" if line.get("reason") == "budget" else status
                count[missed] = count.get(missed, 0) + 1
                number += 1
                tell(number, str(line["of"]), status, str(line.get("reason", "")), line.get("took"))
            elif "step" in line:
                number += 1
                skip = int(line.get("index", 0)) + 1
                tell(number, str(line["step"]), str(line.get("status")), str(line.get("reason", "")), None)
            elif line.get("done"):
                done = len(paths)
        if done < len(
            paths[:MAX_FILES]
        ):  # the process that forks was lost: with the autoloader, or by a child
            status, lost = judge(code) if code is not None else ("timeout", "")
            lost = f"{status} {lost}".strip()
            if not at:
                break
            done, skip = done + 1, 0
            count[status] = count.get(status, 0) + 1
            tell(number, os.path.relpath(at, top), "crashed", f"ended-its-parent: {lost}", None)
    if number > MAX_STEPS:
        say(step="…", status="skipped", reason=f"limit: {number - MAX_STEPS} more outcomes")
    whole(args, len(paths), count, lost)


def tell(number, name, status, reason, took):
    """Report one file or call."""
    if number <= MAX_STEPS:
        known = status if status in ("completed", "failed", "timeout", "skipped", "crashed") else "failed"
        say(
            step=name[:300],
            status=known,
            reason=reason[:200],
            duration=took if isinstance(took, (int, float)) else 0.0,
        )


def whole(args, total, count, lost):
    """Judge the whole by its files."""
    good = count.get("completed", 0)
    missed = total - sum(count.values()) + count.get("budget", 0)
    if args.phase == "tests" and count:
        finish("completed", f"partly: {total - good} of {total} files did not work" if good < total else "")
    if missed:
        why = (
            f"autoload-failed: {lost}"
            if lost and not count
            else f"budget: {missed} of {total} files not reached"
        )
        enough = good and args.phase == "execute"
        finish("completed" if enough else "failed" if lost and not count else "timeout", why)
    if not good:
        finish("failed", f"no-module-worked: {total} tried")
    finish("completed", f"partly: {total - good} of {total} files did not work" if good < total else "")


def follow(argv, text, timeout):
    """Run a command that tells of itself on descriptor 3; yield what it says, and its exit status at the end."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)

    def third():
        os.dup2(writer, 3)

    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=third, pass_fds=(3,) if writer == 3 else (3, writer),
    )  # fmt: skip
    os.close(writer)
    try:
        process.stdin.write(text.encode())
        process.stdin.close()
    except OSError:
        pass
    end, buffer = time.monotonic() + timeout, b""
    while (left := end - time.monotonic()) > 0:
        if not select.select([reader], [], [], min(left, 0.5))[0]:
            if process.poll() is not None:
                break
            continue
        data = os.read(reader, 65536)
        if not data:
            break
        *lines, buffer = (buffer + data[: 1024 * 1024]).split(b"\n")
        for line in lines:
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                yield said, None
    os.close(reader)
    try:
        process.wait(max(0.2, min(2.0, end - time.monotonic())))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
        yield None, None
        return
    yield None, process.returncode
