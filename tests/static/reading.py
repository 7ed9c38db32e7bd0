"""Reads one file, or several, as the pipeline would, and gives the behaviours as text."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from biopsy.model.behaviour import When
from biopsy.model.release import Tree, TreeFile
from biopsy.static import read


def seen(
    content: str | bytes, path: str = "pkg/__init__.py", when: When = When.IMPORT, also: tuple[str, ...] = ()
) -> list[str]:
    """What reading `content` at `path` shows; `also` are other (empty) files of the tree."""
    data = content.encode() if isinstance(content, str) else content
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        files = []
        for name, body in ((path, data), *((a, b"") for a in also)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(body)
            files.append(TreeFile(name, len(body), hashlib.sha256(body).hexdigest()))
        return [str(b) for b in read(Tree(root, tuple(files)), {path: when})]


def package(files: Mapping[str, str | bytes], moments: Mapping[str, When] | None = None) -> list[str]:
    """What reading several files shows; all are imported where `moments` does not say."""
    with tempfile.TemporaryDirectory() as folder:
        root, listed = Path(folder), []
        for name, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(body)
            listed.append(TreeFile(name, len(body), hashlib.sha256(body).hexdigest()))
        moments = dict.fromkeys(files, When.IMPORT) if moments is None else moments
        return [str(b) for b in read(Tree(root, tuple(listed)), moments)]


def short(behaviours: list[str]) -> set[str]:
    """Behaviours without their places."""
    return {b.rpartition(" @ ")[0] for b in behaviours}
