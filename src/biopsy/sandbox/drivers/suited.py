"""Go on as another driver, on a machine that has what a package looks for.

    python3 -I suited.py {"env": {…}, "files": [...]} DRIVER [ARGUMENT...]

A file begins with `~/` or lies in the folder where phases start; one that ends in `/` is a folder. What is there stays.
"""

import json
import os
import sys

wanted, driver, *rest = sys.argv[1:]
wanted = json.loads(wanted)
os.environ.update(wanted["env"])
for name in wanted["files"]:
    path = os.path.abspath(os.path.expanduser(name))
    try:
        os.makedirs(path if name.endswith("/") else os.path.dirname(path), exist_ok=True)
        if not name.endswith("/") and not os.path.lexists(path):
            with open(path, "w") as file:
                file.write("{}\n" if name.endswith(".json") else "\n")
    except OSError:
        pass
driver = os.path.join(os.path.dirname(os.path.abspath(__file__)), driver)
start = ["python3", "-I"] if driver.endswith(".py") else ["node"]
os.execvp(start[0], [*start, driver, *rest])
