"""The code that was evaluated, for a terminal: what evaluated it, where, and how each text begins."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from biopsy.formats.views import evaluated
from biopsy.formats.views.fitted import Fitted
from biopsy.formats.views.measure import many
from biopsy.formats.views.visible import visible
from biopsy.model.dossier import Dossier

MAX_LAYERS = 5
"""Texts that are shown on the screen."""


def section(dossier: Dossier) -> Iterator[RenderableType]:
    """The lines of the section; none where nothing was evaluated."""
    layers = evaluated.layers(dossier)
    if not layers:
        return
    yield Text()
    yield _line(("Evaluated while it ran  ", "bold"), many(len(layers), "text"))
    for layer in layers[:MAX_LAYERS]:
        arrow = "  " * layer.depth + ("↳ " if layer.depth else "")
        word = visible(layer.evaluated.evaluator, limit=40)
        first = visible(layer.first, limit=160)
        head = Text.assemble("  ", arrow, (word, "cyan"), "  ")
        yield Fitted(head, Text(first), Text(f"@ {visible(layer.place)}", "dim"))
    if len(layers) > MAX_LAYERS:
        yield _line((f"  and {len(layers) - MAX_LAYERS} more", "dim"))


def _line(*pieces: str | tuple[str, str]) -> Text:
    return Text.assemble(*pieces, no_wrap=True, overflow="ellipsis")
