"""A Python package's manifest in the shape that all ecosystems share: its archive's and the index's."""

import re
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.pypi import identity
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_README = regex(r"readme(?:\.(?:md|markdown|txt|rst))?", re.IGNORECASE)
_SPACE = regex(r"\s+")


def of_tree(tree: Tree) -> Manifest | None:
    """Read METADATA or PKG-INFO; None where there is none that names a package."""
    for path in identity.metadata(tree)[:4]:
        headers = HeaderParser().parsestr(read(tree, path) or "")
        name = _one(headers, "Name")
        if not name:
            continue
        body = headers.get_payload()
        text = (body if isinstance(body, str) else "") or _one(headers, "Description") or _readme(tree)
        return Manifest(
            canonicalize_name(name[:200]),
            version(_one(headers, "Version")),
            path,
            known(_one(headers, "Summary")),
            known(text)[:MAX_README],
            tuple(_links(headers)),
            mails(_one(headers, "Author-email"), _one(headers, "Maintainer-email")),
            dependencies=_dependencies(headers),
        )
    return None


def version(text: str) -> str:
    """Give the one spelling of a version."""
    try:
        return str(Version(text))
    except InvalidVersion:
        return text.strip()[:128]


def known(text: str) -> str:
    """Old tools write UNKNOWN where nothing was said."""
    return "" if text.strip() in ("UNKNOWN", "None") else text.strip()


def mails(*headers: str) -> tuple[str, ...]:
    """Give the addresses in `Name <mail>, …`."""
    pairs = getaddresses([header[:2000] for header in headers])
    return tuple(dict.fromkeys(mail[:254] for _, mail in pairs if mail and mail != "UNKNOWN"))[:20]


def requirements(lines: Iterable[str]) -> Mapping[str, str]:
    """Give name → specification; of several for one name, under different conditions, all, in order."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - slow, not always needed

    found: dict[str, set[str]] = {}
    for line in list(lines)[:MAX_EACH]:
        try:
            requirement = Requirement(line)
        except (InvalidRequirement, RecursionError):
            continue
        spec = f"{requirement.specifier}{f' @ {requirement.url}' if requirement.url else ''}"
        marker = f"; {requirement.marker}" if requirement.marker else ""
        found.setdefault(canonicalize_name(requirement.name), set()).add(spec + marker)
    return {name: ", ".join(sorted(specs)) for name, specs in found.items()}


def _dependencies(headers: Message) -> Mapping[str, str] | None:
    """None where an sdist leaves them to the build (`Dynamic`), or was made before they were written."""
    dynamic = {str(value).lower() for value in headers.get_all("Dynamic") or ()}
    lines = [str(value) for value in headers.get_all("Requires-Dist") or ()]
    if "requires-dist" in dynamic or (not lines and _one(headers, "Metadata-Version") < "2.2"):
        return None
    return requirements(lines)


def _links(headers: Message) -> Iterable[str]:
    if home := known(_one(headers, "Home-page")):
        yield home[:500]
    for value in (headers.get_all("Project-URL") or ())[:50]:
        yield str(value).rpartition(",")[2].strip()[:500]


def _readme(tree: Tree) -> str:
    path = next((f.path for f in tree.files if _README.fullmatch(f.path)), "")
    return (read(tree, path) or "") if path else ""


def _one(headers: Message, key: str) -> str:
    return _SPACE.sub(" ", str(headers.get(key, ""))).strip()
