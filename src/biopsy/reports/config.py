"""The file that says which sources there are, how they are read, and how far each is trusted.

[sources.package-analysis]
kind = "store"                      # directory, file, git, http, ghsa, store
place = "gs://a-bucket"
prefixes = ["confident/"]
lookback = 10
trust = "popular"                   # publish, hold, popular, known, approve
minutes = 30                        # of `hold`
silence = 48                        # hours without news after which `reports sources` says so
drop = [{field = "related", pattern = "^RLMA-"}]
options = {token = "$GITHUB_TOKEN"} # what begins with a dollar sign is read from the environment

[webhooks.chat]
url = "https://hooks.example/biopsy"
secret = "$CHAT_SECRET"
events = ["new", "withdrawn"]       # changed, reinstated; default: all
ecosystems = ["npm"]                # default: all

[feeds]
base = "https://reports.example/"   # where the release directory is served

[signing.roles.targets]             # root, targets, snapshot, timestamp
keys = 1
threshold = 1
days = 30
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from biopsy.errors import UsageError
from biopsy.reports import policy, sources
from biopsy.reports.claim import Package
from biopsy.reports.feeds import Feeds
from biopsy.reports.feeds.hook import Hook
from biopsy.reports.policy import Policy
from biopsy.reports.signing.roles import Signing
from biopsy.reports.sources import Settings

MAX_BYTES = 1024**2
_NAME = re.compile(r"[a-z0-9-]{1,64}")


class _Drop(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    field: str
    pattern: str


class _Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    kind: str
    place: str
    prefixes: tuple[str, ...] = ("",)
    lookback: int = 10
    private: bool = False
    trust: str = "approve"
    minutes: int = 30
    ids: bool = False
    alias: bool = True
    silence: int = 0
    disabled: str = ""
    drop: tuple[_Drop, ...] = ()
    options: dict[str, str] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    sources: dict[str, _Source] = {}
    webhooks: dict[str, Hook] = {}
    feeds: Feeds = Feeds()
    signing: Signing = Signing()


@dataclass(frozen=True, slots=True)
class Source:
    """One source: how it is read, how far it is trusted. `disabled` says why it is not read now."""

    name: str
    kind: str
    settings: Settings
    policy: Policy
    silence: int = 0
    disabled: str = ""


def load(path: Path, home: Path, popular: Callable[[Package], bool] | None = None) -> dict[str, Source]:
    """Read the file; UsageError says what is wrong with it, and where. `home` is for copies of repositories.

    `popular` says which names are in wide use, for the trust of that name. A file that is not there names no
    source.
    """
    held = _read(path)
    made: dict[str, Source] = {}
    for name, one in held.sources.items():
        try:
            made[name] = _source(name, one, home, popular)
        except (UsageError, re.error) as error:
            raise UsageError(f"{path}: sources.{name}: {error}") from error
    return made


def _read(path: Path) -> _File:
    """What the file says; a file that is not there says nothing."""
    if not path.is_file():
        return _File()
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise UsageError(f"{path}: larger than {MAX_BYTES >> 20} MiB")
        return msgspec.convert(tomllib.loads(data.decode()), _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}") from error


def webhooks(path: Path) -> dict[str, Hook]:
    """The webhooks that the file names, by name; UsageError says what is wrong with one."""
    made: dict[str, Hook] = {}
    for name, one in _read(path).webhooks.items():
        try:
            made[name] = one if one.disabled else _hook(name, one)
        except UsageError as error:
            raise UsageError(f"{path}: webhooks.{name}: {error}") from error
    return made


def _hook(name: str, one: Hook) -> Hook:
    if not _NAME.fullmatch(name):
        raise UsageError("a name has small letters, digits and hyphens")
    said = _secrets({"url": one.url, "secret": one.secret}, os.environ)
    return msgspec.structs.replace(one, **said).checked()


def feeds(path: Path) -> Feeds:
    """How feeds are called."""
    return _read(path).feeds


def signing(path: Path) -> Signing:
    """Who signs releases, and for how long."""
    held = _read(path).signing
    try:
        return held.checked()
    except UsageError as error:
        raise UsageError(f"{path}: signing: {error}") from error


def _source(name: str, one: _Source, home: Path, popular: Callable[[Package], bool] | None) -> Source:
    if not _NAME.fullmatch(name):
        raise UsageError("a name has small letters, digits and hyphens")
    reader = sources.kind(one.kind)
    if one.trust not in policy.TRUST:
        raise UsageError(f"trust: one of {', '.join(policy.TRUST)}")
    if not 0 <= one.minutes <= policy.MAX_HOLD or not 0 <= one.lookback <= 100_000:
        raise UsageError("minutes and lookback are not negative, and not for ever")
    if unknown := set(one.options) - reader.options:
        raise UsageError(f"options: a source of kind {one.kind} has no {', '.join(sorted(unknown))}")
    for drop in one.drop:
        if drop.field not in policy.FILTERED:
            raise UsageError(f"drop: field: one of {', '.join(policy.FILTERED)}")
    held = Policy(
        one.trust, one.minutes, one.ids, one.alias, tuple((d.field, re.compile(d.pattern)) for d in one.drop)
    )
    settings = Settings(
        one.place, home / name, one.prefixes, one.lookback, one.private, _secrets(one.options, os.environ)
    )
    held = replace(held, popular=popular) if popular else held
    return Source(name, one.kind, settings, held, one.silence, one.disabled)


def _secrets(options: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    made: dict[str, Any] = {}
    for name, value in options.items():
        if value.startswith("$"):
            if value[1:] not in environment:
                raise UsageError(f"options: {name}: {value[1:]} is not set in the environment")
            made[name] = environment[value[1:]]
        else:
            made[name] = value
    return made
