"""How a client is told why a release is missing: each shows another part of what a registry answers.

A refused release is left out of listings, so that resolvers take a good one. Who asks for it exactly is to be
told why; the forms below do so for the clients that were tried (docs/guard.md has what each of them prints).
"""

from enum import StrEnum
from typing import NamedTuple


class Shown(StrEnum):
    """What stands in a listing in place of a refused release."""

    NOTHING = "nothing"
    REQUIRES = "requires"  # pip: for no Python; it prints the condition when nothing else fits
    YANKED = "yanked"  # uv, poetry, pdm: withdrawn with a reason; only an exact wish takes it: a 403
    POLICY = "policy"  # npm: `policyRestrictions`, which it prints for an exact wish
    DEPRECATED = "deprecated"  # pnpm, yarn 2 and later: taken where nothing else fits: a 403


class Client(NamedTuple):
    """A client, and how many seconds it waits for an answer without giving up."""

    name: str
    shown: Shown
    patience: float


UNKNOWN = Client("", Shown.NOTHING, 25)
_CLIENTS = {
    "pip": Client("pip", Shown.REQUIRES, 12),
    "uv": Client("uv", Shown.YANKED, 25),
    "poetry": Client("poetry", Shown.YANKED, 12),
    "pdm": Client("pdm", Shown.YANKED, 8),
    "npm": Client("npm", Shown.POLICY, 120),
    "pnpm": Client("pnpm", Shown.DEPRECATED, 50),
    "yarn": Client("yarn", Shown.DEPRECATED, 50),
    "got (https:": Client(
        "yarn", Shown.DEPRECATED, 50
    ),  # yarn 2 and later call themselves after their library
    "bun": Client("bun", Shown.NOTHING, 50),
}


def client(agent: str) -> Client:
    """Who asks, by the first word of its User-Agent."""
    name, _, rest = agent[:200].partition("/")
    found = _CLIENTS.get(name.strip().lower(), UNKNOWN)
    if found.name == "yarn" and rest.startswith(("0.", "1.")):
        return found._replace(shown=Shown.NOTHING)  # the first yarn takes the highest, deprecated or not
    return found
