"""`npm audit` and its like through the guard: what the registry says, and what our reports say."""

import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx
import msgspec

from biopsy.errors import BiopsyError, RegistryError
from biopsy.model.release import Endpoint
from biopsy.reports.query import QueryError
from biopsy.web.advisories import bulk, tree
from biopsy.web.guard.asked import Answer, Asked, RefusedError
from biopsy.web.guard.known import Knowledge
from biopsy.web.guard.upstream import Upstream
from biopsy.web.guard.upstream import unpacked as whole
from biopsy.web.packing import BadBody, unpacked

MAX_ANSWER = 32 * 1024**2
"""Largest answer of a registry that is added to, in bytes."""

_KINDS = {("advisories", "bulk"): bulk, ("audits",): tree, ("audits", "quick"): tree}


@dataclass(slots=True)
class Audits:
    """Answers of a registry's audit services with our reports in them; ours alone where it has none."""

    knowledge: Knowledge
    upstream: Upstream
    endpoint: Callable[[str], Awaitable[Endpoint]]
    reserved: Callable[[str], bool] = lambda _name: False

    async def answer(self, asked: Asked, path: tuple[str, ...]) -> Answer:
        """Answer what is asked at `/-/npm/v1/security/`; raises RefusedError."""
        kind = _KINDS.get(path)
        if kind is None:
            raise RefusedError(404, "the guard does not know this service of a registry")
        sent = await asked.body()
        try:
            plain = unpacked(sent, asked.headers.get("content-encoding", "identity").strip().lower())
            held: Any = msgspec.json.decode(plain)
            ours = self.knowledge.ask(lambda reader: kind(reader, held))
            public = msgspec.json.encode(self._public(path, held))
        except BadBody as error:
            raise RefusedError(error.status, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, QueryError, zlib.error) as error:
            raise RefusedError(400, f"no question of npm audit: {error}") from error
        theirs = await self._theirs(path, public)
        return Answer(200, msgspec.json.encode(merged(theirs, ours)), "application/json")

    def _public(self, path: tuple[str, ...], held: Any) -> Any:
        """What the registry may be asked: names that are one's own are none of its business."""
        if path == ("advisories", "bulk") and isinstance(held, dict):
            return {name: said for name, said in held.items() if not self.reserved(name)}
        return without(held, self.reserved)

    async def _theirs(self, path: tuple[str, ...], plain: bytes) -> Any:
        """What the registry says; None where it says nothing that can be added to."""
        try:
            endpoint = await self.endpoint("")
            url = f"{endpoint.url}-/npm/v1/security/{'/'.join(path)}"
            headers = {"content-type": "application/json", "accept": "application/json"}
            async with self.upstream.open(endpoint, url, headers, "POST", plain) as answer:
                if answer.status_code != 200:
                    return None
                return msgspec.json.decode(await whole(answer, MAX_ANSWER))
        except (BiopsyError, RegistryError, httpx.HTTPError, httpcore.ConnectError, TimeoutError):
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


def without(asked: Any, reserved: Callable[[str], bool]) -> Any:
    """A tree of dependencies without the names that are one's own, at any depth."""
    if not isinstance(asked, dict):
        return asked
    made = dict(asked)
    for key in ("requires", "dependencies"):
        if isinstance(held := asked.get(key), dict):
            made[key] = {name: without(said, reserved) for name, said in held.items() if not reserved(name)}
    return made


def merged(theirs: Any, ours: Any) -> Any:
    """Both answers in one; ours where the other is none, or has another form."""
    if ours is None:
        return theirs if isinstance(theirs, dict) else {}
    if not isinstance(theirs, dict):
        return ours
    if "metadata" not in ours:
        names = [*theirs, *ours]
        return {name: [*_list(theirs.get(name)), *_list(ours.get(name))] for name in names}
    advisories = {**_dict(theirs.get("advisories")), **ours["advisories"]}
    counts = _dict(_dict(theirs.get("metadata")).get("vulnerabilities"))
    critical = counts.get("critical")
    mine = ours["metadata"]["vulnerabilities"]["critical"]
    both = {**counts, "critical": (critical if isinstance(critical, int) else 0) + mine}
    metadata = {**ours["metadata"], **_dict(theirs.get("metadata")), "vulnerabilities": both}
    return {**theirs, "advisories": advisories, "metadata": metadata}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
