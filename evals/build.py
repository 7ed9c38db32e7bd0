"""Build the artifact of a scenario: a real wheel, tarball, crate, the same bytes every time."""

from collections.abc import Callable
from pathlib import Path

from evals.builders import builder
from evals.scenario import Scenario
from evals.vary import styled

Edit = Callable[[dict[str, bytes]], dict[str, bytes]]
"""A change of a package's own files, made before they are packed."""


def build(scenario: Scenario, folder: Path, *, payload: bool = True, edit: Edit | None = None) -> Path:
    """Write the artifact into `folder` and return its path; without `payload` it is the clean twin."""
    folder.mkdir(parents=True, exist_ok=True)
    files = scenario.contents(payload=payload)
    if scenario.style:
        files = styled(files, scenario.style)
    if edit:
        files = edit(files)
    name, data = builder(scenario.artifact)(scenario, files, payload)
    path = folder / name
    path.write_bytes(data)
    return path
