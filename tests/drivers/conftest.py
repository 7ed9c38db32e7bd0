"""Drivers, run natively on small packages of our own."""

import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import biopsy.sandbox

FOLDER = Path(biopsy.sandbox.__file__).parent / "drivers"


@dataclass
class Report:
    """What a driver printed."""

    steps: dict[str, tuple[str, str]] = field(default_factory=dict)
    lines: dict[str, tuple[int, str]] = field(default_factory=dict)
    phase: str = ""
    reason: str = ""
    exit: int = 0
    seconds: float = 0.0
    errors: str = ""

    def status(self, step: str) -> str:
        """The status of a step."""
        return self.steps[step][0]


Drive = Callable[..., Report]


def drive(argv: list[str], cwd: Path, timeout: float = 60.0) -> Report:
    """Run a driver as the cell does; everything it leaves behind ends with the test."""
    start = time.monotonic()
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "NODE_OPTIONS"))},
    )
    try:
        output, errors = process.communicate(timeout=timeout)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    report = Report(exit=process.returncode, seconds=time.monotonic() - start, errors=errors)
    for line in output.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "phase" in said:
            report.phase, report.reason = said["phase"], said["reason"]
        elif "lines" in said:
            report.lines[said["lines"]] = (said["of"], said["seen"])
        elif "step" in said:
            report.steps[said["step"]] = (said["status"], said["reason"])
    return report


@dataclass
class Site:
    """A virtual environment, and a project folder beside it."""

    root: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / "venv" / "bin" / "python3"

    @property
    def packages(self) -> Path:
        """Where distributions lie."""
        return next((self.root / "venv" / "lib").glob("python3*/site-packages"))

    def install(self, name: str, files: dict[str, str], entry_points: str = "") -> None:
        """Put a distribution in place as pip would have."""
        lines = []
        for path, text in files.items():
            target = self.packages / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            lines.append(f"{path},,\n")
        info = self.packages / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        (info / "RECORD").write_text("".join(lines))

    def drive(self, driver: str, *args: str) -> Report:
        """Run a driver in the project folder."""
        return drive([str(self.python), "-I", str(FOLDER / driver), *args], self.root / "project")


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "venv", "--without-pip", str(root / "venv")]
    subprocess.run(command, check=True)
    return root


@pytest.fixture
def site(_empty: Path, tmp_path: Path) -> Site:
    """A fresh environment."""
    shutil.copytree(_empty / "venv", tmp_path / "venv", symlinks=True)
    (tmp_path / "project").mkdir()
    return Site(tmp_path)


def wheel(folder: Path, name: str, files: dict[str, str], requires: str = "") -> Path:
    """Make a wheel."""
    import zipfile

    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    members = {
        **files,
        f"{info}/METADATA": metadata + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**members, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(member, text)
    return path
