"""What a lock file names, and what the report database says of it."""

from dataclasses import dataclass
from enum import StrEnum

GIT = "Git"
"""The ecosystem of an entry that is a git repository: its name is the URL, its version a commit."""

PURL = "purl"
"""The ecosystem of an entry that is a package URL: its name is the whole of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One package that a lock file, an SBOM or an environment names.

    `ecosystem` is spelled as OSV spells it, or is `GIT` or `PURL`; it is empty where nothing can be looked up
    (a folder, a file that was not followed), and then `origin` says what it is. `version` is empty where none
    is pinned: `wanted` then has the constraint. `hashes` are `sha256:<hex>`, or as SRI has it, `sha512-…`.
    `line` counts from 1 and is 0 where it is not known. `path` is the file, where it is another than asked.
    """

    ecosystem: str
    name: str
    version: str = ""
    line: int = 0
    hashes: tuple[str, ...] = ()
    wanted: str = ""
    origin: str = ""
    path: str = ""


class Verdict(StrEnum):
    """What is known of an entry, worst first."""

    MALICIOUS = "malicious"  # a published report covers it
    POSSIBLE = "possible"  # there is a report, and it may cover it
    UNCHECKED = "unchecked"  # nothing can be known: no registry's package, not followed
    UNREPORTED = "unreported"  # no report covers it


@dataclass(frozen=True, slots=True)
class Cited:
    """A report that a verdict rests on. `sources` are who said so; `link` is empty where there is none."""

    id: str
    summary: str
    sources: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """An entry with its verdict; `reason` is one sentence, empty where there is nothing to say."""

    entry: Entry
    verdict: Verdict
    reason: str = ""
    reports: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkup:
    """All entries of one file, folder of an environment or purl; `error` says why it could not be read."""

    path: str
    form: str
    checked: tuple[Checked, ...] = ()
    error: str = ""
