"""Style, scripts and pictures: our own and the vendored ones, under addresses that hold their hash."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

FOREVER = "public, max-age=31536000, immutable"
"""What stands under an address with its hash never changes (RFC 8246)."""

_HERE = files("biopsy.web.site") / "assets"
_REPORT = files("biopsy.formats.page") / "template"
_FOLDERS = (_HERE / "vendor", _HERE / "site")
_KINDS = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
}
_FIRST = ("theme.js",)
"""Scripts that run before anything is painted; all others wait for the page."""


class Asset(Struct, frozen=True):
    """One file as it is served; `address` holds its hash."""

    name: str
    kind: str
    data: bytes
    digest: str

    @property
    def address(self) -> str:
        """Where it is."""
        stem, _, ending = self.name.rpartition(".")
        return f"/assets/{stem}.{self.digest}.{ending}"


@cache
def assets() -> dict[str, Asset]:
    """Every file there is, by name: vendored ones, those of the report page, our own."""
    found = [one for folder in _FOLDERS for one in sorted(folder.iterdir(), key=lambda one: one.name)]
    found += [_REPORT / "report.css", _REPORT / "report.js"]
    made = {}
    for one in found:
        kind = _KINDS.get(one.name.rpartition(".")[2])
        if kind and one.is_file():
            data = one.read_bytes()
            made[one.name] = Asset(one.name, kind, data, hashlib.sha256(data).hexdigest()[:16])
    return made


@cache
def styles() -> tuple[str, ...]:
    """The addresses of all sheets of style: the report page's first, since ours build on it."""
    named = [one for name, one in assets().items() if name.endswith(".css") and name != "report.css"]
    return (assets()["report.css"].address, *(one.address for one in named))


@cache
def scripts() -> tuple[str, ...]:
    """The addresses of all scripts that every page waits for none of."""
    left_out = {"report.js", *_FIRST}
    return tuple(
        one.address for name, one in assets().items() if name.endswith(".js") and name not in left_out
    )


def address(name: str) -> str:
    """Where an asset is served; KeyError where there is none of that name."""
    return assets()[name].address


@cache
def _by_address() -> dict[str, Asset]:
    return {one.address.rpartition("/")[2]: one for one in assets().values()}


@get("/assets/{word:str}", include_in_schema=False, sync_to_thread=False)
def asset(word: FromPath[str]) -> Response[Any]:
    """Give one file, by its name with the hash in it."""
    found = _by_address().get(word)
    if found is None:
        raise NotFoundException
    headers = {"cache-control": FOREVER, "etag": f'"{found.digest}"'}
    return Response(found.data, media_type=found.kind, headers=headers)
