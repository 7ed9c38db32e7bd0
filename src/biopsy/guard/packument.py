"""A package's document of an npm registry, filtered: full and abbreviated.

What is not ours to judge is passed through as it came; versions go, tags move, addresses of tarballs change.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cmp_to_key
from typing import Any
from urllib.parse import unquote

import msgspec

from biopsy.guard.ruling import Action, Ruling
from biopsy.guard.showing import Shown

MAX_VERSIONS = 50_000
"""Most versions of one package that are read."""

MAX_VERSION = 256
"""Most characters of a version."""

MAX_TOLD = 5
"""Most refused versions, the newest, of which npm says why: it prints the same for each."""

ABBREVIATED = "application/vnd.npm.install-v1+json"
"""The form that installs ask for (npm's registry documentation, "Package metadata")."""

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
_HEX = re.compile(r"[0-9a-fA-F]{40}")
_HOOKS = ("preinstall", "install", "postinstall")
_SHORT = (
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
    "bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "bin",
    "directories", "dist", "engines", "_hasShrinkwrap", "hasInstallScript", "cpu", "os", "libc", "funding",
    "acceptDependencies",
)  # fmt: skip


class UnreadableError(ValueError):
    """A document that is none: the registry answered something else."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version: all its keys, where its tarball is, and what that hashes to."""

    version: str
    said: dict[str, Any]
    tarball: str
    digests: tuple[tuple[str, str], ...]

    @property
    def scripts(self) -> bool:
        """Whether an install of it runs anything of its own."""
        held = self.said.get("scripts")
        own = isinstance(held, dict) and any(held.get(one) for one in _HOOKS)
        return own or self.said.get("hasInstallScript") is True or self.said.get("gypfile") is True

    @property
    def filename(self) -> str:
        """How its tarball is called upstream."""
        return unquote(self.tarball.partition("?")[0].partition("#")[0].rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Packument:
    """A package's document. `about` is all but its versions and tags."""

    entries: dict[str, Entry]
    tags: dict[str, str]
    about: dict[str, Any]

    def time(self, version: str) -> str:
        """When a version came out, as the registry wrote it; empty where it does not say."""
        held = self.about.get("time")
        said = held.get(version) if isinstance(held, dict) else None
        return said if isinstance(said, str) else ""


def read(body: bytes) -> Packument:
    """Read a document; raises UnreadableError."""
    try:
        held = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    versions, tags = held.pop("versions", None), held.pop("dist-tags", None)
    if not isinstance(versions, dict):
        raise UnreadableError("no versions in it")
    if len(versions) > MAX_VERSIONS:
        raise UnreadableError(f"more than {MAX_VERSIONS:,} versions")
    entries = {
        v: _entry(v, said) for v, said in versions.items() if _is_version(v) and isinstance(said, dict)
    }
    named = tags.items() if isinstance(tags, dict) else ()
    return Packument(entries, {k: v for k, v in named if isinstance(v, str)}, held)


def _is_version(text: str) -> bool:
    return len(text) <= MAX_VERSION and _VERSION.fullmatch(text) is not None


def _entry(version: str, said: dict[str, Any]) -> Entry:
    dist = said.get("dist")
    held = dist if isinstance(dist, dict) else {}
    tarball = held.get("tarball")
    return Entry(version, said, tarball if isinstance(tarball, str) else "", _digests(held))


def _digests(dist: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Integrity as SRI has it and the older shasum, in hexadecimal, the strongest first."""
    found: dict[str, str] = {}
    integrity, shasum = dist.get("integrity"), dist.get("shasum")
    for part in integrity.split()[:10] if isinstance(integrity, str) else ():
        algorithm, _, text = part.partition("?")[0].partition("-")
        if algorithm in {"sha512", "sha384", "sha256", "sha1"}:
            try:
                found.setdefault(algorithm, base64.b64decode(text, validate=True).hex())
            except (binascii.Error, ValueError):
                continue
    if isinstance(shasum, str) and _HEX.fullmatch(shasum):
        found.setdefault("sha1", shasum.lower())
    return tuple(sorted(found.items(), key=lambda pair: -len(pair[1])))


def filename(name: str, version: str) -> str:
    """How we call the tarball of a version, whatever it is called upstream."""
    return f"{name.rpartition('/')[2]}-{version}.tgz"


def version_named(packument: Packument, name: str, wanted: str) -> tuple[str, ...]:
    """The versions that a tarball's name may mean: ours, or as the registry calls it, for lock files."""
    stem = f"{name.rpartition('/')[2]}-"
    version = wanted.removeprefix(stem).removesuffix(".tgz")
    if version in packument.entries and filename(name, version) == wanted:
        return (version,)
    return tuple(v for v, entry in packument.entries.items() if entry.filename == wanted)


Ruled = Mapping[str, Ruling]
"""By version: what becomes of it."""


def filtered(
    packument: Packument,
    ruled: Ruled,
    shown: Shown,
    address: Callable[[str, Ruling], str],
    told: Callable[[Ruling], str],
    *,
    short: bool = False,
) -> dict[str, Any]:
    """The document without what may not pass; `address` gives the tarball of a version, `told` words.

    A version that is warned of is deprecated with the reason, which clients print when they install it.
    """
    kept: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for version, entry in packument.entries.items():
        ruling = ruled[version]
        said = _offered(entry, address(version, ruling), short=short)
        if ruling.blocks:
            refused[version] = told(ruling)
            if shown is not Shown.DEPRECATED:
                continue
        if ruling.action is not Action.ALLOW:
            said["deprecated"] = told(ruling)
        kept[version] = said
    made: dict[str, Any] = {**packument.about}
    if short:
        made = {key: made[key] for key in ("_id", "name", "modified") if key in made}
        made.setdefault("modified", packument.time("modified"))
    elif refused and isinstance(times := made.get("time"), dict):
        made["time"] = {k: v for k, v in times.items() if k not in refused or k in kept}
    made["dist-tags"] = retagged(packument, refused)
    made["versions"] = kept
    if refused and shown is Shown.POLICY:
        name = made.get("name")
        lines = [refused[version] for version in ordered(refused)[-MAX_TOLD:]]
        made["policyRestrictions"] = {
            "versions": {version: {"name": name, "version": version} for version in refused},
            "message": "\n".join(lines),
        }
    return made


def _offered(entry: Entry, url: str, *, short: bool) -> dict[str, Any]:
    said = {key: entry.said[key] for key in _SHORT if key in entry.said} if short else dict(entry.said)
    if short and entry.scripts:
        said["hasInstallScript"] = True
    dist = said.get("dist")
    said["dist"] = {**(dist if isinstance(dist, dict) else {}), "tarball": url}
    return said


def retagged(packument: Packument, refused: Mapping[str, str]) -> dict[str, str]:
    """The tags, each that named a refused version at the newest that is left and not above it.

    A tag of a final version moves to a final version, where there is one. One that has nowhere to go is gone.
    """
    made: dict[str, str] = {}
    left: list[str] | None = None
    for tag, version in packument.tags.items():
        if version not in refused:
            made[tag] = version
            continue
        if left is None:
            left = ordered(v for v in packument.entries if v not in refused)
        below = [v for v in left if key(v) < key(version)] or left
        final = [v for v in below if not _early(v)]
        if below:
            made[tag] = (below if _early(version) else final or below)[-1]
    return made


def ordered(versions: Any) -> list[str]:
    """Versions, the oldest first; what is no version of semver before all that are."""
    return sorted(versions, key=key)


def _early(version: str) -> bool:
    return "-" in version.partition("+")[0]


@cache
def _semver() -> Any:
    import nodesemver  # noqa: PLC0415 - slow to import

    return nodesemver


def _parsed(version: str) -> Any:
    try:
        return _semver().make_semver(version, loose=True)
    except (ValueError, IndexError, AttributeError, TypeError):
        return None


def _compare(left: tuple[Any, str], right: tuple[Any, str]) -> int:
    if left[0] is None or right[0] is None:
        order = (left[0] is not None) - (right[0] is not None)
    else:
        order = int(left[0].compare(right[0]))
    return order or (left[1] > right[1]) - (left[1] < right[1])


_key = cmp_to_key(_compare)


def key(version: str) -> Any:
    """What orders a version as node-semver's loose rules do."""
    return _key((_parsed(version), version))
