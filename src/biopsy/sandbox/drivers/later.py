"""Run what would run later: what was put where a machine starts things by itself, since this run began.

    python3 -I later.py later [--budget SECONDS]

Looks for units, timers, cron tables, autostarts, launch agents, shells' start files, git's hooks and agents' hooks
that are new or changed, and runs their commands, each as its owner would, for a few seconds. Prints a JSON line for each
and one for the whole; exits 0 (completed), 64 (failed) or 65 (skipped).
"""

import argparse
import glob
import json
import os
import plistlib
import re
import shlex
import signal
import subprocess
import time

EACH = 5.0  # seconds for one command
MOST = 16  # commands
MAX_FILE = 256 * 1024
MARK = "/etc/resolv.conf"  # among the last that were put in place before anything ran
SLACK = 0.05
CODES = {"completed": 0, "failed": 64, "skipped": 65}
TABLE = re.compile(r"(?:@\w+|(?:[\d*/,A-Za-z-]+\s+){4}[\d*/,A-Za-z-]+)\s+(.+)")


def say(**line):
    """Print one JSON line; a closed pipe is nobody's loss."""
    try:
        os.write(1, (json.dumps(line) + "\n").encode())
    except OSError:
        pass


def finish(status, reason=""):
    """Print the last line and leave."""
    say(phase=status, reason=reason)
    os._exit(CODES[status])


def began():
    """Say when the run began, by the clock that files are marked with."""
    return os.stat(MARK).st_ctime + SLACK


def fresh(since, *patterns):
    """Give the files of these forms that are new or changed, with their texts."""
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.expanduser(pattern), include_hidden=True)):
            try:
                if os.path.isfile(path) and os.stat(path).st_ctime > since:
                    with open(path, encoding="utf-8", errors="replace") as file:
                        yield path, file.read(MAX_FILE)
            except OSError:
                continue


def units(since):
    """Give the commands of systemd's services; a timer starts one, whether it is new or not."""
    folders = (
        "~/.config/systemd/user",
        "~/.local/share/systemd/user",
        "/etc/systemd/system",
        "/etc/systemd/user",
    )
    names = [f"{folder}/*.{kind}" for folder in folders for kind in ("service", "timer", "path")]
    seen = set()
    for path, text in fresh(since, *names):
        if not path.endswith(".service"):
            named = re.search(r"(?m)^\s*Unit\s*=\s*(\S+)", text)
            path = os.path.join(
                os.path.dirname(path),
                named[1] if named else os.path.splitext(os.path.basename(path))[0] + ".service",
            )
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read(MAX_FILE)
            except OSError:
                continue
        if path in seen:
            continue
        seen.add(path)
        text = re.sub(r"\\\n", " ", text)
        for command in re.findall(r"(?m)^\s*Exec(?:StartPre|Start|StartPost)\s*=\s*[-@:+!]*(.+)$", text):
            home = os.path.expanduser("~")
            yield (
                path,
                command.replace("%h", home).replace("%u", os.environ.get("USER", "")).replace("%%", "%"),
            )


def tables(since):
    """Give the commands of cron's tables and folders."""
    for path, text in fresh(
        since, "/var/spool/cron/crontabs/*", "/var/spool/cron/*", "/etc/crontab", "/etc/cron.d/*"
    ):
        for line in text.splitlines():
            match = TABLE.fullmatch(line.strip())
            if match and not line.lstrip().startswith("#"):
                command = match[1].split(None, 1)[-1] if path.startswith("/etc/") else match[1]
                yield path, re.sub(r"(?<!\\)%.*", "", command)
    for path, _ in fresh(
        since, "/etc/cron.hourly/*", "/etc/cron.daily/*", "/etc/cron.weekly/*", "/etc/cron.monthly/*"
    ):
        yield path, shlex.quote(path)
    for path, _ in fresh(since, "/var/spool/cron/atjobs/*"):
        yield path, f"sh {shlex.quote(path)}"


