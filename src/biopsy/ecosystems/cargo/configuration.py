"""Where this machine's own Cargo looks for crates: its configuration, else the public index.

https://doc.rust-lang.org/cargo/reference/source-replacement.html
"""

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from biopsy.ecosystems import asking
from biopsy.ecosystems.cargo.package import table, text
from biopsy.model.release import Endpoint

DEFAULT = "https://index.crates.io/"
"""The sparse index that Cargo asks when nobody configured anything."""

PATHS = (
    r"config\.json",
    r"(?:[12]|3/[a-z0-9_-]|[a-z0-9_-]{2}/[a-z0-9_-]{2})/[a-z0-9_-]{1,64}",
    r"(?:[A-Za-z0-9_.+-]+/){0,6}[A-Za-z0-9_.+-]+(?:/download|\.crate)",
)
"""Below an index, an install reads its configuration and a file for each crate; below `dl`, the crates."""

ROOTS = r'"dl"\s*:\s*"(https?://[^"{}\s]*?)(?:/?"|/[^"/{}\s]*\{)'
"""In the index's configuration, where crates are downloaded from, up to the first of its markers."""

MAX_FILE = 1024 * 1024
"""Longest configuration file that is read, in bytes."""

_HINT = "set [source.crates-io] replace-with in Cargo's config.toml to a sparse index"


@cache
def endpoint() -> Endpoint:
    """Give the index that stands for crates.io in Cargo's configuration for this user; CARGO_HOME is heeded.

    A replacement that is no sparse index (a folder, a git repository) cannot be asked: RegistryError.
    """
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    config = _read(home / "config.toml") or _read(home / "config")
    url, name = _replaced(config)
    clean = asking.address("Rust crates", url.removeprefix("sparse+"), _HINT)
    return Endpoint("cargo", clean, _token(home, config, name, url), PATHS, roots=ROOTS)


def _replaced(config: dict[str, Any]) -> tuple[str, str]:
    """Follow the replacements of crates-io; give the last one's address and name."""
    sources, name, url = table(config, "source"), "crates-io", DEFAULT
    for _ in range(8):
        replacement = text(table(sources, name).get("replace-with"))
        if not replacement:
            break
        name = replacement
        own = text(table(sources, name).get("registry"))
        url = own or text(table(table(config, "registries"), name).get("index")) or url
    return url, name


def _token(home: Path, config: dict[str, Any], name: str, url: str) -> str:
    """Give the token of a private registry, which Cargo sends as it is; crates.io wants none for reading."""
    if url == DEFAULT:
        return ""
    secret = _read(home / "credentials.toml") or _read(home / "credentials")
    registries = table(config, "registries")
    names = [name, *(each for each in registries if text(table(registries, each).get("index")) == url)]
    for each in dict.fromkeys(names):
        variable = f"CARGO_REGISTRIES_{each.upper().replace('-', '_')}_TOKEN"
        if token := os.environ.get(variable) or text(table(table(secret, "registries"), each).get("token")):
            return token
    return ""


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE:
            return {}
        return tomllib.loads(path.read_text("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
