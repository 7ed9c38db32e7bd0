"""What somebody typed, and what they may have meant by it."""

import ipaddress
import re
from enum import StrEnum
from urllib.parse import unquote

from msgspec import Struct
from packageurl import PackageURL

from biopsy.reports import content, naming
from biopsy.web.site.spoken import spoken

MAX_WORD = 2_000
"""Characters of what is looked up as it is; what is longer can only be a file."""

_FILES = ("{", "[{", "<?xml", "<project", "<packages", "<bom")
_WISH = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]{0,100})(?:\[[\w ,.-]*\])?\s*(?P<pin>[=<>~!]=?[^;]*)?(?:;.*)?")
_RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
_REPORT = re.compile(r"(?i)(?:MAL|GHSA|CVE|PYSEC|RLMA|RLUA|SNYK)-[0-9a-z-]{3,60}")
_HASH = re.compile(r"(?i)(?:sha(?:1|256|512):|md5:)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})")
_INTEGRITY = re.compile(r"sha(?:1|256|384|512)-[A-Za-z0-9+/]{20,90}={0,2}")
_HOST = re.compile(r"(?i)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z][a-z0-9-]{1,62}\.?")
_TECHNIQUE = re.compile(r"(?i)T\d{4}(?:\.\d{3})?")
_PINNED = re.compile(r"(?P<name>@?[^@=<>~!^\s]+)(?:@|[=<>~!^]=?=?)(?P<version>[^@=\s]+)")


class Sort(StrEnum):
    """As what something is looked up."""

    NOTHING = "nothing"
    NAME = "name"
    PURL = "purl"
    HASH = "hash"
    HOST = "host"
    RUN = "analysis"
    REPORT = "report"
    LOCK = "lock file"
    TECHNIQUE = "technique"


class Sought(Struct, frozen=True):
    """The value to look up, and what else the words say; `name` is what a name would be in them."""

    sort: Sort
    value: str
    name: str = ""
    ecosystem: str = ""
    version: str = ""


def taken(text: str) -> Sought:
    """Say what was meant. Whatever is nothing else is a name."""
    word = text.strip()
    if not word:
        return Sought(Sort.NOTHING, "")
    if "\n" in word or word.startswith(_FILES) or len(word) > MAX_WORD:
        return Sought(Sort.LOCK, word)
    if word.startswith("pkg:"):
        return _purl(word)
    if _RUN.fullmatch(word):
        return Sought(Sort.RUN, word, word)
    if _REPORT.fullmatch(word):
        return Sought(Sort.REPORT, word, word)
    if _HASH.fullmatch(word):
        return Sought(Sort.HASH, word.rpartition(":")[2].lower())
    if _INTEGRITY.fullmatch(word):
        return Sought(Sort.HASH, word)
    if _TECHNIQUE.fullmatch(word):
        return Sought(Sort.TECHNIQUE, word.upper(), word)
    if said := spoken(word):
        pinned = _PINNED.fullmatch(said.name)
        name, version = (pinned["name"], pinned["version"]) if pinned else (said.name, said.version)
        return Sought(Sort.NAME, name, name, said.ecosystem, version)
    ecosystem, name, version = _named(word)
    if not ecosystem and (host := _host(word)):
        return Sought(Sort.HOST, host, name)
    return Sought(Sort.NAME, name, name, ecosystem, version)


def called(text: str) -> str:
    """What a pasted file would be called, where only that tells: a list of wishes is a requirements.txt."""
    if text.lstrip().startswith(("{", "[", "<")):
        return "-"
    lines = [line.partition(" #")[0].strip().removesuffix("\\").strip() for line in text.splitlines()]
    wishes = [found for line in lines if line and line[0] not in "#-" for found in (_WISH.fullmatch(line),)]
    if not wishes or None in wishes:
        return "-"
    bare = [found["name"] for found in wishes if found and not found["pin"]]
    other = len(bare) == len(wishes) and any(_HASH.fullmatch(name) or _host(name) for name in bare)
    return "-" if other else "requirements.txt"


def _purl(word: str) -> Sought:
    try:
        purl = PackageURL.from_string(word)
    except ValueError:
        return Sought(Sort.NAME, word, word)
    between = naming.RULES[known].between if (known := naming.known(purl.type)) in naming.RULES else "/"
    name = between.join(part for part in (purl.namespace, purl.name) if part)
    if purl.type == "npm" and (at := unquote(word).lower().find(name)) >= 0:
        name = unquote(word)[at : at + len(name)]  # capitals differ there, in old names
    return Sought(Sort.PURL, name, name, purl.type, purl.version or "")


def _named(word: str) -> tuple[str, str, str]:
    """An ecosystem, a name and a version: `npm:x@1`, `pypi/x==1`, `@scope/x`."""
    ecosystem = ""
    for mark in (":", "/"):
        head, found, rest = word.partition(mark)
        if found and rest and naming.known(head) and not head.startswith("@"):
            ecosystem, word = head.strip().lower(), rest.strip()
            break
    pinned = _PINNED.fullmatch(word)
    return (ecosystem, pinned["name"], pinned["version"]) if pinned else (ecosystem, word, "")


def _host(word: str) -> str:
    """The host that words may be: a name, an address, or that of a URL; made harmless or not."""
    plain = content.refang(word)
    rest = plain.partition("://")[2] or plain
    host = rest.partition("/")[0].rpartition("@")[2]
    bare = host[1:].partition("]")[0] if host.startswith("[") else host
    if bare.count(":") == 1:
        bare, _, port = bare.partition(":")
        if port and not port.isdecimal():  # Maven's `org.example:name`
            return ""
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare.lower().rstrip(".") if _HOST.fullmatch(bare) else ""
