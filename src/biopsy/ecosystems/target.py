"""Read what a person names as the thing to analyse: a release, or a path."""

import re
from pathlib import Path

from packageurl import PackageURL

from biopsy.errors import UsageError
from biopsy.model.regex import regex
from biopsy.model.release import Release

MAX_TARGET = 1024

_SHORT = regex(r"([a-z][a-z0-9.+-]*):(?!//)(.+)", re.DOTALL)
_VERSION = regex(r"[A-Za-z0-9][A-Za-z0-9.!+_~/-]{0,127}")
_ARCHIVE = regex(r"\.(?:whl|zip|tgz|gem|crate|nupkg|jar|war|aar|vsix|tar\.(?:gz|bz2|xz))$", re.IGNORECASE)
_RIGHT = (
    "write pypi:NAME, npm:NAME@VERSION, gem:NAME …, a purl such as pkg:pypi/NAME@VERSION, "
    "or the path of a file or folder"
)


def parse_target(text: str) -> Release | Path:
    """Read `pkg:npm/%40scope/name@1.2.3`, `npm:@scope/name@1.2.3`, `pypi:six`, or a path that exists.

    UsageError says in one line what would be right.
    """
    text = text.strip()
    if not text or len(text) > MAX_TARGET or "\0" in text:
        raise UsageError(f"that is nothing to analyse; {_RIGHT}")
    if text.startswith("pkg:"):
        return _purl(text)
    path = Path(text).expanduser()
    match = _SHORT.fullmatch(text)
    if match and not _exists(path):
        return _release(match[1], match[2])
    if _exists(path):
        if not (path.is_file() or path.is_dir()):
            raise UsageError(f"neither a file nor a folder: {text}")
        return path.absolute()
    if "/" in text or text.startswith((".", "~")) or _ARCHIVE.search(text):
        if text.startswith("@"):
            raise UsageError(f"which ecosystem is {text} of? {_RIGHT}")
        raise UsageError(f"no such file or folder: {text}")
    raise UsageError(f"which ecosystem is {text!r} of? {_RIGHT}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as err:  # a name too long, a folder not ours to look into
        raise UsageError(f"cannot read {path}: {err.strerror}") from err


def _purl(text: str) -> Release:
    try:
        purl = PackageURL.from_string(text)
    except ValueError as err:
        raise UsageError(f"not a package URL: {text}; {_RIGHT}") from err
    name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    return _checked(purl.type, name, purl.version or "")


def _release(kind: str, rest: str) -> Release:
    for sign in ("==", ">=", "<=", "~="):
        if sign in rest:
            name = rest.partition(sign)[0].strip()
            raise UsageError(
                f"one exact version, please: {kind}:{name}@VERSION, or {kind}:{name} for the newest"
            )
    name, at, version = rest[1:].partition("@")  # the first sign may be that of a scope
    if at and not version:
        raise UsageError(f"no version after the @ in {kind}:{rest}; leave the @ out for the newest")
    return _checked(kind, rest[0] + name, version)


def _checked(kind: str, name: str, version: str) -> Release:
    from biopsy.ecosystems import by_type  # noqa: PLC0415 - they are found through the package that holds us

    if version and (not _VERSION.fullmatch(version) or ".." in version):
        raise UsageError(f"not a version: {version!r}")
    ecosystem = by_type(kind)
    return Release(ecosystem.type, ecosystem.normalise(name), version)
