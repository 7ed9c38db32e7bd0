"""What the registry gateway may fetch: a short list, asked on both sides of its socket."""

import contextlib
import html
import re
from collections.abc import Iterable
from urllib.parse import unquote, urljoin, urlsplit

from biopsy.model.release import Endpoint

MAX_URL = 1024
"""Longest URL that is forwarded, in characters."""
MAX_LINKS = 200_000
"""Links of earlier answers that are remembered in a run."""
MAX_ROOTS = 16
"""Places beside a registry's own where its files lie that are remembered in a run."""
MAX_LINKING = 64 * 1024**2
"""Longest answer, in bytes, whose links are read."""

_PLAIN = re.compile(r"https?://[A-Za-z0-9.\-]+(?::\d{1,5})?/[A-Za-z0-9._~!$&'()*+,;=:@%/\-]*(?:\?[!-~]*)?")
_ACCEPTED = r"\*/\*|text/(?:html|plain)|application/(?:json|octet-stream|xml|gzip|zip)"


def origin(url: str) -> str:
    """`scheme://host[:port]`, in lower case and without a port that the scheme implies."""
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower().removesuffix(port)}"


class Allowed:
    """The fetches that an install needs, and nothing else. Grows by the links of what was fetched."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        """Begin with the paths that `endpoints` name."""
        self._endpoints = tuple(endpoints)
        self._links: set[str] = set()
        self._roots: dict[str, Endpoint] = {}
        self._origins = {origin(endpoint.url) for endpoint in self._endpoints}
        kinds = filter(None, (_ACCEPTED, *(endpoint.accepts for endpoint in self._endpoints)))
        self._kinds = re.compile("|".join(dict.fromkeys(kinds)))

    def accept(self, header: str) -> str:
        """The media types of an Accept header that registries know, unweighted; the rest stays behind."""
        kinds = (part.partition(";")[0].strip() for part in header[:MAX_URL].split(","))
        return ", ".join(dict.fromkeys(kind for kind in kinds if self._kinds.fullmatch(kind))) or "*/*"

    def knows(self, url: str) -> bool:
        """Whether `url` is on a host of which something may be fetched."""
        try:
            return origin(url) in self._origins
        except ValueError:  # not a URL
            return False

    def refuse(self, method: str, url: str) -> str:
        """Why this must not be fetched, or nothing."""
        if method not in ("GET", "HEAD"):
            return "only reading is allowed"
        if len(url) > MAX_URL or not _PLAIN.fullmatch(url):
            return "not a plain URL"
        if {".", ".."} & set(unquote(urlsplit(url).path).split("/")):
            return "not a plain path"
        # An index that offers a file's metadata has it beside the file, under this one name (PEP 658).
        if url in self._links or url.removesuffix(".metadata") in self._links or self._endpoint(url):
            return ""
        if any(_below(root, url, endpoint) for root, endpoint in self._roots.items()):
            return ""
        return "neither a path of the registry nor a link from one"

    def _endpoint(self, url: str) -> Endpoint | None:
        for endpoint in self._endpoints:
            if origin(url) != origin(endpoint.url):
                continue
            below = urlsplit(endpoint.url).path
            path = url[len(urlsplit(url)[0]) + 3 :].partition("/")[2]
            if not f"/{path}".startswith(below):
                continue
            rest = f"/{path}"[len(below) :]
            if any(re.fullmatch(pattern, rest) for pattern in endpoint.paths):
                return endpoint
        return None

    def learn(self, url: str, body: bytes) -> None:
        """Remember what an answer links to, if `url` is a path of a registry (not itself a link)."""
        endpoint = self._endpoint(url)
        if endpoint is None or not (endpoint.links or endpoint.roots) or len(body) > MAX_LINKING:
            return
        text = body.decode("utf-8", "replace")
        if endpoint.roots and (match := re.search(endpoint.roots, text)):
            self._root(urljoin(url, match[1]), endpoint)
        for match in re.finditer(endpoint.links, text) if endpoint.links else ():
            if len(self._links) >= MAX_LINKS:
                return
            try:
                link = html.unescape(match[1].replace("\\/", "/")).partition("#")[0]  # JSON may write it so
                link = link if link.startswith(("https://", "http://")) else urljoin(url, link)
                if len(link) <= MAX_URL and _PLAIN.fullmatch(link):
                    self._links.add(link)
                    self._origins.add(origin(link))
            except ValueError:  # not a URL after all
                continue

    def _root(self, root: str, endpoint: Endpoint) -> None:
        with contextlib.suppress(ValueError):  # not a URL after all
            if len(self._roots) < MAX_ROOTS and len(root) <= MAX_URL and _PLAIN.fullmatch(root + "/"):
                self._roots[root.rstrip("/") + "/"] = endpoint
                self._origins.add(origin(root))


def _below(root: str, url: str, endpoint: Endpoint) -> bool:
    """Whether `url` is below a root, by one of the endpoint's paths."""
    if not url.startswith(root):
        return False
    return any(re.fullmatch(pattern, url[len(root) :]) for pattern in endpoint.paths)
