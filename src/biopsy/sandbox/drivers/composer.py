"""Install a PHP package with Composer, start what loads it, load every file, try its commands, call its code.

    python3 -I composer.py install --name VENDOR/NAME [--budget SECONDS] FILE
    python3 -I composer.py start|import|scripts|execute|tests --name VENDOR/NAME [--budget SECONDS] [--each SECONDS]

Prints a JSON line for each step and one for the whole; exits 0 (completed), 64 (failed) or 65 (skipped).

Composer runs plugins inside itself. So what is only fetched and put in its place is fetched without them, by
the Composer that everybody has; what runs a package's code is called by another name (RUNS), under which it
counts as the package's. A `project` is installed as the root, for then its scripts run.
"""

import argparse
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tarfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
FETCHES, RUNS = ["php", "/usr/bin/composer"], ["php", "/usr/local/bin/composer"]
OPTIONS = ["--no-interaction", "--no-ansi", "--ignore-platform-reqs"]
QUIET = ["--no-plugins", "--no-scripts", "--no-audit"]
KEPT = (
    "require",
    "autoload",
    "bin",
    "type",
    "extra",
    "replace",
    "provide",
    "conflict",
    "include-path",
    "target-dir",
)
PLUGINS = ("composer-plugin", "composer-installer")
EVENTS = (
    "pre-command-run", "init", "command", "post-root-package-install", "pre-install-cmd", "pre-update-cmd",
    "pre-operations-exec", "pre-package-install", "post-package-install", "pre-autoload-dump", "post-autoload-dump",
    "post-update-cmd", "post-install-cmd", "post-create-project-cmd",
)  # fmt: skip
MAX_MANIFEST = 4 * 1024 * 1024
MAX_SCRIPTS = 30
SHOWN = 4000
CAUSES = (
    (r"Could not find a (?:matching )?version of package (.{1,200})", "dependency-missing"),
    (
        r"(?:requires|require) (\S{1,100}) .{0,200}(?:could not be found|no matching package)",
        "dependency-missing",
    ),
    (r"requires (\S{1,100}) [^\n]{0,200}-> (?:could not|found|it|satisfiable)", "dependency-conflict"),
    (r"(No space left on device)", "disk-full"),
    (r"Could not delete|(?:Failed to|could not) (?:extract|open zip archive)(.{0,200})", "unpack-failed"),
    (r"(?:Your requirements could not be resolved)(.{0,1})", "dependency-conflict"),
    (r"The \"([^\"]{1,200})\" file could not be downloaded", "dependency-missing"),
    (r"\[([A-Za-z\\]{1,100}Exception)\]", "composer-failed"),
)


def sibling(name):
    """Import a module that lies beside this file, and leave no trace of that."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.append(HERE)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(HERE)
        sys.dont_write_bytecode = written


command = sibling("pypi")  # how commands are run and judged is the same
say, finish, run, judge = command.say, command.finish, command.run, command.judge


# ---- install


def manifest(file):
    """Read the composer.json of an archive: the one that stands highest; an empty one where there is none."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as pack:
                path = highest(pack.namelist())
                data = pack.open(path).read(MAX_MANIFEST) if path else b"{}"
        else:
            with tarfile.open(file) as pack:
                path = highest(pack.getnames())
                data = pack.extractfile(path).read(MAX_MANIFEST) if path else b"{}"
        found = json.loads(data)
        return found if isinstance(found, dict) else {}
    except Exception:
        return {}


def highest(names):
    """Give the composer.json that is nearest to the top, and no deeper than in one folder."""
    found = sorted(
        (n.count("/"), n) for n in names if n.rpartition("/")[2] == "composer.json" and n.count("/") < 2
    )
    return found[0][1] if found else ""


def release(about, file):
    """Give the version under which it is installed."""
    version = about.get("version")
    if isinstance(version, str) and re.fullmatch(r"v?\d+(?:\.\d+){0,3}(?:-\w+(?:\.\d+)*)?", version):
        return version
    match = re.search(
        r"[-_]v?(\d+(?:\.\d+){1,3})(?:[-.]?(?:alpha|beta|rc|a|b|p|pl)[.-]?\d*)?\.(?:zip|tar|tgz)", file, re.I
    )
    return match[1] if match else "1.0.0"


def root(name, version, about, file, *, bare):
    """Write the composer.json of somebody's project, which has the archive as a repository of its own."""
    package = {key: about[key] for key in KEPT if key in about}
    if bare:
        package["require"] = {}
    # made a library for once, where it would be the root otherwise: nobody may require a project
    package.update(
        name=name,
        version=version,
        dist={"type": "zip" if zipfile.is_zipfile(file) else "tar", "url": os.path.abspath(file)},
    )
    repositories = [{"type": "package", "package": package}]
    if not os.path.exists(os.path.expanduser("~/.config/composer/config.json")):
        repositories.append({"packagist.org": False})
    config = {"allow-plugins": True, "platform-check": False, "secure-http": False}
    document = {"name": "team/site", "require": {}, "minimum-stability": "dev", "prefer-stable": True}
    with open("composer.json", "w") as out:
        json.dump({**document, "repositories": repositories, "config": config}, out, indent=4)
    if os.path.exists("composer.lock"):
        os.unlink("composer.lock")


