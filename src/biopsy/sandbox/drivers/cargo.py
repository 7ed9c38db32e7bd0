"""Build an app that depends on a crate, link and run it; use its macros, commands, examples, functions, tests.

    python3 -I cargo.py install [--name NAME] [--budget SECONDS] FILE
    python3 -I cargo.py import|scripts|execute|tests --name NAME [--budget SECONDS] [--each SECONDS]

The crate is put where Cargo unpacks those of its registry. Prints a JSON line for each step and one for the
whole; exits 0 (completed), 64 (failed) or 65 (skipped).
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import signal
import sys
import time

KEPT = 256 * 1024  # bytes of a command's output that are looked at
SHOWN = 4000  # characters of it that are printed for people
CAPPED = 'build.rustflags = ["--cap-lints", "warn"]'  # as Cargo does for crates of its registry
MAX_RUN = 20  # commands, examples and macros, each
CODES = {"completed": 0, "failed": 64, "skipped": 65}
APP = os.path.join(os.getcwd(), "app")
TARGET = os.path.join(APP, "target")

CAUSES = (
    (r"no matching package (?:named )?`?([\w-]{1,80})`? found", "dependency-missing"),
    (r"failed to select a version for (?:the requirement )?`([^`]{1,120})`", "dependency-missing"),
    (
        r"failed to (?:get|load source for dependency|query replaced source) `?([^\n`]{1,120})",
        "registry-failed",
    ),
    (r"(failed to download[^\n]{0,150}|Could not resolve host[^\n]{0,150})", "registry-failed"),
    (r"(requires rustc [^\n]{1,120}|feature `edition\d+` is required)", "unsupported-rust"),
    (r"failed to run custom build command for `([^`]{1,120})`", "build-script-failed"),
    (r"proc.macro[^\n]{0,20}panicked\n?([^\n]{0,120})", "macro-panicked"),
    (r"(No space left on device)", "disk-full"),
    (r"error(?:\[E\d+\])?: ([^\n]{1,200})", "cargo-failed"),
)
AWAY = ("dependency-missing", "registry-failed")


def sibling(name):
    """Load a driver that lies beside this one."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


disk = sibling("crate")
command = sibling("pypi")  # how commands are run and judged is the same
judge = command.judge


def say(**line):
    """Print one JSON line; a closed pipe is nobody's loss."""
    try:
        os.write(1, (json.dumps(line) + "\n").encode())
    except OSError:
        pass


def finish(status, reason=""):
    """Print the last line and leave."""
    say(phase=status, reason=reason[:300])
    os._exit(CODES.get(status, 0))


def run(argv, timeout, cwd=None, env=None):
    """Run a command as the driver of PyPI does, and keep more of what it prints."""
    return command.run(argv, max(0.5, timeout), cwd, env, KEPT)


def cargo(label, args, timeout, cwd=APP, env=None, told=True):
    """Run Cargo as a step; give the status, the reason and what it printed."""
    settings = {
        "CARGO_TERM_COLOR": "never",
        "CARGO_INCREMENTAL": "0",
        "CARGO_TARGET_DIR": TARGET,
        **(env or {}),
    }
    code, took, output = run(["cargo", "--config", CAPPED, *args], timeout, cwd, settings)
    status, reason = judge(code)
    if status == "failed":
        reason = next((f"{c}: {m[1].strip()}" for p, c in CAUSES if (m := re.search(p, output))), reason)
    if told or status != "completed":
        say(step=label, status=status, reason=reason[:300], duration=round(took, 3))
    os.write(2, output[-SHOWN:].encode("utf-8", "replace"))
    return status, reason, output


