"""Where this machine's NuGet looks for packages: the sources of its NuGet.Config files."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

from biopsy.ecosystems import asking
from biopsy.model.elements import Element, parse
from biopsy.model.release import Endpoint

MAX_FILE = 1024**2
"""Largest NuGet.Config read, in bytes."""

_NAMES = ("nuget.config", "NuGet.config", "NuGet.Config")


def endpoint() -> Endpoint:
    """Give the first source that is enabled and an address; the nearest file goes before the user's."""
    for path in _files():
        try:
            with path.open("rb") as file:
                held = parse(file.read(MAX_FILE))
        except OSError:
            continue
        if isinstance(held, Element) and (found := _source(held)):
            return found
    return Endpoint("nuget", asking.public("nuget"))


def _files() -> Iterator[Path]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        yield from (folder / name for name in _NAMES)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    yield from (Path.home() / ".nuget/NuGet/NuGet.Config", home / "NuGet/NuGet.Config")
    if appdata := os.environ.get("APPDATA"):
        yield Path(appdata) / "NuGet/NuGet.Config"


def _source(held: Element) -> Endpoint | None:
    off = {
        one.attributes.get("key", "")
        for one in held.all("disabledPackageSources", "add")
        if one.attributes.get("value", "").lower() == "true"
    }
    for one in held.all("packageSources", "add"):
        key, url = one.attributes.get("key", ""), one.attributes.get("value", "")
        if key not in off and url.startswith(("https://", "http://")):
            return Endpoint("nuget", url, _authorization(held, key))
    return None


def _authorization(held: Element, key: str) -> str:
    """Give what the file says in the clear; what it keeps encrypted is for Windows alone to read."""
    wanted = key.replace(" ", "_x0020_")
    for section in held.first("packageSourceCredentials").children:
        if section.name == wanted:
            given = {
                one.attributes.get("key", ""): one.attributes.get("value", "") for one in section.children
            }
            user, password = given.get("Username", ""), given.get("ClearTextPassword", "")
            password = os.environ.get(password.strip("%"), "") if password[:1] == "%" else password
            if user and password:
                return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return ""
