"""The sandbox part of an analysis: which phases under which profiles, with what taken off as noise."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from biopsy import ecosystems
from biopsy.errors import SandboxError, UsageError
from biopsy.model.run import Outcome, Phase, Run, Status, Watch
from biopsy.pipeline.source import Opened

if TYPE_CHECKING:
    from biopsy.pipeline.analyze import Options, Progress

DEFAULT_PROFILES = ("laptop", "github-actions")
NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Ran:
    """The runs of one artifact, and what they were made with."""

    runs: tuple[Run, ...]
    image: str = ""
    gvisor: str = ""
    platform: str = ""


def version_order(ecosystem: str) -> Callable[[str], object]:
    """The sort key of an ecosystem's versions."""
    return ecosystems.by_type(ecosystem).version_key
