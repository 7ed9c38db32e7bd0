"""composer.json, read with tolerance: whatever has the wrong type counts as absent.

The schema is https://getcomposer.org/doc/04-schema.md.
"""

import json
from typing import Any

from msgspec import Struct, field

from biopsy.ecosystems.manifests import Malformed, decoded
from biopsy.model.regex import regex
from biopsy.model.release import Tree

PATH = "composer.json"

MAX_EACH = 1000
"""Most entries read of any one list or table."""

NAME = regex(r"[a-z0-9](?:[_.-]{0,2}[a-z0-9]+)*/[a-z0-9](?:[_.-]{0,2}[a-z0-9]+)*")
"""A vendor and a name, in lower case, as Composer has them."""

PLUGINS = ("composer-plugin", "composer-installer")
"""Types whose class Composer itself loads and runs."""

PROJECT = "project"
"""The type of what is installed by `create-project`, as the root: its scripts run."""

ABOUT = ("description", "homepage", "support", "authors", "license")


class Autoload(Struct, frozen=True):
    """Which files classes come from, and which are run whenever anything is loaded at all."""

    files: tuple[str, ...] = ()
    classmap: tuple[str, ...] = ()
    psr4: dict[str, tuple[str, ...]] = field(default_factory=dict)
    psr0: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Package(Struct, frozen=True):
    """What composer.json says. `scripts` are what each event runs, one after the other."""

    name: str = ""
    version: str = ""
    type: str = ""
    require: dict[str, str] = field(default_factory=dict)
    suggest: dict[str, str] = field(default_factory=dict)
    replace: dict[str, str] = field(default_factory=dict)
    provide: dict[str, str] = field(default_factory=dict)
    autoload: Autoload = Autoload()
    autoload_dev: Autoload = Autoload()
    bin: tuple[str, ...] = ()
    scripts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    repositories: tuple[dict[str, Any], ...] = ()
    about: dict[str, Any] = field(default_factory=dict)  # what is for people, as written: see ABOUT

    @property
    def plugin(self) -> bool:
        """Whether Composer runs it when it is installed."""
        return self.type in PLUGINS

    @property
    def classes(self) -> tuple[str, ...]:
        """Give the classes that Composer makes an object of, where it is a plugin."""
        return strings(self.extra.get("class")) if self.plugin else ()


def load(tree: Tree) -> Package | Malformed:
    """Read the composer.json at the root of a tree. Never raises."""
    document = decoded(tree, PATH, json.loads)
    return document if isinstance(document, Malformed) else parse(document)


def parse(document: object) -> Package | Malformed:
    """Read a composer.json that was decoded already. Never raises."""
    if not isinstance(document, dict):
        return Malformed("no object")
    repositories = document.get("repositories")
    several = list(repositories.values()) if isinstance(repositories, dict) else repositories
    return Package(
        _text(document.get("name")).strip().lower(),
        _text(document.get("version")).strip(),
        _text(document.get("type")).strip().lower(),
        _texts(document.get("require")),
        _texts(document.get("suggest")),
        _texts(document.get("replace")),
        _texts(document.get("provide")),
        _autoload(document.get("autoload")),
        _autoload(document.get("autoload-dev")),
        strings(document.get("bin")),
        {event: strings(run) for event, run in _table(document.get("scripts")).items()},
        _table(document.get("extra")),
        tuple(one for one in several[:MAX_EACH] if isinstance(one, dict))
        if isinstance(several, list)
        else (),
        {key: document[key] for key in ABOUT if key in document},
    )


def strings(value: object) -> tuple[str, ...]:
    """Give a text, or the texts of a list or a table, as Composer takes either."""
    if isinstance(value, str):
        return (value,)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return tuple(one for one in inner if isinstance(one, str))[:MAX_EACH]


def _autoload(value: object) -> Autoload:
    table = _table(value)
    return Autoload(
        strings(table.get("files")),
        strings(table.get("classmap")),
        {prefix: strings(folders) for prefix, folders in _table(table.get("psr-4")).items()},
        {prefix: strings(folders) for prefix, folders in _table(table.get("psr-0")).items()},
    )


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {str(key): inner for key, inner in list(value.items())[:MAX_EACH]}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {key: inner for key, inner in _table(value).items() if isinstance(inner, str)}
