"""Reading a registry's pages under limits of size and time."""

import time
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct

from biopsy.errors import RegistryError
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

MAX_PAGE = 128 * 1024**2
"""Largest answer read, in bytes after decompression (the npm documents of some packages pass 50 MB)."""

DEADLINE = 120.0
"""Longest that one page may take, in seconds, however steadily it drips."""

TRIES = 3


class Page(Struct, frozen=True):
    """An answer that was read to its end. `url` is where it came from after redirects."""

    url: str
    status: int
    type: str  # media type, lower case, without parameters
    body: bytes


def get(client: "httpx.Client", endpoint: Endpoint, url: str, accept: str) -> Page:
    """Read one page; 404 and other refusals are pages too. RegistryError where there was no answer."""
    import httpx  # noqa: PLC0415 - a fifth of a second that what lies on the disk need not wait for

    for attempt in range(1, TRIES + 1):
        try:
            page = _once(client, endpoint, url, accept)
        except (httpx.TransportError, TimeoutError) as err:
            if attempt == TRIES:
                raise RegistryError(f"{endpoint.ecosystem} registry did not answer: {_say(err)}") from err
        except (httpx.HTTPError, httpx.InvalidURL) as err:
            raise RegistryError(f"{endpoint.ecosystem} registry: {_say(err)}") from err
        else:
            if page.status < 500 or attempt == TRIES:
                return page
        time.sleep(0.3 * attempt)
    raise AssertionError


def _once(client: "httpx.Client", endpoint: Endpoint, url: str, accept: str) -> Page:
    end = time.monotonic() + DEADLINE
    headers = {"accept": accept, **endpoint.headers(url)}
    with client.stream("GET", url, headers=headers) as response:
        body = bytearray()
        for chunk in response.iter_bytes(65536):
            body += chunk
            if len(body) > MAX_PAGE:
                raise RegistryError(f"answer larger than {MAX_PAGE >> 20} MiB: {url}")
            if time.monotonic() > end:
                raise TimeoutError(f"no end after {DEADLINE:.0f} s")
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Page(str(response.url), response.status_code, media, bytes(body))


def joined(base: str, url: str) -> str:
    """Give the address that a page at `base` means by `url`; empty where it is none (`http://[`)."""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def parts(url: str) -> SplitResult:
    """Take an address apart that a registry gives; without any part where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def mended(body: bytes) -> bytes:
    """Give JSON in which half characters became `\ufffd`: registries pass on what was published.

    RFC 8259 section 8.2 leaves such texts undefined, and decoders refuse the whole document for them. One
    release of a package must not hide all others.
    """
    return _HALF.sub(rb"\\ufffd", body)


_HALF = regex(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def _say(err: Exception) -> str:
    return f"{type(err).__name__}: {err}" if str(err) else type(err).__name__
