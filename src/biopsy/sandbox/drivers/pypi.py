"""Install a Python distribution with pip, start the interpreter, try the installed commands.

    python3 -I pypi.py install [--name NAME] [--budget SECONDS] FILE
    python3 -I pypi.py start|scripts --name NAME [--budget SECONDS] [FILE]

Prints a JSON line for each step and one for the whole; exits 0 (completed), 64 (failed) or 65 (skipped).
"""

import argparse
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time

KEPT = 64 * 1024  # bytes of a command's output that are looked at
SHOWN = 4000  # characters of it that are printed for people
MAX_SCRIPTS = 30
CODES = {"completed": 0, "failed": 64, "skipped": 65}

CAUSES = (
    (r"No matching distribution found for (.{1,200})", "dependency-missing"),
    (r"Could not find a version that satisfies the requirement (.{1,200})", "dependency-missing"),
    (r"ResolutionImpossible(.{0,200})", "dependency-conflict"),
    (r"(\S{1,200} is not a supported wheel on this platform)", "unsupported-platform"),
    (r"(requires a different Python: .{1,200})", "unsupported-python"),
    (r"(No space left on device)", "disk-full"),
    (
        r"(?:WARNING|ERROR): (Invalid (?:wheel )?filename.{1,200}|.{1,200} is not a valid wheel filename.{0,100})",
        "invalid-name",
    ),
    (
        r"(metadata-generation-failed|Failed (?:to build|building wheel).{0,200}|subprocess-exited-with-error)",
        "build-failed",
    ),
    (r"ERROR: (.{1,300})", "pip-failed"),
)


def say(**line):
    """Print one JSON line; a closed pipe is nobody's loss."""
    try:
        os.write(1, (json.dumps(line) + "\n").encode())
    except OSError:
        pass


def finish(status, reason=""):
    """Print the last line and leave."""
    say(phase=status, reason=reason)
    os._exit(CODES.get(status, 0))


def run(argv, timeout, cwd=None, env=None, kept=KEPT):
    """Run a command without input; give its exit status (None: ended at the timeout), seconds and last output.

    Waits for the command alone: what it leaves behind may hold its pipes for ever.
    """
    start = time.monotonic()
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
    except OSError as err:
        return 127, 0.0, str(err)
    os.set_blocking(process.stdout.fileno(), False)
    output, end = b"", start + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while process.poll() is None and time.monotonic() < end:
            if selector.select(0.05):
                data = read(process.stdout)
                output = (output + data)[-kept:]
                if not data:
                    selector.unregister(process.stdout)
                    try:
                        process.wait(max(0.0, end - time.monotonic()))
                    except subprocess.TimeoutExpired:
                        pass
                    break
    code = process.poll()
    if code is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            process.kill()
        process.wait(5)
    output = (output + read(process.stdout))[-kept:]
    return code, time.monotonic() - start, output.decode("utf-8", "replace")


def read(stream):
    """Read what is there now."""
    try:
        return os.read(stream.fileno(), KEPT)
    except OSError:
        return b""


def judge(code, output=""):
    """Turn an exit status into the status and reason of a step."""
    if code is None:
        return "timeout", ""
    if code == 0:
        return "completed", ""
    if code < 0:
        return "crashed", f"signal-{-code}"
    return "failed", f"exit-{code}"


def install(args, end):
    """Let pip install the file; without its dependencies where these cannot be had."""
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    pip += ["--progress-bar", "off", "--no-color", "--no-cache-dir"]
    shown, reason, status = "", "", "failed"
    for extra in ([], ["--no-deps"]):
        code, took, output = run([*pip, *extra, args.file], end - time.monotonic())
        status, why = judge(code)
        if status == "failed":
            why = next((f"{c}: {m[1].strip()}" for p, c in CAUSES if (m := re.search(p, output))), why)
        say(step=" ".join(["pip install", *extra]), status=status, reason=why, duration=round(took, 3))
        shown += output[-SHOWN:]
        if status == "completed" and reason:
            reason = f"without-dependencies: {reason}"
        elif status != "completed":
            reason = why
        if not why.startswith("dependency-") or time.monotonic() > end - 5:
            break
    os.write(2, shown.encode("utf-8", "replace")[-2 * SHOWN :])
    finish(status, reason)


