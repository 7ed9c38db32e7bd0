"""Source distributions of Python."""

from collections.abc import Mapping

from evals.builders.packing import tarred
from evals.builders.wheel import metadata
from evals.scenario import Scenario


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: FBT001
    """With its PKG-INFO."""
    stem = f"{scenario.name.replace('-', '_')}-{scenario.version}"
    members = {"PKG-INFO": metadata(scenario, payload).encode()} | dict(files)
    return f"{stem}.tar.gz", tarred(members, scenario.modes, stem)
