"""npm's advisories: in bulk (`npm audit`, yarn, bun), and for whole trees as older clients ask (pnpm)."""

from typing import Any

from litestar import Controller, Response, post

from biopsy.web import advisories, body
from biopsy.web.answers import encoded, told
from biopsy.web.store import Asked, Given


class Npm(Controller):
    """`/-/npm/v1/security`: what npm's clients ask a registry for."""

    path = "/-/npm/v1/security"
    tags = ("npm",)

    @post(
        "/advisories/bulk", status_code=200, summary="Advisories on packages",
        opt=told(dict[str, list[dict[str, Any]]], body=dict[str, list[str]]),
    )  # fmt: skip
    async def bulk(self, request: Asked, stores: Given) -> Response[Any]:
        """The body maps names to lists of versions; the answer maps those with reports to advisories."""
        asked = await body.read(request)
        return encoded(await stores.run(lambda reader: advisories.bulk(reader, asked, stores.shown)))

    @post(
        ["/audits", "/audits/quick"], status_code=200, summary="Advisories on a tree of dependencies",
        opt=told(dict[str, Any], body=dict[str, Any]),
    )  # fmt: skip
    async def audit(self, request: Asked, stores: Given) -> Response[Any]:
        """The body is a lock file as npm 6 has it; the answer what `npm audit --json` of it prints."""
        asked = await body.read(request)
        return encoded(await stores.run(lambda reader: advisories.tree(reader, asked, stores.shown)))
