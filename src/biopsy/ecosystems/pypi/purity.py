"""Wheels that say they are pure Python, and hold native code."""

import re
from collections.abc import Iterator

from biopsy.ecosystems.reading import read, under
from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_NAMED = 20
"""Most files of native code that are named."""

MAX_LOOKED = 5000
"""Most files whose beginning is looked at."""

_WHEEL = regex(r"[^/]+\.dist-info/WHEEL")
_TAG = regex(r"^Tag:[ \t]*(\S+)", re.MULTILINE)
_MAGIC = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe\x00\x00\x00")


def betrayed(tree: Tree) -> Iterator[Behaviour]:
    """Yield `pkg.manifest undeclared-native PATH` where the wheel's tags are for any platform.

    Launchers for Windows, which setuptools and distlib carry, are native code all the same: a fact, no more.
    """
    tags = [tag for path in under(tree, _WHEEL) for tag in _TAG.findall(read(tree, path) or "")]
    if not tags or not all(tag.endswith("-none-any") for tag in tags):
        return
    named = 0
    for file in tree.files[:MAX_LOOKED]:
        if file.size > 64 and _native(tree, file.path):
            yield Behaviour(Kind.PKG_MANIFEST, f"undeclared-native {file.path}", InFile(file.path))
            named += 1
            if named >= MAX_NAMED:
                return


def _native(tree: Tree, path: str) -> bool:
    try:
        with (tree.root / path).open("rb") as file:
            head = file.read(64)
    except (OSError, ValueError):
        return False
    return head.startswith(_MAGIC) and (not head.startswith(b"MZ") or b"\0\0" in head)
