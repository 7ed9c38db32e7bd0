"""What makes two behaviours the same, seen in two runs or in two releases: what, and at what sort of moment.

Version numbers, hashes, temporary and user names, processes and passing ports are made equal: a release that
does the same as the one before must look the same, and so must the same release run twice.
"""

import re
from functools import lru_cache

from biopsy.model.behaviour import Behaviour, InFile, InTrace, Kind
from biopsy.model.regex import regex

_NUMBER = regex(r"\d+")
_HEX = regex(r"(?<![0-9A-Za-z])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![0-9A-Za-z])")
_TOKEN = regex(r"[0-9A-Za-z]{8,}")
_TEMPORARY = regex(r"(/(?:tmp|var/tmp|dev/shm|run/user/\d+)/)[^/\s'\"]+")
_MADE_UP = regex(r"\b(tmp)[0-9a-z_]{8}(?![0-9A-Za-z])")  # as Python's tempfile names them
_USER = regex(r"/(?:home|Users)/[^/\s'\"]+|/root(?=/|$)")
_PROJECT = regex(r"~/(?:projects/[^/\s'\"]+|work/([^/\s'\"]+)/\1)(?=[/\s'\"]|$)")
_PROCESS = regex(r"(?<=/proc/)\d+")
_PORT = regex(r":(\d+)$")
_PASSING = 32_768
"""Ports from here on are given out by the system: another one each time."""

_CHANGING = frozenset({"file", "process", "pkg", "archive", "differs"})
"""Families whose values carry versions and temporary names wherever they like."""
_PATHS = frozenset({Kind.CODE_NATIVE, Kind.CODE_IMPORT, Kind.CODE_REMOTE, Kind.EVASION_FINGERPRINT})
_URLS = frozenset({Kind.NET_URL, Kind.NET_HTTP})
_ENDPOINTS = frozenset({Kind.NET_CONNECT, Kind.NET_LISTEN, Kind.NET_SEND})
_REQUIREMENT = regex(r"@?[^\s@<>=!~;(\[]+")
_LABEL = regex(r"(?<![^./ ])(?=[^./ ]*\d)[0-9a-z-]{16,}(?=\.)")

_RANKS = {
    "install": 0,
    "start": 1,
    "import": 2,
    "later": 2,
    "call": 3,
    "scripts": 3,
    "execute": 3,
    "": 4,
    "test": 5,
    "docs": 5,
}
CALLED = 3
NEVER = 9


def identity(behaviour: Behaviour) -> tuple[Kind, str]:
    """What two behaviours share when they are the same, wherever and whenever they were seen.

    Two requests to one host are the same when their methods are: a host is new, a page of it is not.
    """
    kind, value = behaviour.kind, plain(behaviour.kind, behaviour.value)
    if kind in _URLS and "://" in value:
        scheme, _, rest = value.partition("://")
        value = f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"
    return kind, value


def rank(behaviour: Behaviour) -> int:
    """How soon it happens: 0 at install, 2 at import, 3 when called, 4 unknown, 5 in tests and documents."""
    match behaviour.where:
        case InFile(when=when):
            return _RANKS[when]
        case InTrace(phase=phase):
            return _RANKS.get(phase, CALLED)
        case _:
            return _RANKS[""]


def level(behaviour: Behaviour, *, known: bool = False) -> int:
    """How little it is asked for: 0 at install, start and import, 1 when called, 2 in tests and documents.

    Where nothing says when, it is 1; of what is `known` already it is 0, so that it makes nothing new.
    """
    soon = rank(behaviour)
    if soon == _RANKS[""]:
        return 0 if known else 1
    return 0 if soon < CALLED else 1 if soon == CALLED else 2


@lru_cache(maxsize=65_536)
def plain(kind: Kind, value: str) -> str:
    """A value without what differs from run to run and from release to release."""
    if kind in _URLS:
        scheme, mark, rest = value.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}{mark}{_LABEL.sub('*', host)}{slash}{_worn(path)}" if mark else _worn(value)
    if kind in _ENDPOINTS:
        return _PORT.sub(lambda m: ":*" if int(m[1]) >= _PASSING or m[1] == "0" else m[0], value)
    if kind is Kind.NET_DNS:
        return _LABEL.sub("*", value)
    if kind is Kind.PKG_DEPENDENCY:
        name = _REQUIREMENT.match(value)
        return f"{name[0]}{_worn(value[name.end() :])}" if name else value
    if kind in _PATHS or kind.family in _CHANGING:
        return _worn(value)
    return value


def path(value: str) -> str:
    """A path or command with the user's home as `~` and the folder that is worked in as `~/project`."""
    return _PROJECT.sub("~/project", _USER.sub("~", value))


def _worn(text: str) -> str:
    text = path(_TEMPORARY.sub(r"\1*", _PROCESS.sub("self", text)))
    text = _TOKEN.sub(_hashed, _HEX.sub("#", _MADE_UP.sub(r"\1*", text)))
    return _NUMBER.sub("0", text)


def _hashed(match: re.Match[str]) -> str:
    """A name made of a hash in letters of both cases, as bundlers write them, is no name."""
    token = match[0]
    groups = len(_NUMBER.findall(token))
    mixed = groups and token != token.lower() and token != token.upper() and not token[0].isupper()
    return "#" if groups > 1 or (mixed and len(token) <= 12) else token
