"""Where this machine's own RubyGems looks for gems."""

import base64
import os
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

_FULL = r"[A-Za-z0-9_.-]+"
PATHS = (
    r"",
    r"versions|names",
    rf"info/{_FULL}",
    r"(?:latest_|prerelease_)?specs\.4\.8(?:\.gz)?",
    rf"quick/Marshal\.4\.8/{_FULL}\.gemspec\.rz",
    rf"gems/{_FULL}\.gem",
)
"""Below a registry, an install reads the compact index, one gem's specification, and gems."""

MAX_FILE = 1024**2
"""Longest gemrc that is read, in characters."""


@cache
def endpoint() -> Endpoint:
    """Give the first source: of the files that GEMRC names, `~/.gemrc`, `/etc/gemrc`, else RubyGems' own."""
    from biopsy.ecosystems.feeds.following import public  # noqa: PLC0415 - only who asks a registry needs it

    url = next(filter(None, map(_source, _files())), "") or public("gem")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError("RubyGems' source is not an http(s) address; set :sources: in ~/.gemrc or GEMRC")
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    clean = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/", "", ""))
    return Endpoint("gem", clean, _authorization(url), PATHS)


def _files() -> list[Path]:
    named = [Path(one) for one in os.environ.get("GEMRC", "").split(os.pathsep) if one]
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gem" / "gemrc"
    return [*named, Path.home() / ".gemrc", configured, Path("/etc/gemrc")]


def _source(path: Path) -> str:
    """Read the first of `:sources:` (or `sources`) of a gemrc; empty where there is none."""
    import yaml  # noqa: PLC0415 - only who asks a registry needs it

    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            document = yaml.load(file.read(MAX_FILE), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return ""
    listed = document.get(":sources", document.get("sources")) if isinstance(document, dict) else None
    return next((one for one in listed if isinstance(one, str)), "") if isinstance(listed, list) else ""


def _authorization(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
