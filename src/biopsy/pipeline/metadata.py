"""What is to be known of a release beside its code: the registry's facts, and its other artifact."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from biopsy.ecosystems import facts
from biopsy.model.behaviour import Behaviour
from biopsy.pipeline import siblings
from biopsy.pipeline.source import Opened


def read(
    opened: Opened, home: Path, store: Path, scratch: Path, today: date, *, sibling: bool = True
) -> Iterator[Behaviour]:
    """Yield what is to be known as of a date; only its sibling is fetched, into `store`, if wanted."""
    sample = opened.sample
    it = facts.subject(sample.ecosystem, sample.release, opened.tree, sample.listing, home)
    yield from facts.of(it, today)
    if sibling:
        yield from siblings.read(opened, store, scratch)
