"""Behaviours sorted into the classes of a comparison: of which class, about what, and in which form."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from biopsy.detect.compare_files import sort_file
from biopsy.detect.compare_value import path, plain
from biopsy.detect.sight import out_of_time
from biopsy.model.behaviour import Behaviour, By, InFile, InRegistry, InTrace, Kind, When
from biopsy.model.comparison import Facet
from biopsy.model.regex import regex

CONTACTED, NAMED = "contacted", "named"
COMPUTED = "an address that it computes"


class Topic(NamedTuple):
    """What a behaviour is about. Two with the same facet and subject are the same thing.

    `shown` are its words for people, `form` is what may change about it: a requirement's versions, a hook's
    command. `how` tells a host that is spoken to from one that only stands in the code.
    """

    facet: Facet
    subject: str
    shown: str
    form: str = ""
    how: str = ""


_FACETS = {
    Kind.PROCESS_CRASH: Facet.OTHER,
    Kind.PROCESS_DOES: Facet.COMMAND,
    Kind.NET_SERVICE: Facet.HOST,
    Kind.FILE_STORE: Facet.SECRET,
    Kind.DATA_PAYLOAD: Facet.OBFUSCATION,
    Kind.CODE_WALLET: Facet.OTHER,
    Kind.CODE_TOKEN: Facet.OTHER,
    Kind.PKG_CONFIG: Facet.PERSISTENCE,
    Kind.TEXT_AGENT: Facet.PERSISTENCE,
    Kind.NET_LISTEN: Facet.LISTENER,
    Kind.CODE_EVAL: Facet.EVALUATION,
    Kind.CODE_DECODE: Facet.EVALUATION,
    Kind.CODE_IMPORT: Facet.EVALUATION,
    Kind.CODE_FLOW: Facet.FLOW,
    Kind.CODE_NATIVE: Facet.NATIVE,
    Kind.CODE_OBFUSCATED: Facet.OBFUSCATION,
    Kind.CODE_REMOTE: Facet.REMOTE,
    Kind.CODE_PATCH: Facet.PATCH,
    Kind.ENV_HOST: Facet.MACHINE,
    Kind.EVASION_HIDDEN: Facet.OBFUSCATION,
    Kind.EVASION_SLEEP: Facet.EVASION,
    Kind.EVASION_FINGERPRINT: Facet.EVASION,
    Kind.EVASION_TRACER: Facet.EVASION,
    Kind.DIFFERS_CLOCK: Facet.EVASION,
    Kind.DIFFERS_AGAIN: Facet.EVASION,
    Kind.DIFFERS_ONCE: Facet.EVASION,
    Kind.DIFFERS_PROFILE: Facet.EVASION,
    Kind.PKG_MALFORMED: Facet.ARCHIVE,
    Kind.CANARY_READ: Facet.SECRET,
    Kind.CANARY_LEAK: Facet.SECRET,
    Kind.CANARY_SWAP: Facet.SECRET,
}
_HOSTS = frozenset({Kind.NET_DNS, Kind.NET_CONNECT, Kind.NET_HTTP, Kind.NET_SEND})
_NAMES = frozenset({Kind.NET_URL, Kind.NET_ADDRESS})
_SAID_ALREADY = frozenset(
    {
        *(Kind.PKG_NAME, Kind.PKG_VERSION, Kind.PKG_RELEASE, Kind.PKG_MAINTAINER, Kind.PKG_PROVENANCE),
        *(Kind.PKG_MANIFEST, Kind.PKG_DESCRIPTION, Kind.PKG_DIFFERS, Kind.PKG_CONTENT),
    }
)
"""What depends on the day and the version, or compares with another artifact already."""

_ASIDE = frozenset({When.TEST, When.DOCS, When.UNKNOWN})
_SECRET_NAME = regex(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE_KEY|ACCESS_KEY|AUTH(?!OR)", re.IGNORECASE
)
_OUR_OWN = regex(
    r"(?:\S*/)?(?:node|python3?)\s+-(?:\s|I\b)|\S*/opt/venv/bin/\S+\s+--?\w+$|\S*\.bin/\S+\s+--?\w+$"
)
"""How the drivers of a run start things in it: no doing of the package."""
_HOOK = regex(r"(npm:\S+|cmdclass \w+|\S+)(?:[ =]|$)")
_ENTRY = regex(r"([^=]+)=(.*)", re.DOTALL)
_REQUIREMENT = regex(r"\s*(@?[^\s@<>=!~;(\[]+)(.*)", re.DOTALL)
_WORD = regex(r"[-_.]+")
_PORT = regex(r":[\d*?]*$")
_STRANGE = regex(r"[?*{}<>$%\s]")


def topics(behaviour: Behaviour) -> Iterator[Topic]:
    """What a behaviour is about; nothing where it says nothing of the package (a tool's doing, a test)."""
    where = behaviour.where
    if behaviour.by is By.TOOL or isinstance(where, InRegistry) or behaviour.kind in _SAID_ALREADY:
        return
    if isinstance(where, InFile) and where.when in {When.TEST, When.DOCS}:
        return  # it comes to nobody who installs this
    kind, value = behaviour.kind, behaviour.value
    if kind.family == "file":
        yield from _file(behaviour)
    elif kind in _HOSTS:
        yield from _contacted(behaviour)
    elif kind in _NAMES:
        yield from _named(behaviour)
    elif kind is Kind.PROCESS_EXEC:
        if not (isinstance(where, InTrace) and _OUR_OWN.match(value)):
            yield Topic(Facet.COMMAND, plain(kind, value), path(value))
    elif kind is Kind.ENV_READ:
        secret = Facet.SECRET if _SECRET_NAME.search(value) else Facet.ENVIRONMENT
        yield Topic(secret, f"${value}", "the whole environment" if value == "*" else f"${value}")
    elif kind is Kind.PKG_DEPENDENCY:
        yield _dependency(value)
    elif kind is Kind.PKG_ENTRY:
        match = _ENTRY.fullmatch(value)
        yield Topic(Facet.ENTRY, match[1] if match else value, value, plain(kind, match[2]) if match else "")
    elif kind is Kind.PKG_HOOK:
        yield _hook(value)
    elif kind.family == "archive":
        yield Topic(Facet.ARCHIVE, f"{kind} {plain(kind, value)}", f"{kind} {path(value)}")
    elif not out_of_time(behaviour):
        facet = _FACETS.get(kind, Facet.OTHER)
        yield Topic(facet, f"{kind} {plain(kind, value)}", _shown(kind, value))


def _shown(kind: Kind, value: str) -> str:
    match kind:
        case Kind.CANARY_READ:
            return f"opens {value}"
        case Kind.CANARY_LEAK:
            return f"{value.partition(' as ')[0].replace(' > ', ' leaves for ')}"
        case Kind.CANARY_SWAP:
            return f"puts another account into the {value.partition(' > ')[0]}"
        case Kind.PKG_MALFORMED:
            return f"cannot be read: {path(value)}"
        case Kind.EVASION_SLEEP:
            return f"waits {value} s"
        case Kind.CODE_NATIVE | Kind.CODE_REMOTE | Kind.NET_LISTEN | Kind.CODE_FLOW | Kind.ENV_HOST:
            return path(value)
        case _:
            return f"{kind.value.partition('.')[2]} {path(value)}"


def _file(behaviour: Behaviour) -> Iterator[Topic]:
    facet, what = sort_file(behaviour)
    if what:
        verb = {Kind.FILE_READ: "reads", Kind.FILE_WRITE: "writes"}.get(behaviour.kind, "deletes")
        yield Topic(facet, f"{verb} {plain(behaviour.kind, what)}", f"{verb} {what}")


def _contacted(behaviour: Behaviour) -> Iterator[Topic]:
    value = behaviour.value
    match behaviour.kind:
        case Kind.NET_HTTP:
            host = _host(value.partition(" ")[2])
        case Kind.NET_DNS:
            host = plain(Kind.NET_DNS, value.partition(" ")[0])
        case Kind.NET_SEND:
            host = _PORT.sub("", value.partition(" ")[2])
        case _:
            host = _PORT.sub("", value)
    if not host or host.startswith("/") or _STRANGE.search(host):
        host = COMPUTED
    elif isinstance(behaviour.where, InTrace) and "." not in host and ":" not in host:
        return  # a word that was passed to a function as an address
    yield Topic(Facet.HOST, host.lower(), host.lower(), how=CONTACTED)


def _named(behaviour: Behaviour) -> Iterator[Topic]:
    where = behaviour.where
    if not isinstance(where, InFile) or where.when in _ASIDE:
        return  # links in documents, licences and tests come and go
    host = behaviour.value if behaviour.kind is Kind.NET_ADDRESS else _host(behaviour.value)
    if host and not _STRANGE.search(host):
        yield Topic(Facet.HOST, host.lower(), host.lower(), how=NAMED)


def _host(url: str) -> str:
    try:
        return plain(Kind.NET_DNS, urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _dependency(value: str) -> Topic:
    match = _REQUIREMENT.fullmatch(value)
    if not match:
        return Topic(Facet.DEPENDENCY, value, value)
    name, rest = match[1], match[2].strip().removeprefix("@")
    marker = "; extra ==" if "extra ==" in rest else ""
    return Topic(Facet.DEPENDENCY, f"{_WORD.sub('-', name.lower())}{marker}", value, rest.strip())


def _hook(value: str) -> Topic:
    match = _HOOK.match(value)
    subject = match[1] if match else value
    if subject in {"pth", "backend-path", "build-backend"}:
        subject = plain(Kind.PKG_HOOK, value)
    return Topic(Facet.HOOK, subject, path(value), plain(Kind.PKG_HOOK, value))
