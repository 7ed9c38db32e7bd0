"""Which releases a line of a policy means: a purl in which `*` and `?` stand for anything, for one letter."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from biopsy.errors import UsageError

MAX_TEXT = 512
"""Characters of a pattern."""


class Wanted(NamedTuple):
    """A pattern: `ecosystem` is a purl type, `name` and `version` are patterns of fnmatch."""

    text: str
    ecosystem: str
    name: str
    version: str

    def fits(self, ecosystem: str, name: str) -> bool:
        """Whether a package is meant; `name` in the one spelling that its ecosystem has for it."""
        return ecosystem == self.ecosystem and fnmatchcase(name, self.name)

    def version_fits(self, version: str) -> bool:
        """Whether a version of such a package is meant."""
        return not self.version or fnmatchcase(version, self.version)


def wanted(text: str, rules: Mapping[str, Callable[[str], str]]) -> Wanted:
    """Read a pattern: `pkg:npm/@types/*`, `pkg:pypi/six@1.*`. Raises UsageError that says what is wrong."""
    kind, slash, rest = text.removeprefix("pkg:").partition("/")
    if len(text) > MAX_TEXT or not text.startswith("pkg:") or not slash or not rest:
        raise UsageError(f"no pattern of releases: {text[:80]!r} (pkg:npm/NAME, pkg:pypi/NAME@VERSION)")
    if kind not in rules:
        raise UsageError(f"{text[:80]!r}: no ecosystem {kind!r}; guarded are: {', '.join(sorted(rules))}")
    name, at, version = rest.rpartition("@")
    if not at or not name or name.endswith("/"):  # the @ of a scope is none of a version
        name, version = rest, ""
    return Wanted(text, kind, _spelled(kind, unquote(name), rules[kind]), unquote(version))


@lru_cache(1024)
def _spelled(kind: str, name: str, canonical: Callable[[str], str]) -> str:  # noqa: ARG001
    """The pattern as names are spelled, its stars left in place."""
    return canonical(name)
