"""What a package is called, in every ecosystem: one table for paths, merging and queries alike.

Ecosystems are spelled as OSV spells them (OSV schema 1.7, "defined ecosystems"); what follows a colon there
(`Maven:https://maven.google.com`, `Ubuntu:22.04:LTS`) is kept and compared, but has no rules of its own.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from biopsy.reports.gitname import stored

MAX_NAME = 255  # bytes of one part of a name, as file systems have it


@dataclass(frozen=True, slots=True)
class Rules:
    """How one ecosystem spells its packages.

    `canonical` gives the form under which two spellings are the same package; it is idempotent.
    `purl` is the package-url type, and `between` what stands between namespace and name in OSV's spelling.
    `mark` is what versions begin with where they are published, and not in reports: Go's `v1.2.3` is `1.2.3`.
    """

    ecosystem: str
    purl: str
    canonical: Callable[[str], str]
    between: str = "/"
    mark: str = ""


def same(name: str) -> str:
    """Where spelling matters to the last letter."""
    return name


def pep503(name: str) -> str:
    """PyPI: runs of `-`, `_` and `.` are one hyphen, letters are small (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def crate(name: str) -> str:
    """crates.io: `-` is `_`, letters are small (RFC 940 of Cargo)."""
    return name.lower().replace("-", "_")


_TABLE = (
    Rules("PyPI", "pypi", pep503),
    Rules("npm", "npm", same),  # names of before 2017 may hold capitals, and differ by them
    Rules("crates.io", "cargo", crate),
    Rules("RubyGems", "gem", same),
    Rules("NuGet", "nuget", str.lower),
    Rules("Maven", "maven", same, ":"),
    Rules("Go", "golang", same, mark="v"),
    Rules("Packagist", "composer", str.lower),
    Rules("Hex", "hex", str.lower),
    Rules("VSCode", "vscode-extension", str.lower, "."),
    Rules("GitHub Actions", "github", str.lower),
    Rules("Alpine", "apk", same),
    Rules("Debian", "deb", same),
    Rules("Ubuntu", "deb", same),
    Rules("OSS-Fuzz", "generic", same),
    Rules("Git", "", stored),
)
RULES = {rules.ecosystem: rules for rules in _TABLE}
KNOWN = frozenset(RULES) - {"Git"}
"""What a report may name as its ecosystem; `Git` stands for reports that name a repository instead."""

LOOSE = (
    {name.lower().replace(" ", "-"): name for name in RULES}
    | {rules.purl: rules.ecosystem for rules in reversed(_TABLE) if rules.purl}
    | {"githubactions": "GitHub Actions"}
)
"""How else people and purls spell ecosystems."""
_CLEANED = re.compile(r"[ /_-]+")
_REGISTRY = re.compile(r"(?i)^(maven|vscode):https?://")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[a-z0-9@_:-][a-z0-9@_:.-]*(?:/[a-z0-9@_:-][a-z0-9@_:.-]*)+")  # most paths there are


def base(ecosystem: str) -> str:
    """The ecosystem without what follows the colon."""
    return ecosystem.partition(":")[0]


def known(word: str) -> str | None:
    """OSV's spelling of an ecosystem that a person or a purl writes otherwise; None where there is none."""
    head, colon, rest = word.partition(":")
    name = RULES[head].ecosystem if head in RULES else LOOSE.get(head.strip().lower().replace(" ", "-"))
    return f"{name}{colon}{rest}" if name else None


def canonical(ecosystem: str, name: str) -> str:
    """The form of a name under which all its spellings are one package."""
    rules = RULES.get(base(ecosystem))
    return rules.canonical(name) if rules else name


def published(ecosystem: str, name: str) -> str:
    """The form of a name as a purl has it, with a slash between namespace and name."""
    rules = RULES.get(base(ecosystem))
    return canonical(ecosystem, name.replace("/", rules.between, 1) if rules else name)


def version(ecosystem: str, written: str) -> str:
    """A version as reports have it: without the mark that the ecosystem puts in front of numbers."""
    rules = RULES.get(base(ecosystem))
    bare = written.removeprefix(rules.mark) if rules else written
    return bare if bare[:1].isdecimal() else written


def skeleton(name: str) -> str:
    """A name as the eye reads it: no accents, look-alike letters in one form (Unicode UTS 39, simplified).

    Two names with one skeleton are easily taken for each other; it is for warnings, never for matching.
    """
    plain = name.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", name).casefold()
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return plain.translate(_ALIKE).replace("rn", "m").replace("vv", "w")


_ALIKE = str.maketrans({
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j",
    "ѕ": "s", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w", "в": "b", "к": "k", "м": "m", "н": "h",
    "т": "t", "г": "r", "п": "n",
    "α": "a", "ο": "o", "ρ": "p", "ν": "v", "ι": "i", "κ": "k", "τ": "t", "υ": "u", "ε": "e", "η": "n",
    "ı": "i", "ɑ": "a", "ɡ": "g", "ո": "n", "ս": "u", "օ": "o", "0": "o", "1": "l", "|": "l",
    "-": None, "_": None, ".": None, " ": None,
})  # fmt: skip


@lru_cache(maxsize=1024)  # asked several times for each report
def folder(ecosystem: str, name: str) -> str:
    """Where the reports of a package stand below `malicious/`, as the OpenSSF repository lays them out.

    The name is small there, whatever the ecosystem, and its slashes are folders. The result need not be safe:
    `local` says so. An empty ecosystem means a git repository, whose name is its URL.
    """
    if not ecosystem:
        return posixpath.join("git", stored(name).lower())
    made = f"{_cleaned(ecosystem)}/{canonical(ecosystem, name).lower()}"
    if _PLAIN.fullmatch(made):
        return made
    return posixpath.normpath(posixpath.join(_cleaned(ecosystem), canonical(ecosystem, name).lower()))


@lru_cache(maxsize=256)
def _cleaned(ecosystem: str) -> str:
    """An ecosystem as the name of a folder."""
    head, colon, rest = _REGISTRY.sub(lambda m: f"{m[1]}:", ecosystem).partition(":")
    return f"{_CLEANED.sub('-', head)}{colon}{_CLEANED.sub('-', rest)}".lower()


def local(path: str) -> bool:
    """Whether a relative path stays below where it starts, and has a folder and a name: safe to write to."""
    if len(path) <= MAX_NAME and _PLAIN.fullmatch(path):
        return True
    parts = path.split("/")
    if not path or path.startswith("/") or "\\" in path or _UNSAFE.search(path):
        return False
    kept: list[str] = []
    for part in parts:
        if part == "..":
            if not kept:
                return False
            kept.pop()
        elif part not in {"", "."}:
            kept.append(part)
    if len(kept) < 2 or any(part in {".", ".."} for part in kept):
        return False
    return all(len(part.encode("utf-8", "surrogatepass")) <= MAX_NAME for part in kept)


__all__ = [
    "KNOWN",
    "RULES",
    "Rules",
    "base",
    "canonical",
    "folder",
    "known",
    "local",
    "published",
    "skeleton",
    "version",
]
