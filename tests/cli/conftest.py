"""What tests of the command line share: the command itself, and the sample analyses of the formats."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parent.parent / "formats"))

SETUP = "from setuptools import setup\nsetup(name='calm', version='1.0', py_modules=['calm'])\n"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run biopsy with a home of its own."""

    def command(*arguments: object, **environ: str) -> Result:
        from biopsy.cli.app import biopsy

        return CliRunner().invoke(biopsy, list(map(str, arguments)), env={"BIOPSY_HOME": str(tmp_path / "home"), "COLUMNS": "100", **environ})  # fmt: skip

    return command


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A harmless package, unpacked."""
    folder = tmp_path / "calm-1.0"
    folder.mkdir()
    (folder / "setup.py").write_text(SETUP)
    (folder / "calm.py").write_text("def breathe() -> str:\n    return 'in, out'\n")
    return folder
