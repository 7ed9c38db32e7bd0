"""Where this machine's Maven looks for packages: the mirror of central in settings.xml."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

from biopsy.ecosystems import asking
from biopsy.model.elements import Element, parse
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

MAX_FILE = 1024**2
"""Largest settings.xml read, in bytes."""

_VARIABLE = regex(r"\$\{env\.(\w{1,100})\}")


def endpoint() -> Endpoint:
    """Give the mirror for `central`, with its server's user and password, else the public repository."""
    for path in _files():
        try:
            with path.open("rb") as file:
                held = parse(file.read(MAX_FILE))
        except OSError:
            continue
        if isinstance(held, Element) and (found := _mirror(held)):
            return found
    return Endpoint("maven", asking.public("maven"))


def _files() -> Iterator[Path]:
    yield Path.home() / ".m2" / "settings.xml"
    if home := os.environ.get("MAVEN_HOME") or os.environ.get("M2_HOME"):
        yield Path(home) / "conf" / "settings.xml"


def _mirror(held: Element) -> Endpoint | None:
    for one in held.all("mirrors", "mirror"):
        of = [part.strip() for part in one.say("mirrorOf").split(",")]
        url = _filled(one.say("url"))
        wanted = "!central" not in of and {"*", "central", "external:*"} & set(of)
        if wanted and url.startswith(("https://", "http://")):
            return Endpoint("maven", url.rstrip("/") + "/", _authorization(held, one.say("id")))
    return None


def _authorization(held: Element, mirror: str) -> str:
    """Give the password where it stands in the clear; `{…}` is encrypted, and Maven's alone to read."""
    for one in held.all("servers", "server"):
        user, password = _filled(one.say("username")), _filled(one.say("password"))
        if one.say("id") == mirror and user and password and not password.startswith("{"):
            return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return ""


def _filled(text: str) -> str:
    return _VARIABLE.sub(lambda match: os.environ.get(match[1], ""), text)
