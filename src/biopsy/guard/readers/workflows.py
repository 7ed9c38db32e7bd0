"""Workflows and composite actions of GitHub: what their `uses:` name."""

import re
from collections.abc import Iterator

from biopsy.guard.given import Given, LockError
from biopsy.model.check import Entry

FORM = "GitHub workflow"
NAMES = ("workflows/*.yml", "workflows/*.yaml", "action.yml", "action.yaml")

MAX_LINE = 10_000  # characters of a line

_USES = re.compile(r"\s*(?:-\s+)?[\"']?uses[\"']?\s*:\s*[\"']?([^\s\"'#]+)[\"']?\s*(?:#\s*(\S{1,100}).*)?")
_ACTION = re.compile(r"([\w.-]{1,100}/[\w.-]{1,100})(?:/[\w./-]{1,500})?@([^\s@]{1,250})")
_LOOKS = re.compile(rb"(?m)^\s*(?:jobs|runs|on)\s*:")


def looks(head: bytes) -> bool:
    """Whether it has jobs or steps that use something."""
    return _LOOKS.search(head) is not None and re.search(rb"(?m)^\s*(?:-\s+)?uses\s*:", head) is not None


def read(given: Given) -> Iterator[Entry]:
    """The actions and workflows, in the order of the file; those of the same repository are left out.

    Where a commit is pinned, the version that the comment behind it names is said as what is wanted.
    """
    for number, line in enumerate(given.text.splitlines(), 1):
        if len(line) > MAX_LINE:
            raise LockError(f"line {number}: {len(line):,} characters; the limit is {MAX_LINE:,}")
        found = _USES.fullmatch(line)
        if found is None or found[1].startswith("./"):
            continue
        action = _ACTION.fullmatch(found[1])
        if action is None:
            yield Entry("", found[1][:4096], line=number, origin="a container's image, or nothing known")
        else:
            yield Entry("GitHub Actions", action[1], action[2], number, wanted=found[2] or "")
