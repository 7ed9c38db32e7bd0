"""Where this machine's own Composer looks for packages: its global configuration, else Packagist."""

import base64
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

DEFAULT = "https://repo.packagist.org/"
"""Where Composer looks when nobody configured anything."""

PATHS = (
    r"packages\.json",
    r"p2/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:~dev)?\.json",
)
"""Below a repository, an install reads what it is, and the metadata of packages."""

LINKS = r'"dist"\s*:\s*\{[^{}]{0,2000}?"url"\s*:\s*"([^"\s]+)"'
"""In a package's metadata, the address of an archive."""

MAX_FILE = 1024 * 1024
"""Longest configuration file that is read, in bytes."""


@cache
def endpoint() -> Endpoint:
    """Give the first repository of Composer's kind that is configured for this user, else Packagist.

    COMPOSER_HOME says where the configuration is, as it does to Composer.
    """
    home = _home()
    config = _read(home / "config.json")
    url = next(_urls(config.get("repositories")), DEFAULT)
    parts = urlsplit(url if "//" in url else f"https://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError(
            "Composer's repository is not an http(s) address; see `composer config -g repositories`"
        )
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    path = parts.path.removesuffix("packages.json").rstrip("/") + "/"
    clean = urlunsplit((parts.scheme, host, path, "", ""))
    return Endpoint(
        "composer", clean, _authorization(parts.username, parts.password, host, home), PATHS, LINKS
    )


def _urls(repositories: object) -> Iterator[str]:
    """Yield the addresses of repositories; a table and a list are both allowed."""
    several = list(repositories.values()) if isinstance(repositories, dict) else repositories
    for one in several if isinstance(several, list) else ():
        if isinstance(one, dict) and one.get("type") == "composer" and isinstance(one.get("url"), str):
            yield one["url"]


def _home() -> Path:
    if given := os.environ.get("COMPOSER_HOME"):
        return Path(given)
    old = Path.home() / ".composer"
    new = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "composer"
    return new if new.is_dir() or not old.is_dir() else old


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE:
            return {}
        document = json.loads(path.read_text("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _authorization(user: str | None, word: str | None, host: str, home: Path) -> str:
    """Make the header from the address, COMPOSER_AUTH, or auth.json."""
    if user is not None:
        return _basic(unquote(user), unquote(word or ""))
    try:
        given = json.loads(os.environ.get("COMPOSER_AUTH") or "{}")
    except (ValueError, RecursionError):
        given = {}
    for table in (given, _read(home / "auth.json")):
        if not isinstance(table, dict):
            continue
        basic, bearer = (_table(table, key).get(host) for key in ("http-basic", "bearer"))
        if isinstance(basic, dict):
            return _basic(str(basic.get("username", "")), str(basic.get("password", "")))
        if isinstance(bearer, str):
            return f"Bearer {bearer}"
    return ""


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _basic(user: str, word: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()
