"""A zip of a tag, as code hosts make it and Composer takes it: everything below one folder."""

import hashlib
from collections.abc import Mapping

from evals.builders.packing import zipped
from evals.scenario import Scenario


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: ARG001, FBT001
    """Return the name and the bytes of the artifact."""
    stem = scenario.name.replace("/", "-")
    commit = hashlib.sha256(f"{scenario.name} {scenario.version}".encode()).hexdigest()[:7]
    return f"{stem}-{scenario.version}.zip", zipped(files, scenario.modes, f"{stem}-{commit}")
