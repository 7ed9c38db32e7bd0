"""Host: what a name or address on the network is as an indicator: its owner's, everybody's, nobody's."""

import contextlib
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from msgspec import Struct
from publicsuffixlist import PSLFILE, PublicSuffixList

from biopsy.model.hosts import SHARED, host_class, hosts
from biopsy.model.regex import regex

_NAME = regex(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{1,62}\Z")
_NOBODY = ("example", "test", "invalid", "localhost", "local", "internal", "lan", "home", "corp")
_EXAMPLES = ("example.com", "example.net", "example.org")
_REGISTRIES = frozenset({"npmjs", "yarnpkg", "pypi", "pythonhosted", "rubygems", "crates", "nuget"})
"""First label of domains under which package registries are: they stand under `org`, `com` or `io`."""


class Host(Struct, frozen=True):
    """A host. `shared` says whose it is where it serves everybody, `reserved` that it stands for nobody."""

    name: str
    address: bool = False
    shared: str = ""
    reserved: bool = False


def host_of(text: str, registries: frozenset[str] = frozenset()) -> Host | None:
    """Return what a name or address is; nothing for one that is none, or this very machine.

    `registries` are names of hosts that served packages in this run. A name below a public suffix that
    its owner rents out (a page, a bucket, a function) is its tenant's and not shared.
    """
    name = text.strip().strip(".").lower()
    try:
        return _address(ip_address(name.strip("[]").partition("%")[0]))
    except ValueError:
        pass
    if not _NAME.fullmatch(name):
        return None
    if name.endswith(".localhost") or name == "localhost":
        return None
    last = name.rpartition(".")[2]
    if name in registries or _registry(name):
        return Host(name, shared="registry")
    reserved = last in _NOBODY or registrable(name) in _EXAMPLES
    kind = host_class(name)
    if reserved or kind == "metadata":
        return Host(name, shared=kind, reserved=True)
    if not _suffixes(last).privatesuffix(name, accept_unknown=False):
        return Host(name, shared=kind) if kind else None  # no top-level domain: a property, a file
    return Host(name, shared=kind if kind in SHARED and not _tenant(name) else "")


def registrable(name: str) -> str:
    """Return the domain, registered or rented, that a name belongs to; empty where there is none."""
    return _suffixes(name.rpartition(".")[2]).privatesuffix(name) or ""


def _address(address: IPv4Address | IPv6Address) -> Host | None:
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return None
    kind = host_class(str(address)) if address.version == 4 else ""
    return Host(str(address), address=True, shared=kind, reserved=not address.is_global)


def _registry(name: str) -> bool:
    label, _, rest = registrable(name).partition(".")
    return label in _REGISTRIES and rest in {"org", "com", "io"}


def _tenant(name: str) -> bool:
    """Whether a name is rented below a public suffix that is itself listed as serving everybody."""
    suffix = _suffixes(name.rpartition(".")[2]).publicsuffix(name) or ""
    return "." in suffix and bool(host_class(suffix)) and registrable(name) not in hosts()


@cache
def _suffixes(last: str) -> PublicSuffixList:
    """Read the lines of the list that end in a name's last label; no others say anything of that name.

    Reading all ten thousand takes longer than most packages do.
    """
    labels = {last}
    if last.startswith("xn--"):
        with contextlib.suppress(UnicodeError):
            labels.add(last.encode().decode("idna"))
    text = _list()
    return PublicSuffixList([line for label in labels for line in _ending(text, label.encode())])


def _ending(text: bytes, label: bytes) -> Iterator[bytes]:
    end = text.find(label + b"\n")
    while label and end >= 0:
        start = text.rfind(b"\n", 0, end) + 1
        if start == end or text[end - 1 : end] == b".":
            yield text[start : end + len(label)]
        end = text.find(label + b"\n", end + 1)


@cache
def _list() -> bytes:
    return Path(PSLFILE).read_bytes()
