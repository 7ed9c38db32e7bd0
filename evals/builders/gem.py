"""Gems: what lies in `exe/` is a command; an `extconf.rb` or a Rakefile in `ext/` is an extension."""

import re
from collections.abc import Mapping

from biopsy.ecosystems.gem.empty import pack
from evals.scenario import Scenario

_EXTENSION = re.compile(r"ext/(?:.*/)?(?:extconf\.rb|Rakefile|mkrf_conf\.rb|configure)")


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: FBT001
    """As `gem build` would."""
    made = pack(
        scenario.name,
        scenario.version,
        files,
        modes=scenario.modes,
        dependencies=scenario.requires + (scenario.payload_requires if payload else ()),
        executables=[path.removeprefix("exe/") for path in files if path.startswith("exe/")],
        extensions=[path for path in files if _EXTENSION.fullmatch(path)],
        summary=scenario.summary or scenario.title,
    )
    return f"{scenario.name}-{scenario.version}.gem", made