def install(args, end):
    """Have it required; then run what an install runs. Without its dependencies where these cannot be had."""
    about, reason, status, shown = manifest(args.file), "", "failed", ""
    version = release(about, os.path.basename(args.file))
    for bare in (False, True):
        root(args.name, version, about, args.file, bare=bare)
        argv = [
            *FETCHES,
            "require",
            f"{args.name}:{version}",
            *OPTIONS,
            *QUIET,
            "--no-progress",
            "--prefer-dist",
        ]
        code, took, output = run(argv, end - time.monotonic())
        status, why = judge(code)
        if status == "failed":
            why = next((f"{c}: {m[1]}".strip(": ") for p, c in CAUSES if (m := re.search(p, output))), why)
        label = "composer require" + (" without dependencies" if bare else "")
        say(step=label, status=status, reason=why, duration=round(took, 3))
        shown += output[-SHOWN:]
        if status == "completed":
            reason = f"without-dependencies: {reason}" if reason else ""
        else:
            reason = why
        if (
            not why.startswith(("dependency-", "composer-failed"))
            or not about.get("require")
            or time.monotonic() > end - 5
        ):
            break
    if status == "completed":
        shown += running(args.name, about, end)
    os.write(2, shown.encode("utf-8", "replace")[-2 * SHOWN :])
    finish(status, reason)


def running(name, about, end):
    """Run what an install runs of the package's: the plugin that it is, or the scripts of the root that it is."""
    if about.get("type") in PLUGINS:
        # the second once more, for what it leaves behind is what an install leaves behind
        commands = [
            (["reinstall", name, *OPTIONS, "--no-progress"], "."),
            (["install", *OPTIONS, "--no-progress"], "."),
        ]
    elif about.get("type") == "project" and isinstance(about.get("scripts"), dict):
        folder = name.rpartition("/")[2]
        shutil.copytree(os.path.join("vendor", name), folder, symlinks=True, dirs_exist_ok=True)
        if not os.path.exists(os.path.join(folder, "vendor")):
            shutil.copytree("vendor", os.path.join(folder, "vendor"), symlinks=True)
        events = [event for event in EVENTS if event in about["scripts"]]
        commands = [(["run-script", event, *OPTIONS[:2]], folder) for event in events]
    else:
        return ""
    shown, here = "", os.getcwd()
    for arguments, folder in commands:
        left = end - time.monotonic()
        if left < 1:
            say(step=f"composer {arguments[0]}", status="skipped", reason="budget")
            continue
        os.chdir(folder)
        code, took, output = run([*RUNS, *arguments], min(60.0, left))
        os.chdir(here)
        status, why = judge(code)
        say(step="composer " + " ".join(arguments[:2]), status=status, reason=why, duration=round(took, 3))
        shown += output[-SHOWN:]
    return shown


# ---- start, scripts


def start(args, end):
    """Load what everybody loads who uses anything of the project."""
    if not os.path.exists("vendor/autoload.php"):
        finish("skipped", "not-installed")
    code, took, output = run(
        ["php", "-r", 'require "vendor/autoload.php";'], max(0.5, end - time.monotonic())
    )
    status, reason = judge(code)
    say(step="require vendor/autoload.php", status=status, reason=reason, duration=round(took, 3))
    os.write(2, output.encode("utf-8", "replace")[-SHOWN:])
    finish(status, reason)


def scripts(args, end):
    """Ask each installed command for help."""
    folder = os.path.join("vendor", "bin")
    names = sorted(os.listdir(folder))[:MAX_SCRIPTS] if os.path.isdir(folder) else []
    own = [name for name in names if name in {os.path.basename(path) for path in binaries(args.name)}]
    tried = 0
    for name in own:
        left = end - time.monotonic()
        if left < 0.5:
            break
        tried += 1
        path = os.path.join(folder, name)
        for word in args.word or ["--help"]:
            code, took, _ = run([path, word], min(5.0, left))
            status, reason = judge(code)
            say(step=f"{name} {word}", status=status, reason=reason, duration=round(took, 3))
    if not own:
        finish("skipped", "no-scripts")
    finish("completed", f"budget: {len(own) - tried} of {len(own)} not reached" if tried < len(own) else "")


def binaries(name):
    """Give the paths of the commands that a package installs."""
    about = installed(name)
    found = about.get("bin") or []
    return [found] if isinstance(found, str) else [one for one in found if isinstance(one, str)]


def installed(name):
    """Read the manifest of the installed package."""
    try:
        with open(os.path.join("vendor", name, "composer.json"), encoding="utf-8", errors="replace") as file:
            found = json.loads(file.read(MAX_MANIFEST))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError, RecursionError):
        return {}


def load(args, end):
    """Load every file, or call what they define."""
    sibling("composer_files").load(args, binaries(args.name), end)


def main():
    """Read the arguments, run the phase; whatever happens, the last line is printed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=("install", "start", "import", "scripts", "execute", "tests"))
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
    phases = {
        "install": install,
        "start": start,
        "import": load,
        "scripts": scripts,
        "execute": load,
        "tests": load,
    }
    try:
        phases[args.phase](args, end)
    except Exception as err:
        finish("failed", f"driver: {type(err).__name__}: {err}")


if __name__ == "__main__":
    main()
