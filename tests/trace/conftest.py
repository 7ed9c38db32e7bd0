"""Property tests without a deadline (machines are busy); and a way to observe a script in a real sandbox."""

import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from biopsy.model.run import Phase, Run
from biopsy.sandbox.observe import observe
from biopsy.sandbox.raw import Job, Subject
from thorough import often

settings.register_profile("unhurried", deadline=None, max_examples=often(50, 100))
settings.load_profile("unhurried")


@pytest.fixture
def witness(home: Path, tmp_path: Path) -> Callable[..., Run]:
    """Run Python scripts, a phase each, as a package's code runs (a fork of the driver), and observe them."""
    from biopsy.sandbox.run import raw_run

    def refuse(_: object) -> object:
        raise OSError("no registry in this test")

    def run(*scripts: str, timeout: float = 60.0) -> Run:
        parts = "".join(
            f"if sys.argv[1] == '{number}':\n" + textwrap.indent(textwrap.dedent(script), "        ")
            for number, script in enumerate(scripts)
        )
        artifact = tmp_path / "script.py"
        body = textwrap.indent(parts, "        ")
        artifact.write_text(
            "import os, sys, time, socket, subprocess, signal, json\n"
            f"child = os.fork()\nif not child:\n    try:\n{body}\n    finally:\n        os._exit(0)\n"
            "os.waitpid(child, 0)\nprint(json.dumps({'phase': 'completed'}))\n"
        )
        phases = tuple(Phase(f"p{n}", "{artifact}", (str(n),), timeout) for n in range(len(scripts)))
        subject = Subject("pypi", "x", "1", "script.py")
        job = Job(f"trace-{time.time_ns()}", subject, artifact, "laptop", phases)
        with raw_run(job, home, forward=refuse, progress=lambda _: None) as raw:  # type: ignore[arg-type]
            return observe(raw, subject, None)

    return run
