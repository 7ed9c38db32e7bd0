"""What the registry guard lets through: terms for all, an ecosystem, packages; and licences to override.

A policy is a YAML file. What stands further down is more particular and wins:

    malicious: block            # or warn
    suspicious: warn            # block, warn or allow
    minimum-age: 1d             # of a release: 90m, 12h, 3d, 2w; 0 for none
    undated: allow              # what the registry gives no date for, where an age is asked: allow or block
    install-scripts: allow      # npm's install hooks, and Python's source archives: block, warn or allow
    unseen: hold                # with --analyze: what nobody has analysed; or allow
    unknown: warn               # …and of which an analysis could not tell: block, warn or allow
    stale: {after: 7d, then: allow}  # reports older than that: block everything, warn, or allow
    ecosystems:
      npm: {minimum-age: 3d}
    packages:
      - names: ["pkg:npm/@types/*", "pkg:pypi/boto3"]
        minimum-age: 0
    reserved:                   # names of your own, which a public registry is never asked for
      - names: ["pkg:pypi/acme-*", "pkg:npm/@acme/*"]
        registry: https://packages.acme.example/simple/
    overrides:
      - release: pkg:npm/left-pad@1.3.0
        reason: looked at by hand
        by: jane
        expires: 2026-12-31
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from biopsy.errors import UsageError
from biopsy.guard.wanted import Wanted, wanted

MAX_FILE = 1024 * 1024
"""Largest policy that is read, in bytes."""

MAX_ENTRIES = 5000
"""Most entries of one list of a policy."""

_AGE = re.compile(r"(\d{1,6})\s*(m|h|d|w)?")
_UNIT = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, None: 86400}
Reply = Literal["block", "warn", "allow"]
Rules = Mapping[str, Callable[[str], str]]
"""The purl types there are, each with what makes the one spelling of a name."""


class PolicyError(UsageError):
    """A policy that cannot be read as one; the message says where and why."""


class Terms(Struct, frozen=True, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """What is asked of a release; None where nothing is said here. `minimum_age` is in words: `3d`."""

    malicious: Literal["block", "warn"] | None = None
    suspicious: Reply | None = None
    minimum_age: str | int | None = None
    undated: Literal["block", "allow"] | None = None
    install_scripts: Reply | None = None
    unseen: Literal["hold", "allow"] | None = None  # what nobody analysed, where the guard may have it done
    unknown: Reply | None = None  # …of which an analysis could not tell anything

    def over(self, other: "Terms") -> "Terms":
        """These terms, and where they say nothing the other ones."""
        mine = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(other, **mine)

    @property
    def age(self) -> float:
        """The least age of a release, in seconds."""
        return seconds(self.minimum_age or 0)


class Stale(Struct, frozen=True, forbid_unknown_fields=True):
    """When reports are too old to rely on, and what then becomes of what they do not cover."""

    after: str | int = "7d"
    then: Reply = "allow"


class ForPackages(Terms, frozen=True, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """Terms for packages, by patterns of purls."""

    names: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_ENTRIES)] = ()
    because: str = ""


class Reserved(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of one's own. Without a `registry` nothing of them is let through."""

    names: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_ENTRIES)]
    registry: str = ""


class Override(Struct, frozen=True, forbid_unknown_fields=True):
    """A licence: a release that is let through whatever else is said of it, until a day (UTC) has passed."""

    release: str
    reason: Annotated[str, Meta(min_length=3, max_length=500)]
    expires: date
    by: str = ""


_Entries = Meta(max_length=MAX_ENTRIES)


