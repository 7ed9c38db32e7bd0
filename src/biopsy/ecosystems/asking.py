"""Where registries are and what they say: settings first, then the documented public address."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from biopsy.ecosystems import web
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

ABSENT = frozenset({404, 405, 410})
"""Statuses by which a registry says that there is no such package."""


def public(name: str) -> str:
    """Give the documented address of a public registry; RegistryError where none is known."""
    table = Path(__file__).parent / "feeds" / "public.tsv"
    for line in table.read_text("utf-8").splitlines():
        key, _, rest = line.partition("\t")
        if key == name:
            return rest.partition("\t")[0]
    raise RegistryError(f"no address is known of a registry of {name}; set one")


def address(ecosystem: str, url: str, hint: str) -> str:
    """Give the URL of a registry with a `/` at its end; RegistryError, with a hint, where it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError(f"the registry of {ecosystem} is no http(s) address; {hint}")
    return url.rstrip("/") + "/"


def body(client: "httpx.Client", endpoint: Endpoint, url: str, accept: str, about: str) -> bytes:
    """Read a page. UsageError where there is none, RegistryError where the registry answers otherwise."""
    page = web.get(client, endpoint, url, accept)
    if page.status in ABSENT:
        raise UsageError(f"the configured registry has no {about}")
    if page.status != 200:
        raise RegistryError(f"the configured registry answered {page.status} about {about}")
    return page.body


def document(client: "httpx.Client", endpoint: Endpoint, url: str, shape: Any, about: str) -> Any:
    """Read a page of JSON as a type; errors as `body` has them, RegistryError also for what does not fit."""
    data = body(client, endpoint, url, "application/json", about)
    try:
        try:
            return msgspec.json.decode(data, type=shape)
        except msgspec.DecodeError:
            return msgspec.json.decode(web.mended(data), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(
            f"the configured registry's answer about {about} cannot be read: {error}"
        ) from error


def perhaps(client: "httpx.Client", endpoint: Endpoint, url: str, accept: str = "*/*") -> bytes:
    """Read a page that need not be there; empty where it is not, or cannot be had."""
    try:
        page = web.get(client, endpoint, url, accept)
    except RegistryError:
        return b""
    return page.body if page.status == 200 else b""
