"""Go on as another driver, on a machine that has what a package looks for.

    python3 -I suited.py {"env": {…}, "files": [...], "host": "", "user": "", "folder": "", "start": [...]} DRIVER [ARGUMENT...]

A file begins with `~/` or lies in the folder where phases start; one that ends in `/` is a folder. What is there stays.
Machine and user are called `host` and `user` for all that the driver starts (`inside/drivers/named.c`). `folder` is where it
starts: below the home, with what is installed in the first one. `start` is what starts the driver.

A source archive of Python that looks for files beside itself is installed from a folder that has them, as from a checkout.
"""

import json
import os
import sys
import tarfile
import tempfile

wanted, driver, *rest = sys.argv[1:]
wanted = json.loads(wanted)
os.environ.update(wanted.get("env", {}))
for name in wanted.get("files", ()):
    path = os.path.abspath(os.path.expanduser(name))
    try:
        os.makedirs(path if name.endswith("/") else os.path.dirname(path), exist_ok=True)
        if not name.endswith("/") and not os.path.lexists(path):
            with open(path, "w") as file:
                file.write("{}\n" if name.endswith(".json") else "\n")
    except OSError:
        pass
for kind, names in (("host", ("HOSTNAME", "COMPUTERNAME")), ("user", ("USER", "LOGNAME", "USERNAME"))):
    if wanted.get(kind):
        os.environ["TK_" + kind.upper()] = wanted[kind]
        os.environ.update({name: wanted[kind] for name in names if kind == "user" or name in os.environ})
if wanted.get("folder"):
    here, there = os.getcwd(), os.path.join(os.path.expanduser("~"), wanted["folder"].strip("/\\ "))
    try:
        os.makedirs(there, exist_ok=True)
        for name in ("node_modules", "vendor", "app"):
            if os.path.lexists(os.path.join(here, name)) and not os.path.lexists(os.path.join(there, name)):
                os.symlink(os.path.join(here, name), os.path.join(there, name))
        os.chdir(there)
        os.environ["PWD"] = there
    except OSError:
        pass


def checkout(archive, names):
    """Unpack an archive as pip does, and put there what is looked for; give the folder."""
    folder = tempfile.mkdtemp(prefix="pip-req-build-")
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    (top,) = os.listdir(folder)
    for name in names:
        path = os.path.normpath(os.path.join(folder, top, name))
        os.makedirs(path if name.endswith("/") else os.path.dirname(path), exist_ok=True)
        if not name.endswith("/") and not os.path.lexists(path):
            with open(path, "w") as file:
                file.write("{}\n" if name.endswith(".json") else "\n")
    return os.path.join(folder, top)


beside = [name for name in wanted.get("files", ()) if not name.startswith("~")]
if beside and driver == "pypi.py" and rest[0] == "install" and rest[-1].endswith(".tar.gz"):
    try:
        rest[-1] = checkout(rest[-1], beside)
    except (OSError, ValueError, EOFError, tarfile.TarError):
        pass
driver = os.path.join(os.path.dirname(os.path.abspath(__file__)), driver)
command = [*wanted.get("start", []), driver, *rest]
os.execvp(command[0], command)