class Written(Terms, frozen=True, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """A policy file as it is written."""

    stale: Stale = Stale()
    ecosystems: dict[str, Terms] = {}
    packages: Annotated[tuple[ForPackages, ...], _Entries] = ()
    reserved: Annotated[tuple[Reserved, ...], _Entries] = ()
    overrides: Annotated[tuple[Override, ...], _Entries] = ()


DEFAULT = Terms("block", "warn", "1d", "allow", "allow", "hold", "warn")
"""What holds where a policy says nothing."""


class Policy:
    """A policy, ready to be asked. Immutable once made."""

    def __init__(self, written: Written, rules: Rules) -> None:
        """Take what is written; raises PolicyError for an ecosystem, pattern or age that is none."""
        self.stale_after, self.stale_then = seconds(written.stale.after), written.stale.then
        self._rules, self._all = rules, Terms.over(_plain(written), DEFAULT)
        self._by_type = {_known(name, rules): terms for name, terms in written.ecosystems.items()}
        self._packages = [(wanted(p, rules), one) for one in written.packages for p in one.names]
        self._reserved = [(wanted(p, rules), one.registry) for one in written.reserved for p in one.names]
        self._overrides = [(wanted(one.release, rules), one) for one in written.overrides]
        for terms in (self._all, *self._by_type.values(), *(one for _, one in self._packages)):
            seconds(terms.minimum_age or 0)
        for pattern, registry in self._reserved:
            if registry and not registry.startswith(("https://", "http://")):
                raise PolicyError(f"reserved {pattern.text}: a registry is an http(s) address: {registry!r}")
        self._listed = lru_cache(4096)(self._particular)

    def terms(self, ecosystem: str, name: str, version: str = "") -> Terms:
        """What is asked of a release."""
        found = self._by_type.get(ecosystem, Terms()).over(self._all)
        for pattern, terms in self._listed(ecosystem, name):
            if pattern.version_fits(version):
                found = terms.over(found)
        return found

    def _particular(self, ecosystem: str, name: str) -> tuple[tuple[Wanted, Terms], ...]:
        return tuple((p, _plain(one)) for p, one in self._packages if p.fits(ecosystem, name))

    def reserved(self, ecosystem: str, name: str) -> str | None:
        """The registry that a reserved name comes from, empty where from none; None for other names."""
        return next((where for p, where in self._reserved if p.fits(ecosystem, name)), None)

    def override(self, ecosystem: str, name: str, version: str, today: date) -> Override | None:
        """The licence that a release has today."""
        for pattern, one in self._overrides:
            if one.expires >= today and pattern.fits(ecosystem, name) and pattern.version_fits(version):
                return one
        return None


def read(data: bytes, rules: Rules) -> Policy:
    """Read a policy file; raises PolicyError."""
    import yaml  # noqa: PLC0415 - slow to import, and most commands need none

    if len(data) > MAX_FILE:
        raise PolicyError(f"{len(data):,} bytes; the limit of a policy is {MAX_FILE:,}")
    try:
        held: Any = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise PolicyError(f"not YAML: {' '.join(str(error).split())[:300]}") from error
    try:
        return Policy(msgspec.convert({} if held is None else held, Written), rules)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PolicyError(_said(str(error))) from error


def seconds(age: str | int) -> float:
    """An age in seconds: `90m`, `12h`, `3d`, `2w`, a bare number is days. Raises PolicyError."""
    found = _AGE.fullmatch(str(age).strip().lower())
    if found is None:
        raise PolicyError(f"no age: {age!r} (90m, 12h, 3d, 2w, or 0)")
    return float(int(found[1]) * _UNIT[found[2]])


def _plain(terms: Terms) -> Terms:
    """The terms of something that holds more than those."""
    return Terms(*(getattr(terms, name) for name in Terms.__struct_fields__))


def _known(word: str, rules: Rules) -> str:
    if word not in rules:
        raise PolicyError(f"no ecosystem {word!r}; guarded are: {', '.join(sorted(rules))}")
    return word


def _said(error: str) -> str:
    """What msgspec says of a value, with its place first, in the words of the file."""
    what, at, place = error.partition(" - at `$")
    return f"{place.rstrip('`').lstrip('.')}: {what}" if at else what
