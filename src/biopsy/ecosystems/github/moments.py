"""When the code of an action's repository runs.

Whatever an action names runs in every job that uses it, with what that job may do: nobody calls it first.
What stands beside it (sources of a bundle, workflows of the repository itself) runs for its authors alone.
"""

import posixpath
from collections.abc import Iterator, Mapping

from biopsy.ecosystems.github.document import Action, actions
from biopsy.ecosystems.npm import moments as of_npm
from biopsy.ecosystems.reading import aside
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_CODE = (".js", ".cjs", ".mjs", ".ts", ".sh", ".bash", ".py", ".ps1", ".rb", ".php", ".pl")
_FILE = regex(r"[\w./{}$-]*?([\w-][\w./-]*\.(?:[cm]?js|ts|sh|bash|py|ps1|rb|php|pl))\b")
_COPIED = regex(r"(?im)^\s*(?:COPY|ADD|ENTRYPOINT|CMD)\b(.*)$")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each script; one that no action leads to counts as called."""
    found: dict[str, When] = {}
    for file in tree.files:
        if file.path.endswith(_CODE):
            own = file.path.startswith((".github/", "script/", "scripts/", "src/"))
            found[file.path] = (
                aside(file.path)
                or (When.DOCS if file.path.startswith(".github/") else None)
                or (When.UNKNOWN if own else When.CALL)
            )
    paths = {file.path for file in tree.files}
    for one in actions(tree):
        for when, starts in ((When.IMPORT, set(_steps(one, paths, tree))), (When.INSTALL, set(_before(one)))):
            for path in of_npm.reached(tree, starts):
                found[path] = when
            for path in starts & paths:
                found[path] = when
        found[one.path] = When.IMPORT
    return found


def _before(it: Action) -> Iterator[str]:
    if it.pre:
        yield posixpath.normpath(it.folder + it.pre)


def _steps(it: Action, paths: set[str], tree: Tree) -> Iterator[str]:
    for path in (it.main, it.post, *(path for _, path in it.entrypoints)):
        if path:
            yield posixpath.normpath(it.folder + path.lstrip("/"))
    texts = [step.run for step in it.steps]
    if it.image and "://" not in it.image:
        texts.append(_docker(tree, posixpath.normpath(it.folder + it.image)))
    for text in texts:
        for name in _FILE.findall(text[:100_000]):
            tail = name.removeprefix("./")
            for path in (it.folder + tail, tail, tail.partition("/")[2]):
                if path in paths:
                    yield path
                    break


def _docker(tree: Tree, path: str) -> str:
    from biopsy.ecosystems.reading import read  # noqa: PLC0415 - of a few actions only

    return "\n".join(_COPIED.findall(read(tree, path) or ""))
