"""Who looks at a page: nobody in particular, or an operator who signed in."""

from typing import Any

from litestar import Request
from msgspec import Struct

SCOPE = "biopsy.viewer"
"""Under which a request has its `Viewer`, where somebody signed in; `accounts` puts it there."""


class Viewer(Struct, frozen=True):
    """An operator by name, with what forms must send back; both empty for everybody else."""

    name: str = ""
    csrf: str = ""


NOBODY = Viewer()


def viewer(request: Request[Any, Any, Any]) -> Viewer:
    """Who asks."""
    found = request.scope.get(SCOPE)
    return found if isinstance(found, Viewer) else NOBODY
