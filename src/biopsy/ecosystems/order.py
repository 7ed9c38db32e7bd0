"""Which release stands before another: one answer, for whoever asks."""

from collections.abc import Callable, Iterable, Sequence

from biopsy.ecosystems.protocol import Published


def earlier(ordered: Sequence[str], here: str, early: Callable[[str], bool]) -> str | None:
    """Choose the last version before `here`; a pre-release only where `here` is one or nothing else is.

    `ordered` stand oldest first, and `early` tells a pre-release, as the ecosystem has it. None where
    there is none before, or `here` is not among them.
    """
    older = list(ordered[: ordered.index(here)]) if here in ordered else []
    if not early(here):
        older = [version for version in older if not early(version)] or older
    return older[-1] if older else None


def previous(every: Iterable[Published], here: str, early: Callable[[str], bool]) -> str | None:
    """Choose the version before `here` of those that were not withdrawn."""
    return earlier([one.version for one in every if one.yanked is None or one.version == here], here, early)
