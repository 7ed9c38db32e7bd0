"""Names and versions as registries write them: the normal form, or nothing where it can be none.

A purl has the same types and the same spelling, but for Maven's `:`, which is `/` here.
"""

import re

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from biopsy.model.regex import regex

MAX_NAME = 500
"""Longest name of a package, in characters (paths of Go modules are the longest there are)."""

MAX_VERSION = 256
"""Longest version, in characters."""

MAX_FILENAME = 300
"""Longest name of a file, in characters."""

_PYPI = regex(r"[A-Z0-9](?:[A-Z0-9._-]{0,198}[A-Z0-9])?", re.IGNORECASE | re.ASCII)
_NAMES: dict[str, re.Pattern[str]] = {
    # the scope and the name have 214 characters together
    "npm": regex(r"(?:@[A-Za-z0-9~_-][A-Za-z0-9~._-]*/)?[A-Za-z0-9~_.!'()*-][A-Za-z0-9~_.!'()*-]*", re.ASCII),
    "gem": regex(r"[A-Za-z0-9._-]*[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII),
    "cargo": regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", re.ASCII),
    "composer": regex(r"[a-z0-9](?:[_.-]{0,2}[a-z0-9]+)*/[a-z0-9](?:[_.-]{0,2}[a-z0-9]+)*", re.ASCII),
    "golang": regex(r"[A-Za-z0-9~_-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9._~!+-]+)*", re.ASCII),
    "nuget": regex(r"[\w](?:[\w.-]{0,98}[\w])?"),
    "maven": regex(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII),
}
_FILENAME = regex(r"[A-Za-z0-9@~_][A-Za-z0-9@~._+!-]*", re.ASCII)
_DIGEST = {"sha512": 128, "sha384": 96, "sha256": 64, "sha1": 40, "md5": 32}


def normal(ecosystem: str, name: object) -> str | None:
    """Give the normal form of a package's name; None where the ecosystem can have none of that name."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        return None
    if ecosystem == "pypi":
        return canonicalize_name(name) if _PYPI.fullmatch(name) else None
    if ecosystem in ("composer", "nuget"):
        name = name.lower()
    if ecosystem == "maven":
        name = name.replace(":", "/", 1)
    pattern = _NAMES.get(ecosystem)
    fits = pattern is not None and pattern.fullmatch(name) and ".." not in name.split("/")
    return name if fits and (ecosystem != "npm" or len(name) <= 214) else None


def version(ecosystem: str, text: object) -> str | None:
    """Give a version as it is written (PyPI's in the form of PEP 440); None where it can be none."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_VERSION:
        return None
    if not text.isprintable() or any(c.isspace() for c in text):
        return None
    if ecosystem == "pypi":
        try:
            return str(Version(text))
        except InvalidVersion:
            return text  # of before PEP 440: it has releases all the same
    return text


def filename(text: object) -> str:
    """Give the name of a file, where it is one; else nothing."""
    return text if isinstance(text, str) and len(text) <= MAX_FILENAME and _FILENAME.fullmatch(text) else ""


def digest(algorithm: str, text: object) -> str:
    """Give `algorithm:hex` where the digest is one of that algorithm; else nothing."""
    if not isinstance(text, str) or _DIGEST.get(algorithm) != len(text):
        return ""
    lower = text.lower()
    return f"{algorithm}:{lower}" if all(c in "0123456789abcdef" for c in lower) else ""
