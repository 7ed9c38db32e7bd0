"""Putting the registries' own addresses back where a client wrote those of a guard that is about to end."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from biopsy.web.guard.app import Guard

MAX_ADDRESS = 4096  # characters


def _found(base: str) -> re.Pattern[str]:
    return re.compile(
        rf"{re.escape(base)}/(npm/((?:@[^/\s\"'#]+/)?[^/\s\"'#@]+)/-|pypi/files/([^/\s\"'#]+))/([^/\s\"'#,]{{1,{MAX_ADDRESS}}})"
    )


def addressed(base: str, text: str) -> set[tuple[str, str]]:
    """The packages, as `npm` or `pypi` and a name, that a text has addresses of below `base`."""
    every = _found(base).finditer(text)
    return {("pypi", unquote(one[3])) if one[3] else ("npm", unquote(one[2])) for one in every}


def restored(guard: "Guard", base: str, text: str) -> str:
    """A text with every address below `base` as the registry gave it.

    One that is not remembered any more is written as npm's registries have it; that of an index stays.
    """
    if f"{base}/" not in text:
        return text

    def own(match: re.Match[str]) -> str:
        npm, pypi, file = match[2], match[3], unquote(match[4])
        if pypi:
            return guard.pypi.address(unquote(pypi), file) or match[0]
        given = guard.npm.address(unquote(npm), file)
        return given or f"{guard.settings.endpoint('npm', unquote(npm)).url}{npm}/-/{match[4]}"

    return _found(base).sub(own, text)