def starts(since):
    """Give what a session starts: autostarts, launch agents, the shells' own files."""
    for path, text in fresh(since, "~/.config/autostart/*.desktop", "/etc/xdg/autostart/*.desktop"):
        if match := re.search(r"(?m)^\s*Exec\s*=\s*(.+)$", text):
            yield path, re.sub(r"%[a-zA-Z]", "", match[1]).replace("%%", "%")
    for path, _ in fresh(since, "~/Library/LaunchAgents/*.plist", "/Library/Launch*/*.plist"):
        try:
            with open(path, "rb") as file:
                job = plistlib.load(file)
            argv = job.get("ProgramArguments") or [job.get("Program")]
            yield path, shlex.join(str(one) for one in argv)
        except Exception:
            continue
    shells = {"~/.bashrc": "bash -ic exit", "~/.profile": "bash -lc exit", "~/.bash_profile": "bash -lc exit",
              "~/.bash_login": "bash -lc exit", "~/.zshrc": ". ~/.zshrc", "~/.zshenv": ". ~/.zshenv",
              "/etc/profile.d/*.sh": "bash -lc exit", "/etc/rc.local": "sh /etc/rc.local"}  # fmt: skip
    for pattern, command in shells.items():
        for path, _ in fresh(since, pattern):
            yield path, command


def hooks(since):
    """Give what comes with the day's work: git's hooks, tasks of an opened folder, hooks of agents."""
    for path, _ in fresh(
        since, ".git/hooks/*", "~/.config/git/hooks/*", "~/.git-templates/hooks/*", ".husky/*"
    ):
        if not path.endswith(".sample") and os.access(path, os.X_OK):
            yield path, shlex.quote(os.path.abspath(path))
    for path, text in fresh(since, ".vscode/tasks.json", "~/.config/Code/User/tasks.json"):
        for task in of(text, "tasks"):
            if isinstance(task, dict) and (task.get("runOptions") or {}).get("runOn") == "folderOpen":
                yield path, " ".join([str(task.get("command", "")), *map(str, task.get("args") or [])])
    for path, text in fresh(since, "~/.claude/settings*.json", ".claude/settings*.json"):
        for command in commands(of(text, "hooks")):
            yield path, command


def of(text, key):
    """Give what stands under a key of a JSON text that may have comments; nothing where it is none."""
    try:
        found = json.loads(re.sub(r"(?m)^\s*//.*$", "", text))
        return found.get(key) or []
    except (ValueError, AttributeError, RecursionError):
        return []


def commands(tree, depth=0):
    """Give every `command` in it."""
    if depth > 8:
        return
    for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from commands(value, depth + 1)
    if isinstance(tree, dict) and isinstance(tree.get("command"), str):
        yield tree["command"]


def run(command):
    """Run a command by the shell; what it leaves in the background goes on."""
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        code = process.wait(EACH)
    except subprocess.TimeoutExpired:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass
        process.wait()
        return "timeout", "no end"
    return ("completed", "") if code == 0 else ("failed", f"exit-{code}")


def main():
    """Find, run, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("later",))
    parser.add_argument("--budget", type=float, default=30.0)
    args, _ = parser.parse_known_args()
    end, since = time.monotonic() + args.budget, began()
    found = dict.fromkeys(one for find in (units, tables, starts, hooks) for one in find(since))
    if not found:
        finish("skipped", "no-schedule")
    left = 0
    for number, (path, command) in enumerate(found):
        if number >= MOST or time.monotonic() > end:
            left += 1
            continue
        try:
            status, reason = run(command)
        except (OSError, ValueError) as err:
            status, reason = "failed", type(err).__name__
        say(step=f"{path}: {command}"[:300], status=status, reason=reason)
    finish("completed", f"limit: {left} more commands" if left else "")


if __name__ == "__main__":
    main()
