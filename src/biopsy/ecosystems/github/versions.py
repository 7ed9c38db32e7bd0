"""The order of an action's tags: `v1`, `v1.2`, `v1.2.3`, with what stands before a release before it."""

from biopsy.model.regex import regex

_TAG = regex(
    r"[A-Za-z/_-]*?v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-.]?([A-Za-z][0-9A-Za-z.-]*))?(?:\+.*)?"
)
_COMMIT = regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def key(version: str) -> tuple[bool, tuple[int, ...], bool, str, str]:
    """Give what orders a tag; a name that is no number (`main`, a commit) comes before all that are."""
    match = None if commit(version) else _TAG.fullmatch(version)
    if match is None:
        return False, (), False, "", version
    return True, tuple(int(part or 0) for part in match.groups()[:3]), not match[4], match[4] or "", version


def prerelease(version: str) -> bool:
    """Whether a tag is one before a release."""
    match = None if commit(version) else _TAG.fullmatch(version)
    return bool(match and match[4])


def commit(version: str) -> bool:
    """Whether a version is a whole commit: the only one that nobody can move."""
    return _COMMIT.fullmatch(version) is not None
