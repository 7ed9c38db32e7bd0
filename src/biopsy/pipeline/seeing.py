"""What decides on further machines, taken from the package's code and the list of names in wide use."""

from pathlib import Path
from typing import Final

from biopsy.ecosystems.names import listed
from biopsy.model.dossier import Dossier
from biopsy.pipeline import around, platforms, waiting
from biopsy.pipeline.roster import Sight
from biopsy.pipeline.source import Opened

EVALUATED: Final = "evaluated/"
"""How the path begins under which code is read that was made while it ran; whoever does that acts."""


def sight(opened: Opened, so_far: Dossier, home: Path) -> Sight:
    """Give it; code is looked into as far as for all that is looked for (`waiting.files`)."""
    code = dict(waiting.files(opened.tree))
    release = opened.sample.release

    def text(path: str) -> str:
        return code.get(path, "")

    return Sight(
        systems=platforms.asked(code.values()),
        looks=around.looks(so_far.behaviours, text),
        rank=listed.load(release.ecosystem, home).rank(release.name) if opened.sample.listing else 0,
        acts=lambda path: path.startswith(EVALUATED) or platforms.acts(text(path)),
    )
