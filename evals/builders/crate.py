"""Crates, as `cargo package` makes them."""

from collections.abc import Mapping

from evals.builders.packing import tarred
from evals.scenario import Scenario


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: ARG001, FBT001
    """Below `name-version/`."""
    stem = f"{scenario.name}-{scenario.version}"
    return f"{stem}.crate", tarred(files, scenario.modes, stem)
