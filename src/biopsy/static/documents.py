"""Which files are documentation or lists: what they name is talked about, not done."""

from biopsy.model.regex import regex
from biopsy.static.sight import Source

_SUFFIXES = frozenset({
    ".md", ".rst", ".html", ".htm", ".map", ".css", ".scss", ".less", ".svg", ".po", ".pot", ".csv",
    ".tsv", ".lock", ".xml", ".xsd", ".tex", ".ipynb", ".flow", ".pyi", ".txt", ".license", ".mdx", ".mdc",
    ".adoc",
})  # fmt: skip
_NAMES = regex(
    r"(?i)(?:^|/)(?:licen[cs]e|copying|notice|authors|changelog|changes|history|readme|contributing|metadata|pkg-info|record"
    r"|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|[^/]*\.d\.[cm]?ts)[^/]*$"
)


def is_document(source: Source) -> bool:
    """Whether a text file is documentation by its name, and no code by its first line."""
    if source.language:
        return False
    return source.suffix in _SUFFIXES or bool(_NAMES.search(source.path))
