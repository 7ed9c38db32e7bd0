"""Code that was seen while it was evaluated is read like a file of the package: the payload, unpacked."""

import hashlib
import tempfile
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from biopsy import static
from biopsy.model.behaviour import Behaviour, Kind, When
from biopsy.model.release import Tree, TreeFile
from biopsy.model.run import Evaluated, Run

FOLDER: Final = "evaluated"
"""Where these texts stand, among the files of the package; `Evaluated.path` is below it."""

_MOMENTS: Final = {"install": When.INSTALL, "start": When.START, "import": When.IMPORT}


def own(run: Run, tree: Tree) -> Run:
    """Leave out of a run what is no more than a file of the tree, with the behaviours that tell of it."""
    files = {file.sha256 for file in tree.files}
    plain = {one.id for one in run.evaluated if _digest(one) in files}
    if not plain:
        return run
    behaviours = tuple(
        b for b in run.behaviours if b.kind is not Kind.CODE_EVAL or b.detail.partition(":")[0] not in plain
    )
    kept = tuple(
        replace(one, parent="" if one.parent in plain else one.parent)
        for one in run.evaluated
        if one.id not in plain
    )
    return replace(run, behaviours=behaviours, evaluated=kept)


def read(runs: tuple[Run, ...], scratch: Path) -> tuple[Behaviour, ...]:
    """Read every text once, as code that runs at the earliest moment at which it was evaluated."""
    moments: dict[str, When] = {}
    texts: dict[str, bytes] = {}
    for run in runs:
        for one in run.evaluated:
            when = _MOMENTS.get(one.phase, When.CALL)
            texts[one.path] = one.text.encode("utf-8", "surrogatepass")
            moments[one.path] = min(moments.get(one.path, when), when, key=_ORDER.index)
    if not texts:
        return ()
    with tempfile.TemporaryDirectory(dir=scratch, prefix=f"{FOLDER}-") as name:
        root = Path(name)
        (root / FOLDER).mkdir()
        files = []
        for path, data in texts.items():
            (root / path).write_bytes(data)
            files.append(TreeFile(path, len(data), hashlib.sha256(data).hexdigest()))
        return tuple(dict.fromkeys(static.read(Tree(root, tuple(files)), moments)))


_ORDER: Final = (When.INSTALL, When.START, When.IMPORT, When.CALL)


def _digest(one: Evaluated) -> str:
    return hashlib.sha256(one.text.encode("utf-8", "surrogatepass")).hexdigest() if one.complete else ""
