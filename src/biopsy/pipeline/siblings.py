"""The other artifact of the same release: what is installed from the one should be readable in the other.

Reviewers read the sdist, installers take the wheel. The sibling is fetched and unpacked under limits, never
run, and nothing of it is judged but in what it differs. `pkg.differs` stands at a file of the artifact that
is analysed:

    added pkg/x.py      the sibling has no such code anywhere
    changed pkg/x.py    the sibling has that file with other code in it

Files are the same when their bytes are, or when they mean the same to Python: comments, line endings and
layout do not count. Natively built files cannot be compared, and are not.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from biopsy import fetch
from biopsy.errors import BiopsyError
from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.regex import regex
from biopsy.model.release import Remote, Tree, TreeFile
from biopsy.pipeline.source import Opened, Sample
from biopsy.unpack import Limits, unpack

MAX_PACKED = 8 * 1024**2
"""Largest sibling that is fetched, in bytes: who would read more than that?"""

LIMITS = Limits(total=128 * 1024**2, entries=20_000)
"""What is unpacked of it."""

MAX_PARSED = 2 * 1024**2
"""Most source that is parsed to compare what it means, in bytes; beyond, line endings alone are forgiven."""

MAX_NAMED = 200
"""Most differences that are told."""

_CUT = (Kind.ARCHIVE_BOMB, Kind.ARCHIVE_DAMAGED)
_DATA = regex(r"^[^/]+\.data/(?:purelib|platlib|scripts|data)/")
_CODE = (".py", ".pth", ".pyw")
_APART = (".dist-info/", ".egg-info/")


def read(opened: Opened, store: Path, scratch: Path) -> Iterator[Behaviour]:
    """Yield in what the artifact differs from its sibling; nothing where there is none to compare with.

    A sibling that does not come, is too large or cannot be unpacked says nothing about the artifact.
    """
    sibling = _sibling(opened.sample)
    if sibling is None:
        return
    try:
        endpoint = opened.sample.ecosystem.endpoint(opened.sample.release.name)
        with fetch.client() as client:
            artifact = fetch.fetch(sibling, endpoint, client, store, MAX_PACKED)
        other = unpack(artifact.path, scratch / f"sibling-{artifact.sha256}", sibling.kind, LIMITS)
    except (BiopsyError, OSError):
        return
    if not any(oddity.kind in _CUT for oddity in other.behaviours):
        yield from compare(opened.tree, other.tree)


def _sibling(sample: Sample) -> Remote | None:
    """Choose an artifact of the other form, else another of the same: for any platform, and small."""
    if sample.listing is None:
        return None
    others = [r for r in sample.listing.artifacts if r.filename != sample.artifact.filename]
    fitting = [r for r in others if (r.size or 0) <= MAX_PACKED]
    return min(
        fitting,
        key=lambda r: (r.kind == sample.artifact.kind, not r.filename.endswith("-any.whl"), r.size or 0),
        default=None,
    )


def compare(tree: Tree, other: Tree) -> Iterator[Behaviour]:
    """Yield the code of `tree` that `other` does not hold."""
    theirs, budget, named = _Shelf(other), _Budget(MAX_PARSED), 0
    for file in _shared(tree, other):
        if file.sha256 in theirs.hashes:
            continue
        twins = theirs.named(file.path)
        if any(_equal(tree, file, other, twin, budget) for twin in twins):
            continue
        if not twins and budget.takes(file.size) and _meaning(_source(tree, file)) == _EMPTY:
            continue
        named += 1
        if named > MAX_NAMED:
            return
        word = "changed" if twins else "added"
        yield Behaviour(Kind.PKG_DIFFERS, f"{word} {file.path}", InFile(file.path))


def _shared(tree: Tree, other: Tree) -> Iterator[TreeFile]:
    """Yield the code that both forms should hold: all of a wheel's, and an sdist's packages."""
    wheel = any(file.path.endswith(".dist-info/WHEEL") for file in tree.files)
    tops = {file.path.partition("/")[0] for file in other.files if "/" in file.path}
    for file in tree.files:
        if not file.size or not file.path.endswith(_CODE) or any(part in file.path for part in _APART):
            continue
        if wheel or tops & set(file.path.split("/")[:-1][:2]):
            yield file


class _Shelf:
    """The code of the other artifact, by hash and by name."""

    def __init__(self, tree: Tree) -> None:
        self.hashes = {file.sha256 for file in tree.files}
        self._by_name: dict[str, list[TreeFile]] = {}
        for file in tree.files:
            if file.path.endswith(_CODE):
                self._by_name.setdefault(file.path.rpartition("/")[2], []).append(file)

    def named(self, path: str) -> list[TreeFile]:
        """Give the files at that path, whatever folders a build strips or adds in front (`src/`, `lib/`)."""
        path = f"/{_DATA.sub('', path)}"
        known = self._by_name.get(path.rpartition("/")[2], [])
        places = [(f"/{_DATA.sub('', file.path)}", file) for file in known]
        return [file for place, file in places if place.endswith(path) or path.endswith(place)][:5]


_EMPTY = ast.dump(ast.Module([], []))


class _Budget:
    """How much may still be parsed."""

    def __init__(self, left: int) -> None:
        self.left = left

    def takes(self, size: int) -> bool:
        """Take so many bytes off, where they are there."""
        fits = size <= self.left
        self.left -= size if fits else 0
        return fits


def _equal(tree: Tree, file: TreeFile, other: Tree, twin: TreeFile, budget: _Budget) -> bool:
    """Whether two files are the same but for line endings, comments and layout."""
    mine, theirs = _source(tree, file), _source(other, twin)
    if mine.replace(b"\r", b"").strip() == theirs.replace(b"\r", b"").strip():
        return True
    if not budget.takes(len(mine) + len(theirs)):
        return False
    meaning = _meaning(mine)
    return bool(meaning) and meaning == _meaning(theirs)


def _source(tree: Tree, file: TreeFile) -> bytes:
    try:
        with (tree.root / file.path).open("rb") as stream:
            return stream.read(MAX_PARSED + 1)
    except (OSError, ValueError):
        return b""


def _meaning(source: bytes) -> str:
    """Give what source means to Python, without its words for people; empty where it cannot be told."""
    try:
        module = ast.parse(source)
        for node in ast.walk(module):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [x for x in body if not _words(x)]  # type: ignore[attr-defined]
        return ast.dump(module)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ""


def _words(node: object) -> bool:
    """Whether a statement is a text that stands by itself, as docstrings do."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return isinstance(node.value.value, str)
