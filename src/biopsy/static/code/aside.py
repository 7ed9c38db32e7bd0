"""Which tests and documents are worth following: those in which both ends of something strong stand.

Nobody runs them unasked, and no rule hears what such code merely can do; many packages have more of them
than of all else. What any other file leads to is followed with that, whatever its path says.
"""

from collections.abc import Set as AbstractSet

from msgspec import Struct

from biopsy.model.behaviour import When

ASIDE = frozenset({When.TEST, When.DOCS})
"""Moments of what is run by those who work on a package."""


class Strong(Struct, frozen=True):
    """The words of a language for what a strong finding begins and ends with."""

    evaluates: frozenset[str]  # code, or reaches what does
    starts: frozenset[str]  # programs
    sends: frozenset[str]  # or fetches
    decodes: frozenset[str]
    secrets: frozenset[str]  # and what tells whose machine this is

    def stands(self, words: AbstractSet[str]) -> bool:
        """Whether among these words are both ends of anything strong."""
        sends = not self.sends.isdisjoint(words)
        if not self.evaluates.isdisjoint(words) and (sends or not self.decodes.isdisjoint(words)):
            return True
        if not self.starts.isdisjoint(words) and not self.decodes.isdisjoint(words):
            return True
        return sends and not self.secrets.isdisjoint(words)
