"""Asking a registry for a page of a feed: once, under limits, with what it said the last time."""

import email.utils
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 96 * 1024**2
"""Largest answer read, in bytes after decompression: 50,000 rows of a changelog are a quarter of it."""

MAX_VALIDATOR = 1000
"""Longest ETag or Last-Modified that is sent back, in characters."""

DEADLINE = 120.0
"""Longest that one answer may take, in seconds, however steadily it drips."""

BUSY = 60.0
"""Seconds to leave a registry alone that says it is busy, but not for how long."""

MAX_WAIT = 24 * 3600.0
"""Longest that a Retry-After is believed, in seconds."""


class Busy(RegistryError):  # noqa: N818 - it reads as what it says
    """The registry asks to be left alone for `after` seconds."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


class Answer(Struct, frozen=True):
    """An answer that was read to its end. `now` is the registry's clock in seconds of Unix time, or ours."""

    status: int
    body: bytes
    url: str
    now: float
    headers: dict[str, str] = {}


class Talk:
    """One poll's conversation with one registry.

    `validators` are those of the poll before; `kept` are those for the next: an answer's own once `keep` was
    called for it, until then the old.
    """

    def __init__(self, client: "httpx.Client", endpoint: Endpoint, validators: Mapping[str, str]) -> None:
        self.client = client
        self.endpoint = endpoint
        self.validators = validators
        self.kept = dict(validators)
        self._given: dict[str, dict[str, str]] = {}
        self.now = 0.0
        self.answers = 0

    def ask(
        self,
        path: str,
        *,
        accept: str = "application/json",
        key: str = "",
        conditional: bool = True,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for what is at `path` below the endpoint, or at an address on the same host.

        With a `key` the request is `conditional` where it was answered before, and a 304 may come. Busy:
        429, or 503 with a Retry-After. RegistryError: no answer, one that is too large or too slow, or
        another 5xx.
        """
        import httpx  # noqa: PLC0415 - a fifth of a second that a command which asks nobody need not wait

        url = path if path.startswith(("http://", "https://")) else self.endpoint.url + path
        if origin(url) != origin(self.endpoint.url):  # an answer must not send us to somebody's inner network
            raise RegistryError(f"{self.endpoint.ecosystem} registry points elsewhere: {url:.100}")
        try:
            answer = self._read(
                url,
                {"accept": accept, **(headers or {}), **self._conditions(key if conditional else "")},
                body,
            )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as err:
            said = f"{type(err).__name__}: {err}" if str(err) else type(err).__name__
            raise RegistryError(f"{self.endpoint.ecosystem} registry did not answer: {said}") from err
        self.now, self.answers = answer.now, self.answers + 1
        retry = answer.headers.get("retry-after", "")
        if answer.status == 429 or (answer.status == 503 and retry):
            after = waiting(retry, answer.now)
            raise Busy(f"{self.endpoint.ecosystem} registry is busy ({answer.status})", after)
        if answer.status >= 500:
            raise RegistryError(f"{self.endpoint.ecosystem} registry answered {answer.status}")
        if key and answer.status in (200, 206):
            self._given[key] = answer.headers
        return answer

    def _conditions(self, key: str) -> dict[str, str]:
        if not key:
            return {}
        known = {
            "if-none-match": self.validators.get(f"{key} etag", ""),
            "if-modified-since": self.validators.get(f"{key} modified", ""),
        }
        return {name: value for name, value in known.items() if value}

    def keep(self, key: str) -> None:
        """Remember the validators of the last answer of that key, now that all of it was understood.

        Not before: an answer that was cut or garbled has good validators too, and would never come again.
        """
        headers = self._given.pop(key, None)
        for word, header in (("etag", "etag"), ("modified", "last-modified")):
            if headers is None:
                return
            value = headers.get(header, "")
            if value and len(value) <= MAX_VALIDATOR and value.isprintable():
                self.kept[f"{key} {word}"] = value
            else:
                self.kept.pop(f"{key} {word}", None)

    def _read(self, url: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
        end = time.monotonic() + DEADLINE
        method = "GET" if content is None else "POST"
        more = {"content-type": "text/xml"} if content is not None else {}
        every = {**headers, **more, **self.endpoint.headers(url)}
        with self.client.stream(method, url, headers=every, content=content) as response:
            body = bytearray()
            for chunk in response.iter_bytes(65536):
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise RegistryError(f"answer larger than {MAX_ANSWER >> 20} MiB: {url}")
                if time.monotonic() > end:
                    raise TimeoutError(f"no end after {DEADLINE:.0f} s")
            lower = {k.lower(): v for k, v in response.headers.items()}
        now = _date(lower.get("date", ""))
        return Answer(
            response.status_code, bytes(body), str(response.url), time.time() if now is None else now, lower
        )


def origin(url: str) -> tuple[str, str]:
    """Give the scheme and the host with its port; RegistryError where an address has none."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port or ''}"
    except ValueError as err:
        raise RegistryError(f"not an address: {url!r:.100}") from err
    return parts.scheme, host


def waiting(retry: str, now: float) -> float:
    """Read Retry-After (RFC 9110, 10.2.3): seconds, or a date by the registry's clock."""
    try:
        seconds = float(retry)
    except ValueError:
        date = _date(retry)
        seconds = BUSY if date is None else date - now
    return min(max(seconds, 1.0), MAX_WAIT) if math.isfinite(seconds) else BUSY


def _date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def stamp(seconds: float) -> str:
    """Write a time as RFC 3339 in UTC, to the microsecond; empty for what no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""


def moment(text: object) -> float | None:
    """Read RFC 3339, or the date of a mail or an RSS entry; without a zone UTC is meant. None: no time."""
    if not isinstance(text, str) or not 8 <= len(text) <= 64:
        return None
    try:
        when = datetime.fromisoformat(_digits(text))
    except ValueError:
        return _date(text)
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _digits(text: str) -> str:
    """Cut a fraction to the six digits that Python reads: .NET writes seven, Go nine."""
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[: min(digits, 6)].ljust(6, '0')}{rest[digits:]}" if dot and digits else text
