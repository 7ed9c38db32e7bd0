"""Belong: whose installed files a path is among, as far as its folders tell."""

import re
from collections.abc import Iterable

from biopsy.model.behaviour import Behaviour, By, InFile

_NODE = re.compile(r".*/node_modules/((?:@[^/]+/)?[^/.][^/]*)/", re.DOTALL)
_PYTHON = re.compile(r".*/(?:site|dist)-packages/([^/]+)", re.DOTALL)
_INFO = re.compile(r"-[^-/]+\.(?:dist|egg)-info$")
_SEPARATORS = re.compile(r"[-_.]+")
_ELSEWHERE = re.compile(r"^/(?:tmp|var/tmp|dev/shm)/")  # build environments come and go with their build
_OWN = frozenset({"__pycache__", "bin"})


class Owners:
    """Tells the installed files of the package under analysis from those of others."""

    __slots__ = ("_name", "_python")

    def __init__(self, package: str, behaviours: Iterable[Behaviour]) -> None:
        """Take the name of the package, and its own modules from where its behaviours were read."""
        self._name = package
        parts = (b.where.path.split("/") for b in behaviours if isinstance(b.where, InFile))
        tops = {_plain(part[1] if part[0] == "src" and len(part) > 1 else part[0]) for part in parts}
        self._python = tops | {_plain(package)}

    def others(self, behaviour: Behaviour) -> bool:
        """Whether a path lies in an installed package that is not the one whose doing it is."""
        path = behaviour.value
        if _ELSEWHERE.match(path):
            return False
        actor = behaviour.owner if behaviour.by is By.DEPENDENCY else self._name
        if match := _NODE.match(path):
            return match[1] != actor and f"/node_modules/{actor}/" not in path
        if match := _PYTHON.match(path):
            top = match[1]
            own = self._python if actor == self._name else {_plain(actor)}
            return top not in _OWN and not top.endswith(".pth") and _plain(top) not in own
        return False


def _plain(name: str) -> str:
    """Bring the name of a distribution, module or metadata folder into one form."""
    name = _INFO.sub("", name).removesuffix(".py")
    return _SEPARATORS.sub("-", name).lower()