def write(path, text):
    """Write a file of the app."""
    path = os.path.join(APP, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def depend(crate):
    """Make the app that depends on a crate."""
    wanted = (
        f"{json.dumps(crate.package)} = {{ path = {json.dumps(crate.folder)} }}\n" if crate.library else ""
    )
    head = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n'
    write("Cargo.toml", f"{head}{wanted}\n[profile.dev]\ncodegen-units = 1\ndebug = 0\n\n[workspace]\n")
    used = f"#[allow(unused_imports)]\nuse {crate.name} as _;\n\n" if crate.library else ""
    write("src/main.rs", f'{used}fn main() {{\n    println!("ready");\n}}\n')


def install(args, end):
    """Fetch and build an app that depends on the crate; without the crate's dependencies where these lack."""
    folder = disk.unpack(args.file)
    if not folder:
        finish("failed", "no-crate: nothing below one folder")
    crate = disk.Crate(folder)
    if not crate.package:
        finish("failed", "no-manifest: Cargo.toml")
    depend(crate)
    status, reason, _ = cargo("cargo fetch", ["fetch"], (end - time.monotonic()) / 2)
    without = ""
    if status == "failed" and reason.startswith(AWAY):
        without = reason
        disk.bare(crate.folder)
        status, reason, _ = cargo("cargo fetch (bare)", ["fetch", "--offline"], 20)
    elif crate.examples or crate.tests or crate.bins:
        # from here: settings that lie in a dependency's folder hold for nobody who depends on it
        argv = ["fetch", "--manifest-path", os.path.join(crate.folder, "Cargo.toml")]
        cargo("cargo fetch (development)", argv, min(40, end - time.monotonic()))
    if status == "completed":
        status, reason, _ = cargo("cargo build", ["build", "--offline"], end - time.monotonic())
    if without:
        reason = f"without-dependencies: {without}" if status == "completed" else reason
    finish(status, reason)


def found():
    """Give the crate that the app depends on, or that was unpacked last."""
    paths = [one.get("path") for one in (disk.manifest(APP).get("dependencies") or {}).values()]
    try:
        paths += [one.path for one in sorted(os.scandir(disk.SOURCES), key=lambda one: -one.stat().st_mtime)]
    except OSError:
        pass
    for path in paths:
        if path and os.path.isdir(path):
            return disk.Crate(path)
    finish("skipped", "not-installed")


def binary(name, folder=""):
    """Give the path of a program that Cargo built."""
    return os.path.join(TARGET, "debug", folder, name)


def tried(label, argv, timeout, cwd=None):
    """Run a program as a step."""
    code, took, output = run(argv, timeout, cwd)
    status, reason = judge(code)
    say(step=label, status=status, reason=reason, duration=round(took, 3))
    os.write(2, output[-500:].encode("utf-8", "replace"))
    return status


def load(args, end):
    """Link the crate into the app and run that; use its macros."""
    crate = found()
    if not crate.library:
        finish("skipped", "no-library")
    calls = sibling("cratecalls")
    if crate.macros:
        for number, (label, text) in enumerate(calls.macros(crate.folder, crate.name)[:MAX_RUN]):
            write(f"src/bin/m{number}.rs", text)
            if time.monotonic() < end - 2:
                cargo(
                    label,
                    ["build", "--offline", "--bin", f"m{number}"],
                    min(args.each, end - time.monotonic()),
                )
        finish("completed")
    calls.build(crate, write, cargo, "app", calls.named, end)
    status = tried("app", [binary("app")], min(args.each, end - time.monotonic()), APP)
    finish(status, "" if status == "completed" else "app")


def scripts(args, end):
    """Install the crate's commands and ask each for help."""
    crate = found()
    if not crate.bins:
        finish("skipped", "no-scripts")
    root = os.path.expanduser("~/.cargo")
    argv = ["install", "--path", crate.folder, "--offline", "--debug", "--force", "--root", root]
    status, reason, _ = cargo("cargo install", argv, (end - time.monotonic()) * 0.7, os.getcwd())
    if status != "completed":
        finish(status, reason)
    for name in crate.bins[:MAX_RUN]:
        for words in ([word] for word in args.word or ["--help"]):
            left = end - time.monotonic()
            if left > 0.5:
                tried(
                    " ".join([name, *words]), [os.path.join(root, "bin", name), *words], min(args.each, left)
                )
    finish("completed")


def execute(args, end):
    """Run the crate's examples, and call its functions with plausible arguments."""
    crate = found()
    done = 0
    if crate.library and not crate.macros:
        calls = sibling("cratecalls")
        if calls.build(crate, write, cargo, "calls", calls.called, end):
            done += 1
            for number in range(calls.MAX_STARTS):
                left = end - time.monotonic()
                if left < 1:
                    break
                argv = [binary("calls"), str(number)]
                code, took, output = run(argv, min(args.each, left), APP)
                status, reason = judge(code)
                for line in re.findall(r"^called (.{1,200})$", output, re.MULTILINE)[:200]:
                    say(step=line, status="completed")
                if code == 65 or "all called" in output:
                    break
                say(step=f"calls {number}", status=status, reason=reason, duration=round(took, 3))
    left = end - time.monotonic()
    if crate.examples and left > 5:
        own = os.path.join(crate.folder, "Cargo.toml")
        argv = ["build", "--offline", "--examples", "--keep-going", "--manifest-path", own]
        cargo("cargo build --examples", argv, left * 0.7)
        for name in crate.examples[:MAX_RUN]:
            left = end - time.monotonic()
            path = binary(name, "examples")
            if left > 0.5 and os.path.isfile(path):
                done += 1
                tried(f"example {name}", [path], min(args.each, left), APP)
    finish("completed" if done else "skipped", "" if done else "no-calls")


def tests(args, end):
    """Run the crate's tests in a folder such as a clone of its repository would be."""
    crate = found()
    if not crate.tests:
        finish("skipped", "no-tests")
    clone = os.path.join(os.getcwd(), "src", crate.package)
    shutil.copytree(crate.folder, clone, dirs_exist_ok=True)
    env = {"CARGO_TARGET_DIR": os.path.join(clone, "target")}
    argv = ["test", "--offline", "--no-fail-fast", "--tests"]
    status, reason, output = cargo("cargo test", argv, end - time.monotonic() - 1, clone, env)
    if reason.startswith(AWAY):
        finish(*alone(clone, env, reason, args, end))
    for name, came in re.findall(r"^test (\S{1,200}) \.\.\. (\w+)", output, re.MULTILINE)[:300]:
        say(step=name, status="completed" if came == "ok" else "failed")
    finish(status, reason)


def alone(clone, env, reason, args, end):
    """Run the tests that can be built without what only tests need; say how that ended."""
    disk.lean(clone)
    argv = ["build", "--offline", "--tests", "--keep-going"]
    cargo("cargo build --tests", argv, (end - time.monotonic()) * 0.7, clone, env)
    folder, done = os.path.join(env["CARGO_TARGET_DIR"], "debug", "deps"), 0
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if "." not in name and os.access(path, os.X_OK) and end - time.monotonic() > 1:
            done += 1
            label = name.rpartition("-")[0]
            tried(f"tests of {label}", [path], min(3 * args.each, end - time.monotonic()), clone)
    if not done:
        return "skipped", "no-tests: without what they need"
    return "completed", f"without-dependencies: {reason}"


def main():
    """Read the arguments, run the phase; whatever happens, the last line is printed."""
    phases = {"install": install, "import": load, "scripts": scripts, "execute": execute, "tests": tests}
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=tuple(phases))
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("--name", default="")
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--each", type=float, default=10.0)
    parser.add_argument(
        "--word", action="append", default=[]
    )  # arguments that the package's own code asks for
    args = parser.parse_intermixed_args()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    end = time.monotonic() + args.budget
    try:
        phases[args.phase](args, end)
    except Exception as err:
        finish("failed", f"driver: {type(err).__name__}: {err}")


if __name__ == "__main__":
    main()
