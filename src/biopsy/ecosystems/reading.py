"""Reading a tree's text files under a limit, and looking for paths in it."""

import re
from collections.abc import Iterator

from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_MANIFEST = 4 * 1024**2
"""Longest manifest or source read for hooks and moments, in bytes; what is longer counts as absent."""

MAX_READ = 32 * 1024**2
"""Most source that is read to follow imports from file to file, in characters."""

_TEST = regex(
    r"(?:^|/)(?:tests?|testing|__tests__|__mocks__|specs?|fixtures|testdata|e2e)/"
    r"|(?:^|/)(?:test_[^/]*\.py|[^/]*_test\.py|conftest\.py|[^/]+\.(?:test|spec)\.[cm]?[jt]sx?)$",
    re.IGNORECASE,
)
_DOCS = regex(
    r"(?:^|/)(?:docs?|documentation|examples?|samples?|demos?|tutorials?|benchmarks?)/", re.IGNORECASE
)


def read(tree: Tree, path: str) -> str | None:
    """Give the text of a file, undecodable bytes replaced; None where there is none or too much."""
    try:
        with (tree.root / path).open("rb") as file:
            data = file.read(MAX_MANIFEST + 1)
    except (OSError, ValueError):
        return None
    if len(data) > MAX_MANIFEST:
        return None
    return data.decode("utf-8-sig", "replace")


def under(tree: Tree, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield the paths that match the whole pattern."""
    for file in tree.files:
        if pattern.fullmatch(file.path):
            yield file.path


def aside(path: str) -> When | None:
    """Say whether a path is that of tests or documentation, by the words in it."""
    if _TEST.search(path):
        return When.TEST
    return When.DOCS if _DOCS.search(path) else None