def start(args, end):
    """Start the interpreter as anybody does."""
    for label, argv in (("python3 -c pass", ["-c", "pass"]), ("python3 -m site", ["-m", "site"])):
        code, took, _ = run([sys.executable, *argv], max(0.5, (end - time.monotonic()) / 2))
        status, reason = judge(code)
        say(step=label, status=status, reason=reason, duration=round(took, 3))
        if status != "completed":
            finish("failed" if status != "timeout" else "timeout", reason or label)
    finish("completed")


def installed(name, file=""):
    """Give the distribution of that name; else the one that was installed from the local file of this name
    (PEP 610): a file may be named after something else than what is in it. None where there is neither, and
    nothing else that came from a file, such as what the environment began with."""
    from importlib import metadata
    from urllib.parse import unquote

    try:
        return metadata.distribution(name)
    except Exception:
        pass
    try:
        for distribution in metadata.distributions():
            origin = json.loads(distribution.read_text("direct_url.json") or "{}")
            scheme, _, path = str(origin.get("url", "")).partition(":")
            if file and scheme == "file" and os.path.basename(unquote(path)) == os.path.basename(file):
                return distribution
    except Exception:
        pass
    return None


SERVES_BY = re.compile(r"(?i)(?:mcp|fastmcp|mcp-[\w-]+)(?![\w-])")
SERVES = re.compile(r"[\"']tools/(?:list|call)[\"']|\bFastMCP\(|\bfrom mcp[. ]|\bimport mcp\b")
MAX_LOOKED = 60  # files that are looked into for that


def commands(name, file):
    """Find what the distribution put beside the interpreter: console, window and plain scripts."""
    distribution = installed(name, file)
    if distribution is None:
        finish("skipped", "not-installed")
    folder = os.path.dirname(sys.executable)
    found = {}
    try:
        for entry in distribution.entry_points:
            if entry.group in ("console_scripts", "gui_scripts"):
                found[entry.name] = os.path.join(folder, entry.name)
        for path in distribution.files or ():
            target = os.path.normpath(str(path.locate()))
            if os.path.dirname(target) == folder:
                found.setdefault(os.path.basename(target), target)
    except Exception as err:
        finish("failed", f"metadata: {type(err).__name__}")
    return found


def serves(name, file):
    """Whether a distribution says that its commands serve tools to agents."""
    distribution = installed(name, file)
    try:
        if any(SERVES_BY.match(one) for one in distribution.requires or ()):
            return True
        for path in [one for one in distribution.files or () if str(one).endswith(".py")][:MAX_LOOKED]:
            with open(str(path.locate()), encoding="utf-8", errors="replace") as text:
                if SERVES.search(text.read(KEPT)):
                    return True
    except Exception:
        pass
    return False


def scripts(args, end):
    """Ask each installed command for help; be the agent of those that serve tools."""
    found, tried, status = commands(args.name, args.file), 0, ""
    tools = found and serves(args.name, args.file)
    for name, path in list(found.items())[:MAX_SCRIPTS]:
        left = end - time.monotonic()
        if left < 0.5:
            break
        tried += 1
        for word in args.word or ["--help"]:
            code, took, _ = run([path, word], min(5.0, left))
            status, reason = judge(code)
            say(step=f"{name} {word}", status=status, reason=reason, duration=round(took, 3))
        left = end - time.monotonic()
        if tools and left > 1:
            agent = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools.py")
            code, took, _ = run(
                [sys.executable, "-I", agent, "--budget", str(min(8.0, left - 0.5)), path], left
            )
            status, reason = ("skipped", "no-tools") if code == 65 else judge(code)
            say(step=f"{name} (tools)", status=status, reason=reason, duration=round(took, 3))
    if not found:
        finish("skipped", "no-scripts")
    missed = len(found) - tried
    finish("completed", f"budget: {missed} of {len(found)} not reached" if missed else "")


def main():
    """Read the arguments, run the phase; whatever happens, the last line is printed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=("install", "start", "scripts"))
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("--name", default="")
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument(
        "--word", action="append", default=[]
    )  # arguments that the package's own code asks for
    args = parser.parse_intermixed_args()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    end = time.monotonic() + args.budget
    try:
        {"install": install, "start": start, "scripts": scripts}[args.phase](args, end)
    except Exception as err:
        finish("failed", f"driver: {type(err).__name__}: {err}")


if __name__ == "__main__":
    main()
