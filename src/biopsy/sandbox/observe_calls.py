"""What a call did with the arguments that we had made up for it: its job, and nobody's accusation.

A function that deletes the path, fetches the URL or runs the command that it is given does what it is for.
Such behaviours are told as the driver's, which no rule is about. Nobody gains by it: the name is reserved
(RFC 2606), the folder holds nothing, the command has to be that command and no other.
"""

import re
import shlex
from dataclasses import replace
from typing import Final

from biopsy.model.behaviour import By, Kind
from biopsy.sandbox.attribute import DRIVER
from biopsy.sandbox.observe_ledger import Draft

HOST: Final = "files.partner-intake.example"
"""What functions are given that want an address; drivers/made.cjs and drivers/pymade.py say the same."""

WORDS: Final = "sample-words"
"""What they are given that want a text, where the package has none of its own."""

FOLDER: Final = "samples"
"""Below the home: what they are given that want a path."""

SECRETS: Final = "call-"
"""How the names of the canaries begin that functions are given as keys, passwords and the like. Sending one
to HOST is the call's doing; to whom else one goes, is the package's."""

PHASE: Final = "execute"

LOADING: Final = "import"
"""Where a page is visited, too, if the package can be loaded nowhere else: drivers/npm.mjs."""

TYPED: Final = frozenset({"call-card", "call-page"})
"""The canaries that a visitor of a page types there, and that the page keeps."""

_AT_HOST = re.compile(
    rf"(?:[a-z-]+ )?(?:[a-z]+://)?{re.escape(HOST)}(?::\d+)?(?:[/?# ].*)?", re.IGNORECASE | re.DOTALL
)
_LEAK = re.compile(rf".* > {re.escape(HOST)}:\d+ as .*", re.DOTALL)
_NET = frozenset(
    {Kind.NET_DNS, Kind.NET_CONNECT, Kind.NET_HTTP, Kind.NET_SEND, Kind.CODE_REMOTE, Kind.CODE_EVAL}
)
_FILE = frozenset({Kind.FILE_READ, Kind.FILE_WRITE, Kind.FILE_DELETE})
_SHELLS = frozenset({"sh", "bash", "dash"})


def own(one: Draft, home: str) -> Draft:
    """The draft as the driver's doing, where it is what a call did with a made-up argument."""
    if one.by is By.TOOL or not (_visited(one) or (one.phase == PHASE and _handed(one, home))):
        return one
    return replace(one, by=By.TOOL, owner=DRIVER)


def handed(phase: str, host: str) -> bool:
    """Whether somebody was called with that host."""
    return phase in {PHASE, LOADING} and host.lower() == HOST


def _visited(one: Draft) -> bool:
    """Whether it is what a visitor of a page did while packages are loaded: he asks HOST, and reads."""
    if one.phase != LOADING:
        return False
    if one.kind is Kind.CANARY_READ:
        return one.value in TYPED
    if one.kind is Kind.CANARY_LEAK:
        return one.value.partition(" > ")[0] in TYPED and bool(_LEAK.fullmatch(one.value))
    return one.kind in _NET and bool(_AT_HOST.fullmatch(one.value))


def _handed(one: Draft, home: str) -> bool:
    match one.kind:
        case kind if kind in _NET:
            return bool(_AT_HOST.fullmatch(one.value))
        case kind if kind in _FILE:
            folder = f"{home}/{FOLDER}"
            return one.value.rstrip("/") == folder or one.value.startswith(f"{folder}/")
        case Kind.CANARY_LEAK:
            return bool(_LEAK.fullmatch(one.value))
        case Kind.CANARY_READ:
            return one.value.startswith(SECRETS)  # for the driver reads them where it calls
        case Kind.PROCESS_EXEC:
            return _command(one.value)
    return False


def _command(text: str) -> bool:
    try:
        argv = shlex.split(text)
    except ValueError:
        return False
    if len(argv) == 3 and argv[0].rpartition("/")[2] in _SHELLS and argv[1] == "-c":
        argv = argv[2].split()
    return len(argv) == 2 and argv[0].rpartition("/")[2] == "echo" and argv[1] == WORDS
