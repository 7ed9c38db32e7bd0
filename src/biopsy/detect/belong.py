"""Belong: whose installed files a path is among, as far as its folders tell."""

import re
from collections.abc import Iterable

from biopsy.model.behaviour import Behaviour, By, InFile
from biopsy.model.regex import regex

_NODE = regex(r".*/node_modules/((?:@[^/]+/)?[^/.][^/]*)(?:/|\Z)", re.DOTALL)
_PYTHON = regex(r".*/(?:site|dist)-packages/([^/]+)", re.DOTALL)
_PHP = regex(r".*/vendor/(?!composer/|bin/)([a-z0-9_.-]+/[a-z0-9_.-]+)/", re.DOTALL)
_RUST = regex(r".*/registry/src/[^/]+/([A-Za-z0-9_-]+)-\d[^/]*/", re.DOTALL)
_RUBY = regex(r".*/gems/([A-Za-z0-9_.-]+)-\d[^/-]*(?:-[^/]+)?/", re.DOTALL)
_INFO = regex(r"-[^-/]+\.(?:dist|egg)-info$")
_SEPARATORS = regex(r"[-_.]+")
_ELSEWHERE = regex(r"^/(?:tmp|var/tmp|dev/shm)/")  # build environments come and go with their build
_NOBODY = frozenset({"__pycache__", "bin"})


class Owners:
    """Tells the installed files of the package under analysis from those of others."""

    __slots__ = ("_name", "_python")

    def __init__(self, package: str, behaviours: Iterable[Behaviour]) -> None:
        """Take the name of the package, and its own modules from where its behaviours were read."""
        self._name = package
        parts = (b.where.path.split("/") for b in behaviours if isinstance(b.where, InFile))
        tops = {_plain(part[1] if part[0] == "src" and len(part) > 1 else part[0]) for part in parts}
        self._python = tops | {_plain(package)}

    def of(self, behaviour: Behaviour) -> str:
        """Say whose installed files a path is among: `own`, `other`, or nothing where it is nobody's.

        What npm calls a scope belongs to one publisher: its packages are no strangers to each other. So does
        what Composer calls a vendor, whose folders are told only where the package has such a name: others
        keep something else in folders called `vendor`.
        """
        path = behaviour.value
        if _ELSEWHERE.match(path):
            return ""
        actor = behaviour.owner if behaviour.by is By.DEPENDENCY else self._name
        if match := _NODE.match(path):
            scope, _, rest = match[1].rpartition("/")
            mine = match[1] == actor or f"/node_modules/{actor}/" in path
            return "own" if mine or (scope and rest and actor.startswith(f"{scope}/")) else "other"
        if _vendored(actor) and (match := _PHP.match(path)):
            return "own" if match[1].partition("/")[0] == actor.partition("/")[0] else "other"
        if match := _RUST.match(path) or _RUBY.match(path):
            return "own" if _plain(match[1]) == _plain(actor) else "other"
        if match := _PYTHON.match(path):
            top = match[1]
            if top in _NOBODY or top.endswith(".pth"):
                return ""
            own = self._python if actor == self._name else {_plain(actor)}
            return "own" if _plain(top) in own else "other"
        return ""


def _vendored(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith("@")


def _plain(name: str) -> str:
    """Bring the name of a distribution, module or metadata folder into one form."""
    name = _INFO.sub("", name).removesuffix(".py")
    return _SEPARATORS.sub("-", name).lower()
