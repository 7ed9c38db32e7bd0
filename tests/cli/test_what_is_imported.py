"""A start brings what it needs and nothing else: whoever reads one small package should not wait for the rest."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SELDOM = (
    *("httpx", "ssl", "certifi", "jinja2", "yaml", "rapidfuzz", "nodesemver", "packaging.requirements"),
    *("biopsy.pipeline.dynamic", "biopsy.cli.elevate", "biopsy.detect.folder", "biopsy.formats.html"),
    *(
        "biopsy.formats.sarif",
        "biopsy.ecosystems.pypi",
        "biopsy.static.pickles",
        "biopsy.static.python.lower",
        "tree_sitter_typescript",
        "google.protobuf",
    ),
)
"""Modules for the network, for reading rules, for other formats and for the other ecosystem."""

_SAY = "import sys; sys.argv = sys.argv[1:]\nfrom biopsy.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"


def _imported(*words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SAY, "biopsy", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr
    return set(done.stderr.split())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "lodash-1.0.0.tgz"
    files = {
        "package.json": b'{"name": "lodash", "version": "1.0.0"}',
        "index.js": b"module.exports = (x) => x\n",
    }
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_help_brings_nothing_that_reads_packages() -> None:
    imported = _imported("--help")
    assert not imported & {*SELDOM, "msgspec", "biopsy.pipeline", "biopsy.static", "biopsy.detect"}


def test_a_second_small_package_of_npm_brings_only_what_reads_it(package: Path, tmp_path: Path) -> None:
    command = ("analyze", str(package), "--static-only", "--against", "none", "-q", "--home", str(tmp_path))
    _imported(*command)  # the first one reads the rules, and keeps them
    assert _imported(*command) & set(SELDOM) == set()


def test_a_report_for_programs_needs_nothing_that_draws(package: Path, tmp_path: Path) -> None:
    command = ("analyze", str(package), "--static-only", "--against", "none", "-q", "-f", "json")
    assert "rich.console" not in _imported(*command, "--home", str(tmp_path))
