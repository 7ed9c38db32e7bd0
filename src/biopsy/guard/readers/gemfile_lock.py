"""`Gemfile.lock` and `gems.locked` of Bundler."""

import re
from collections.abc import Iterator

from biopsy.guard.given import Given, LockError, word
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

FORM = "Gemfile.lock"
NAMES = ("Gemfile.lock", "gems.locked", "*.Gemfile.lock")

_SECTION = re.compile(r"[A-Z][A-Z ]*")
_FIELD = re.compile(r"  (remote|revision): (\S+)")
_GEM = re.compile(r"    ([A-Za-z0-9_.\-]{1,255}) \(([^()\s]{1,255})\)")
_NOISE = ("CHECKSUMS", "PLATFORMS", "DEPENDENCIES", "BUNDLED WITH", "RUBY VERSION")


def looks(head: bytes) -> bool:
    """Whether it has a section of gems."""
    return re.search(rb"(?m)^(GEM|GIT|PATH)\r?\n  remote: ", head) is not None


def read(given: Given) -> Iterator[Entry]:
    """The gems, in the order of the file."""
    held: dict[str, str] = {}
    section, sections = "", 0
    for number, raw in enumerate(given.text.splitlines(), 1):
        line = raw.rstrip()
        if line[:1] in {"<", ">", "="}:
            raise LockError(f"line {number}: a conflict of a merge")
        if _SECTION.fullmatch(line):
            section, held, sections = line, {}, sections + 1
        elif field := _FIELD.fullmatch(line):
            held[field[1]] = word(field[2], "URL")
        elif section not in _NOISE and (gem := _GEM.fullmatch(line)):
            yield _entry(section, gem[1], gem[2], held, number)
    if not sections and given.text.strip():
        raise LockError("no section: no lock file of Bundler")


def _entry(section: str, name: str, version: str, held: dict[str, str], line: int) -> Entry:
    version, remote = version.partition("-")[0], held.get("remote", "")
    if section == "GIT":
        return elsewhere(name, version, f"git+{remote}#{held.get('revision', '')}", line)
    if section == "PATH":
        return Entry("", name, version, line, origin=remote or ".")
    return Entry("RubyGems", name, version, line, origin=remote)
