"""The phases of a run done on this machine itself: the same drivers, the same arguments, no sandbox.

Only our own packages come here: what is installed natively is trusted.
"""

import os
import shutil
import subprocess
import tempfile
import time
import venv
from importlib.resources import files as resources
from pathlib import Path

from biopsy.ecosystems import Ecosystem
from biopsy.model.release import Artifact, Tree
from biopsy.sandbox import image_tools

_SKIPPED = 65


def phases(ecosystem: Ecosystem, tree: Tree, artifact: Artifact) -> dict[str, float]:
    """Run the plan of an artifact natively; return the seconds of each phase."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        env = _environment(folder)
        copy = shutil.copy2(artifact.path, folder / artifact.filename)
        spent = {}
        for phase in ecosystem.plan(tree, artifact):
            driver = resources("biopsy.sandbox") / "drivers" / phase.driver
            python = folder / "venv" / "bin" / "python3"
            node = folder / "tools" / "node"
            runtime = [python, "-I"] if phase.driver.endswith(".py") else [node]
            args = [arg.replace("{artifact}", str(copy)) for arg in phase.args]
            began = time.perf_counter()
            done = subprocess.run(
                [*runtime, str(driver), *args],
                cwd=folder / "project",
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=phase.timeout,
                check=False,
            )
            spent[phase.name] = time.perf_counter() - began
            if done.returncode not in (0, _SKIPPED):
                raise RuntimeError(f"{phase.name} failed natively: {done.stdout[-300:].decode()}")
        return spent


def _environment(folder: Path) -> dict[str, str]:
    venv.create(folder / "venv", with_pip=True)
    (folder / "project").mkdir()
    (folder / "project" / "package.json").write_text('{"name": "project", "version": "1.0.0"}')
    node, tools = image_tools.node_folder(), folder / "tools"
    tools.mkdir()
    (tools / "node").symlink_to(node / "bin" / "node")
    for name in ("npm", "npx"):
        (tools / name).write_text(
            f'#!/bin/sh\nexec node {node}/lib/node_modules/npm/bin/{name}-cli.js "$@"\n'
        )
        (tools / name).chmod(0o755)
    path = f"{folder / 'venv' / 'bin'}:{tools}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(folder), "VIRTUAL_ENV": str(folder / "venv")}
