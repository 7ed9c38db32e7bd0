"""Tarballs of npm."""

from collections.abc import Mapping

from evals.builders.packing import tarred
from evals.scenario import Scenario


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: ARG001, FBT001
    """Below `package/`, as npm packs."""
    stem = scenario.name.removeprefix("@").replace("/", "-")
    return f"{stem}-{scenario.version}.tgz", tarred(files, scenario.modes, "package")
