"""When the code of an extension runs.

The editor loads `main` and calls `activate` when an event comes (the hooks say which): that is import,
whenever it is, since every extension that does anything is started so. Other scripts are loaded by those, or
by web views.
"""

import json
from collections.abc import Mapping

from biopsy.ecosystems.npm import moments as of_npm
from biopsy.ecosystems.npm.package import PATH
from biopsy.ecosystems.reading import read
from biopsy.ecosystems.vscode_extension import extension
from biopsy.model.behaviour import When
from biopsy.model.release import Tree


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each script. What npm would run at an install, no editor runs."""
    package = extension.load(tree)
    found = dict(of_npm.moments(tree))
    if package is None:
        return found
    for path, when in found.items():
        if when is When.INSTALL:
            found[path] = When.IMPORT
    for path in of_npm.reached(tree, [path for _, path in extension.entries(package)]):
        found[path] = When.IMPORT
    for path in of_npm.reached(tree, _uninstall(tree)):
        found[path] = When.START
    return found


def _uninstall(tree: Tree) -> list[str]:
    try:
        document = json.loads(read(tree, PATH) or "")
    except (ValueError, RecursionError):
        return []
    scripts = document.get("scripts") if isinstance(document, dict) else None
    command = scripts.get("vscode:uninstall") if isinstance(scripts, dict) else None
    words = command[:10_000].split() if isinstance(command, str) else []
    return [word for word in words if word.endswith((".js", ".cjs", ".mjs")) or word.startswith("./")]
