"""Modules of Go, as the module proxy serves them."""

from collections.abc import Mapping

from evals.builders.packing import zipped
from evals.scenario import Scenario


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: ARG001, FBT001
    """Below `path@version/`, which is the only thing that says the version."""
    top = f"{scenario.name}@v{scenario.version}"
    members = {"go.mod": f"module {scenario.name}\n\ngo 1.22\n".encode()} | dict(files)
    return f"{scenario.name.rpartition('/')[2]}@v{scenario.version}.zip", zipped(members, {}, top)
